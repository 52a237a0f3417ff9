"""The example of notebooks, run as a person runs it, on a server that is killed in between."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebooks"
ENVIRONMENT = ("--environment", "azureml:notebook@latest")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("notebooks") / "home") as found:
        found.smalt("environment", "create", "-f", str(EXAMPLE / "environment.yml"))
        yield found
        # Sessions outlive the server, so whoever began one ends it.
        for session in json.loads(found.smalt("notebook", "session", "list")):
            found.smalt("notebook", "session", "stop", "-n", session["name"])
            found.smalt("job", "stream", "-n", session["name"])


def test_a_notebook_of_this_machine_runs_as_a_job_and_logs_into_its_run(server: RunningServer) -> None:
    path = str(EXAMPLE / "train.ipynb")

    server.smalt("notebook", "run", path, "--parameters", "rate=0.2", *ENVIRONMENT, "--stream", "--display-name", "t")

    (job,) = json.loads(server.smalt("job", "list"))
    assert (job["status"], job["experiment_name"]) == ("Completed", "train")
    log = server.smalt("job", "stream", "-n", job["name"])
    assert "weight 3.0000 after 40 steps" in log


def test_a_kernel_survives_the_death_of_the_server_and_goes_on(server: RunningServer) -> None:
    server.smalt("notebook", "upload", "--source", str(EXAMPLE), "--path", "Users/me/training")
    session = _session(server)
    server.smalt("notebook", "session", "execute", "-n", session, "--code", "kept = 41")

    _kill(server)
    state = server.state
    server.smalt(
        "up", "--detach", "--port", state["url"].rpartition(":")[2], "--tls-port", state["tls_url"].rpartition(":")[2]
    )

    answer = json.loads(server.smalt("notebook", "session", "execute", "-n", session, "--code", "kept + 1"))
    assert answer["outputs"][0]["data"]["text/plain"] == "42"


def test_clients_in_a_kernel_need_no_setting(server: RunningServer) -> None:
    session = _session(server)
    code = (
        "import json, os, urllib.request, mlflow\n"
        "with mlflow.start_run(run_name='by hand'): mlflow.log_metric('x', 1)\n"
        "asked = urllib.request.Request(os.environ['MSI_ENDPOINT'] + '?resource=https://management.azure.com',"
        " headers={'secret': os.environ['MSI_SECRET']})\n"
        "token = json.load(urllib.request.urlopen(asked))['access_token']\n"
        "place = json.load(open('../../../.azureml/config.json'))\n"
        "print(len(mlflow.search_runs(search_all_experiments=True, output_format='list')), token.count('.'),"
        " place['workspace_name'])"
    )

    answer = json.loads(server.smalt("notebook", "session", "execute", "-n", session, "--code", code))

    assert answer["status"] == "ok", answer
    assert "".join(each.get("text", "") for each in answer["outputs"]).endswith("2 default\n")


def _session(server: RunningServer) -> str:
    """The session of the uploaded notebook, once its kernel answers."""
    path = "Users/me/training/train.ipynb"
    name = str(json.loads(server.smalt("notebook", "session", "start", "--path", path, *ENVIRONMENT))["name"])
    for _ in range(600):
        if json.loads(server.smalt("notebook", "session", "show", "-n", name))["kernel"] == "idle":
            return name
        time.sleep(0.1)  # the only news there is of another process's loop
    raise AssertionError("The kernel does not answer.")


def _kill(server: RunningServer) -> None:
    pid = int(server.state["pid"])
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split():
        time.sleep(0.05)  # it is no child of ours
