"""A shell script written for `az` runs as it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.running import running

SCRIPT = Path(__file__).parents[2] / "examples" / "az-cli" / "run.sh"


@pytest.mark.slow
def test_a_whole_az_script_runs_from_sign_in_to_a_registered_model(tmp_path):
    with running(tmp_path / "home") as server:
        exports = server.smalt("env", "--az")
        done = subprocess.run(
            ["bash", "-c", f"{exports}\nbash {SCRIPT}"],
            capture_output=True,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "SMALT"))}
            | {"TMPDIR": str(tmp_path)},
        )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "round 2: mean" in done.stdout
    assert "job ended as Completed" in done.stdout
    assert "mlflow_model\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("done: petals:1 from ")
