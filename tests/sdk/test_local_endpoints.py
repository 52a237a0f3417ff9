"""Endpoints on one's own machine: no server, the same scorer, the script served from where it is edited."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from smalt.entities.endpoint.online import OnlineDeployment, OnlineEndpoint
from smalt.errors import InvalidRequest, NotFound
from smalt.sdk.errors import EndpointFailed
from smalt.sdk.local import LocalEndpoints
from tests.running import free_ports

SCORE = """
import json, os
def init():
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "words", "greeting.txt")) as file:
        globals()["greeting"] = file.read().strip()
    print("loaded", greeting, flush=True)
def run(body):
    name = json.loads(body)["name"]
    if name == "stop":
        breakpoint()
    return f"{greeting}, {name}!"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def local(home: Path) -> Iterator[LocalEndpoints]:
    found = LocalEndpoints(home)
    found.create(OnlineEndpoint(name="ep"))
    yield found
    found.delete("ep")


@pytest.fixture
def deployment(tmp_path: Path) -> OnlineDeployment:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(SCORE)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "greeting.txt").write_text("Hello")
    return OnlineDeployment.parse(
        {
            "name": "blue",
            "endpoint_name": "ep",
            "model": {"path": str(tmp_path / "words")},
            "code_configuration": {"code": str(tmp_path / "src"), "scoring_script": "score.py"},
            "environment": {"image": "python"},
        }
    )


def ask(local: LocalEndpoints, name: str = "Ada") -> str:
    return json.loads(local.invoke("ep", json.dumps({"name": name}).encode()))


def test_a_deployment_answers_and_its_next_version_is_there_after_one_more_command(local, deployment, tmp_path):
    made = local.deploy("ep", deployment).result()
    first = ask(local)
    (tmp_path / "words" / "greeting.txt").unlink()
    (tmp_path / "words" / "greeting.txt").write_text("Good day")

    local.deploy("ep", deployment)

    assert made.provisioning_state == "Succeeded"
    assert (first, ask(local)) == ("Hello, Ada!", "Good day, Ada!")
    assert "loaded Good day" in local.logs("ep", "blue", lines=10)
    assert [each.name for each in local.deployments("ep")] == ["blue"]
    assert local.get("ep").traffic == {"blue": 100}


def post(url: str, **headers: str) -> httpx2.Response:
    return httpx2.post(url, json={"name": "Ada"}, headers=headers, trust_env=False)


def test_a_deployment_has_an_address_that_stays(local, deployment):
    workers = deployment.model_copy(update={"environment_variables": {"WORKER_COUNT": "2"}})
    first = local.deploy("ep", workers).result().scoring_uri
    again = local.deploy("ep", workers).result().scoring_uri

    assert first == again == local.get("ep").scoring_uri
    assert first.startswith("http://127.0.0.1:")
    assert {post(first).json() for _ in range(8)} == {"Hello, Ada!"}


def test_pages_of_other_sites_do_not_reach_it(local, deployment):
    url = local.deploy("ep", deployment).result().scoring_uri

    assert post(url, host="localhost:80").status_code == 200
    assert post(url, origin="http://localhost:3000").status_code == 200
    assert post(url, host="rebound.example").status_code == 403
    assert post(url, origin="https://other.example").status_code == 403
    assert post(url, origin="null").status_code == 403


def test_what_does_not_run_has_no_address(local, deployment, home):
    local.deploy("ep", deployment)
    master = json.loads((home / "local-endpoints" / "ep" / "blue" / "process.json").read_text())["pid"]
    os.kill(master, signal.SIGKILL)
    os.waitpid(master, 0)

    assert local.get("ep").scoring_uri is None
    assert local.get_deployment("ep", "blue").provisioning_state == "Failed"


def test_a_script_that_fails_is_told_with_its_trace(local, deployment, tmp_path):
    (tmp_path / "src" / "score.py").write_text("def init():\n    raise ValueError('no such luck')\ndef run(b): pass\n")

    with pytest.raises(EndpointFailed, match="no such luck"):
        local.deploy("ep", deployment)


def test_a_breakpoint_is_debugged_over_a_port(local, deployment):
    (port,) = free_ports(1)
    variables = {"SMALT_DEBUG_PORT": str(port)}
    local.deploy("ep", deployment.model_copy(update={"environment_variables": variables}))
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(ask(local, "stop")))
    asking.start()
    deadline = time.monotonic() + 30
    while "breakpoint() waits" not in local.logs("ep", "blue", lines=50):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    with socket.create_connection(("127.0.0.1", port), timeout=20) as debugger:
        stream = debugger.makefile("rw")
        stream.write("name = 'Grace'\np greeting\nc\n")
        stream.flush()
        told = stream.read()
    asking.join(30)

    assert "'Hello'" in told
    assert answers == ["Hello, Grace!"]


def test_what_only_a_server_has_is_refused(local, deployment):
    registered = deployment.model_copy(update={"environment": "azureml:mine:1"})

    with pytest.raises(InvalidRequest, match="registered on a server"):
        local.deploy("ep", registered)
    with pytest.raises(InvalidRequest, match="on a server"):
        local.deploy("ep", deployment.model_copy(update={"model": "azureml:m:1"}))
    with pytest.raises(NotFound):
        local.get("another")


@pytest.fixture
def smalt(home: Path) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "smalt.cli.main", *arguments, "--local"]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SMALT_HOME": str(home)})
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def files(deployment, tmp_path) -> tuple[str, str]:
    """The deployment as a file with relative paths, and a request."""
    (tmp_path / "ask.json").write_text('{"name": "Ada"}')
    (tmp_path / "blue.yml").write_text(
        "name: blue\nendpoint_name: cli\nmodel:\n  path: words\nenvironment:\n  image: python\n"
        "code_configuration:\n  code: src\n  scoring_script: score.py\n"
    )
    return str(tmp_path / "blue.yml"), str(tmp_path / "ask.json")


def test_the_command_line_needs_no_server_either(smalt, files):
    blue, request = files

    smalt("online-endpoint", "create", "-n", "cli")
    smalt("online-deployment", "create", "-f", blue)

    assert json.loads(smalt("online-endpoint", "invoke", "-n", "cli", "-r", request)) == "Hello, Ada!"
    assert post(smalt("online-endpoint", "show", "-n", "cli", "--query", "scoring_uri", "-o", "tsv").strip()).is_success
    smalt("online-endpoint", "delete", "-n", "cli", "-y")


def test_paths_that_an_update_sets_are_taken_from_the_folder_of_its_file(smalt, files, tmp_path):
    blue, request = files
    (tmp_path / "src").rename(tmp_path / "another")

    smalt("online-endpoint", "create", "-n", "cli")
    smalt("online-deployment", "update", "-f", blue, "--set", "code_configuration.code=another")

    assert json.loads(smalt("online-endpoint", "invoke", "-n", "cli", "-r", request)) == "Hello, Ada!"
    smalt("online-endpoint", "delete", "-n", "cli", "-y")
