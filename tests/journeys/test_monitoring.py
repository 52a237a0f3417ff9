"""The example of a monitor, as it says: trained, deployed, monitored, found to drift, trained anew and deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import running

SCRIPT = Path(__file__).parents[2] / "examples" / "monitoring" / "run.sh"


@pytest.mark.slow
def test_a_drift_is_found_and_answered_with_the_next_version(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    with running(tmp_path / "home") as server:
        environment = {**os.environ, "SMALT_HOME": str(server.home), "PATH": path}
        done = subprocess.run(["sh", str(SCRIPT)], capture_output=True, text=True, env=environment)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "As they were: measures: healthy, quality: healthy, attribution: healthy" in done.stdout
    assert "Grown: measures: breached, quality: healthy" in done.stdout
    assert "petal_length  normalized_wasserstein_distance" in done.stdout
    assert "models/iris/versions/2" in done.stdout.splitlines()[-1]
