"""Microsoft's and MLflow's own clients, unmodified, against a real server: each suite runs in their environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SUITES = sorted((Path(__file__).parent / "suites").glob("*_suite.py"))


@pytest.mark.client
@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_official_client(suite, server, clients_python, tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW", "PYTEST", "SMALT"))
    }
    environment |= server.exports | {"HOME": str(tmp_path)}
    # Streaming asks ever more seldom otherwise, up to once a minute.
    environment |= {"AZUREML_RUN_POLLING_INTERVAL_MIN": "1", "AZUREML_RUN_POLLING_INTERVAL_MAX": "2"}

    done = subprocess.run(
        [clients_python, "-m", "pytest", str(suite), "-q", "-p", "no:cacheprovider", "-W", "ignore", "--no-header",
         "--confcutdir", str(suite.parent), "--rootdir", str(suite.parent), "-c", "/dev/null",
         "--basetemp", str(tmp_path / "work")],
        capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-3000:]
