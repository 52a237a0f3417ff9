"""Environments and models that deployments are made of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def scoring_python() -> str:
    """The interpreter that has Azure's packages for scoring scripts and MLflow; `make test` prepares it."""
    found = os.environ.get("SMALT_SCORING_PYTHON") or str(ROOT / ".venv-scoring" / "bin" / "python")
    if not Path(found).exists():
        pytest.fail(f"No interpreter with the packages of deployments at {found}. Run the tests with: make test")
    return found


@pytest.fixture(scope="session")
def models(scoring_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of MLflow models, made by MLflow itself."""
    folder = tmp_path_factory.mktemp("models")
    made = subprocess.run(
        [scoring_python, str(Path(__file__).parent / "make_models.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return folder
