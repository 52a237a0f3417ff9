"""A real server, and the official clients in an environment of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`smalt up`, and what `smalt env` prints."""
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="session")
def clients_python() -> str:
    """The interpreter that has the official clients; `make test` prepares it."""
    found = os.environ.get("SMALT_CLIENTS_PYTHON") or str(ROOT / ".venv-clients" / "bin" / "python")
    if not Path(found).exists():
        pytest.fail(f"No interpreter with the official clients at {found}. Run the tests with: make test")
    return found
