"""The example on a real server, by the command line and by Azure's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "responsible-ai"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("responsible") / "home") as started:
        yield started


@pytest.mark.slow
def test_the_example_leaves_a_scorecard_and_a_dashboard_of_its_model(server, tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "SMALT_HOME": str(server.home), "PATH": path}

    done = subprocess.run([EXAMPLE / "run.sh", tmp_path], capture_output=True, text=True, env=environment, timeout=900)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert next(tmp_path.rglob("scorecard.pdf")).read_bytes().startswith(b"%PDF")


@pytest.mark.slow
@pytest.mark.client
def test_the_official_client_submits_it_and_brings_the_dashboard(server, tmp_path):
    python = os.environ.get("SMALT_CLIENTS_PYTHON") or str(ROOT / ".venv-clients" / "bin" / "python")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW"))}

    done = subprocess.run(
        [python, "download.py", tmp_path],
        capture_output=True,
        text=True,
        env={**environment, **server.exports},
        cwd=EXAMPLE,
        timeout=900,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    dashboard = json.loads(next(tmp_path.rglob("dashboard.json")).read_text())
    assert all(dashboard[part] for part in ("errorAnalysisData", "causalAnalysisData", "counterfactualData"))
    assert next(tmp_path.rglob("scorecard.html")).is_file()
