"""From the catalog to a model of one's own, with the command line and with the official client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hub
from tests.language import models
from tests.running import RunningServer, running

ROOT = Path(__file__).parents[2]
SUITE = Path(__file__).parent / "catalog_suite.py"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose hub has a small model under the name of a well-known one."""
    made = models.make_models(tmp_path_factory.mktemp("models"))
    hubs = tmp_path_factory.mktemp("hub")
    shutil.copytree(made / "chat", hubs / MODEL)
    home = tmp_path_factory.mktemp("home")
    models.bring_environment(home / "environments")
    with pytest.MonkeyPatch.context() as patch, hub.serving(hubs) as found:
        patch.setenv("HF_ENDPOINT", found.url)
        patch.setenv("OMP_NUM_THREADS", "1")
        with running(home) as started:
            yield started


@pytest.mark.slow
def test_the_example_does_all_that_it_says(server):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "SMALT_HOME": str(server.home), "PATH": path, "PYTHON": models.language_python()}

    done = subprocess.run(
        [ROOT / "examples" / "catalog" / "run.sh"], capture_output=True, text=True, env=environment, timeout=400
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert '"smol-of-smalt"' in done.stdout
    losses = metrics(server, "smol-of-smalt")
    assert losses["eval_loss"] < losses["first loss"]


def metrics(server: RunningServer, model: str) -> dict[str, float]:
    """What the training of a model has told: its first loss, and the last on held-out data."""
    job = json.loads(server.smalt("model", "show", "-n", model, "--version", "1"))["job_name"]
    log = server.home / "logs"
    shown = server.smalt("job", "show", "-n", f"{job}_pipeline_finetune", "--query", "status")
    assert "Completed" in shown, log
    target = server.home / "downloaded"
    server.smalt("job", "download", "-n", f"{job}_pipeline_finetune", "--all", "--download-path", str(target))
    text = "".join(path.read_text() for path in target.rglob("std_log.txt"))
    steps = [line for line in text.splitlines() if line.startswith("step ")]
    first = next(line for line in steps if " loss " in line)
    last = [line for line in steps if "eval_loss" in line][-1]
    return {"first loss": _value(first, "loss"), "eval_loss": _value(last, "eval_loss")}


def _value(line: str, name: str) -> float:
    return float(line.partition(f"{name} ")[2].partition(",")[0])


@pytest.mark.slow
@pytest.mark.client
def test_the_official_client_serves_and_trains(server, tmp_path):
    python = os.environ.get("SMALT_CLIENTS_PYTHON") or str(ROOT / ".venv-clients" / "bin" / "python")
    server.smalt("catalog", "import-model", "-n", "SmolLM2-135M-Instruct", "--stream")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW", "PYTEST", "SMALT"))
    }
    kept |= server.exports | {"HOME": str(tmp_path), "DATA": str(ROOT / "examples" / "catalog")}
    kept |= {"AZUREML_RUN_POLLING_INTERVAL_MIN": "1", "AZUREML_RUN_POLLING_INTERVAL_MAX": "2"}

    done = subprocess.run(
        [python, "-m", "pytest", str(SUITE), "-q", "-p", "no:cacheprovider", "-W", "ignore", "--no-header",
         "--confcutdir", str(SUITE.parent), "--rootdir", str(SUITE.parent), "-c", "/dev/null"],
        capture_output=True, text=True, env=kept, cwd=tmp_path, timeout=400,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
