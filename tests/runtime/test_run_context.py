"""Scripts of the first SDK generation inside jobs: `from azureml.core import Run`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import smalt.runtime

SHIMS = Path(smalt.runtime.__file__).parent / "shims"


class Tracking:
    """Remembers what it is told, and gives one run back."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict]] = []
        self.tags = {"mlflow.parentRunId": "the-parent"}
        self.url = ""


@pytest.fixture
def tracking() -> Iterator[Tracking]:
    tracking = Tracking()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def answer(self, document: dict) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            assert self.headers["Authorization"] == "Bearer t"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            tracking.told.append((self.path.removeprefix("/api/2.0/mlflow/"), body))
            self.answer({})

        def do_GET(self) -> None:
            tags = [{"key": key, "value": value} for key, value in tracking.tags.items()]
            metrics = [{"key": "loss", "value": 0.5}]
            self.answer({"run": {"info": {"status": "RUNNING"}, "data": {"tags": tags, "metrics": metrics}}})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tracking.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield tracking
    server.shutdown()
    thread.join()
    server.server_close()


def run_script(script: str, *, path: str = str(SHIMS), cwd: Path | None = None, **variables: str) -> str:
    """Run a script as a job would; what it prints."""
    command = [sys.executable, "-S", "-c", script]
    environment = {"PYTHONPATH": path, **variables}
    return subprocess.run(
        command, env=environment, cwd=cwd, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def in_job(tracking: Tracking, artifacts: Path) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": tracking.url,
        "MLFLOW_TRACKING_TOKEN": "t",
        "MLFLOW_RUN_ID": "the-job",
        "MLFLOW_EXPERIMENT_NAME": "exp",
        "AZUREML_ARM_WORKSPACE_NAME": "ws",
        "AZUREML_ARM_RESOURCEGROUP": "rg",
        "AZUREML_ARM_SUBSCRIPTION": "sub",
        "SMALT_ARTIFACTS": str(artifacts),
    }


def test_the_context_names_run_experiment_and_workspace(tracking, tmp_path):
    script = (
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "ws = run.experiment.workspace\n"
        "print(run.id, run.experiment.name, ws.name, ws.resource_group, ws.subscription_id, run.parent.id)\n"
        "print(ws.get_mlflow_tracking_uri(), run.get_metrics(), run.get_status())\n"
    )

    printed = run_script(script, **in_job(tracking, tmp_path))

    assert printed == f"the-job exp ws rg sub the-parent\n{tracking.url} {{'loss': 0.5}} RUNNING\n"


def test_metrics_and_tags_reach_tracking(tracking, tmp_path):
    script = (
        "from azureml.core.run import Run\n"
        "run = Run.get_context()\n"
        "run.log('acc', 0.5); run.log_list('loss', [2, 1]); run.log_row('r', x=1); run.log('note', 'text')\n"
        "run.tag('k', 'v'); run.complete()\n"
    )

    run_script(script, **in_job(tracking, tmp_path))

    metrics = [(body["key"], body["value"], body["step"]) for verb, body in tracking.told if verb == "runs/log-metric"]
    tags = [(body["key"], body["value"]) for verb, body in tracking.told if verb == "runs/set-tag"]
    assert metrics == [("acc", 0.5, 0), ("loss", 2.0, 0), ("loss", 1.0, 1), ("r.x", 1.0, 0)]
    assert tags == [("note", "text"), ("k", "v")]
    assert {body["run_id"] for _, body in tracking.told} == {"the-job"}


def test_files_become_artifacts_and_nothing_leads_out(tracking, tmp_path):
    script = (
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "open('model.txt', 'w').write('m')\n"
        "run.upload_file('outputs/model.txt', 'model.txt'); run.log_table('t', {'a': [1]})\n"
        "try: run.upload_file('../x', 'model.txt')\n"
        "except ValueError: print('refused')\n"
    )
    artifacts = tmp_path / "artifacts"

    printed = run_script(script, cwd=tmp_path, **in_job(tracking, artifacts))

    assert (artifacts / "outputs" / "model.txt").read_text() == "m"
    assert json.loads((artifacts / "t.json").read_text()) == {"a": [1]}
    assert printed == "refused\n"


def test_outside_a_job_the_run_is_offline():
    script = "from azureml.core import Run\nrun = Run.get_context()\nprint(run.id[:10]); run.log('a', 1)"

    assert run_script(script) == "OfflineRun\nAttempted to log scalar metric a: 1.0\n"


@pytest.mark.parametrize("start", ["", "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"])
def test_an_installed_azureml_mlflow_is_not_hidden(tmp_path, start):
    package = tmp_path / "azureml"
    (package / "mlflow").mkdir(parents=True)
    (package / "mlflow" / "__init__.py").write_text("here = True\n")
    if start:
        (package / "__init__.py").write_text(start)

    printed = run_script(
        "import azureml.mlflow, azureml.core.run\nprint(azureml.mlflow.here)", path=f"{SHIMS}:{tmp_path}"
    )

    assert printed == "True\n"


def test_an_environment_with_its_own_azureml_core_keeps_it(tmp_path):
    from smalt.runtime.workplace import _has_azureml_core

    (tmp_path / "lib" / "python3.10" / "site-packages" / "azureml" / "core").mkdir(parents=True)

    assert _has_azureml_core([None, str(tmp_path)])
    assert not _has_azureml_core([None, str(tmp_path / "other")])
