"""What runs in the user's process is read by every Python that a user may have."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import smalt.runtime

RUNTIME = Path(smalt.runtime.__file__).parent
OLDEST = (3, 7)


@pytest.mark.parametrize("path", sorted(RUNTIME.rglob("*.py")), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_the_runtime_has_the_syntax_of_the_oldest_python(path):
    ast.parse(path.read_text(), feature_version=OLDEST)
