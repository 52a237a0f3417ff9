"""What the README promises on its first screen, done as it says."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "home"
    yield folder
    run(sys.executable, "-m", "smalt.cli.main", "down", "--home", str(folder))


@pytest.mark.slow
def test_the_demo_trains_serves_and_runs_a_pipeline_and_a_flow_and_is_quick_the_second_time(home):
    first = run(sys.executable, "examples/demo/demo.py", "--home", str(home))
    second = run(sys.executable, "examples/demo/demo.py", "--home", str(home))

    for told in (
        "test_accuracy 0.98",
        "azureml:breast-cancer:1",
        "azureml:diagnosis:1",
        "lineage   data/breast-cancer:1",
        "(Completed), 3 steps, 0 reused",
        "letters:1, 12 of 12 lines, accuracy 1.00: Biopsy 245 looks benign.",
    ):
        assert told in first
    assert "azureml:diagnosis:2" in second
    assert "(Completed), 3 steps, 3 reused" in second
    assert "built once" not in second


@pytest.mark.slow
@pytest.mark.client
def test_the_official_sdk_trains_the_same_model_with_its_own_script(home, tmp_path):
    clients = os.environ.get("SMALT_CLIENTS_PYTHON") or str(ROOT / ".venv-clients/bin/python")
    exports = run(sys.executable, "-m", "smalt.cli.main", "env", "--home", str(home)).splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in exports)
    environment = {name: shlex.split(value)[0] for name, _, value in pairs}

    told = run(clients, "examples/official-sdk/train.py", **environment, TMPDIR=str(tmp_path))

    assert "JobStatus.COMPLETED" in told
    assert "model diagnosis-sdk:1, flavors ['python_function', 'sklearn']" in told
