"""Deployments in containers of a real engine: by the server of an image, and by our scorer inside one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from smalt.entities.environment import Environment
from smalt.entities.model import Model
from smalt.entities.model_package import PACKAGE
from smalt.kit import sockets
from smalt.sdk.image_context import code_place, model_place, write_context
from tests.containers.engine import IMAGE
from tests.server.serving.conftest import Place

EXAMPLE = Path(__file__).parents[2] / "examples" / "endpoints" / "online" / "own-server"
ROUTES = {
    "livenessRoute": {"port": 8501, "path": "/health"},
    "readinessRoute": {"port": 8501, "path": "/health"},
    "scoringRoute": {"port": 8501, "path": "/v1/prices:predict"},
}
SCORE = """
import os
def init(): pass
def run(body): return [os.environ['WHO'], os.path.exists('/run/.containerenv'), body]
"""


@pytest.fixture
def place(podman, tmp_path, environments):
    found = Place(tmp_path / "home", environments, containers="podman")
    yield found
    found.end()
    assert podman.containers() == []


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    return tmp_path_factory.mktemp("environments")


def with_environment(place: Place, **properties: object) -> str:
    place.call("PUT", "/environments/boxed/versions/1", {"properties": properties})
    return f"{place.scope}/environments/boxed/versions/1"


def ask_when_up(address: str, body: bytes) -> Any:
    """The answer of a server that nobody tells us the start of."""
    for _ in range(300):
        try:
            connection = sockets.connection(address, 10)
            connection.request("POST", "/score", body=body)
            return json.loads(connection.getresponse().read())
        except OSError:
            time.sleep(0.1)
    raise AssertionError("It did not come up.")


def test_the_server_of_an_image_is_asked_by_its_routes_and_replaced_when_it_ends(place, podman):
    podman("build", "--build-arg", f"BASE={IMAGE}", "--tag", "localhost/own:1", str(EXAMPLE / "image"))
    weights = (EXAMPLE / "model" / "weights.json").read_text()
    source = place.client.get(place.code(weights, name="weights.json")).json()["properties"]["codeUri"]
    place.call("PUT", "/models/prices/versions/1", {"properties": {"modelUri": source, "modelType": "custom_model"}})
    place.endpoint()
    place.deployment(
        codeConfiguration=None,
        model=f"{place.scope}/models/prices/versions/1",
        modelMountPath="/models",
        environmentId=with_environment(place, image="localhost/own:1", inferenceConfig=ROUTES),
    )
    place.come_up()

    (worker,) = place.table()["endpoints"][0]["deployments"]["blue"]["workers"]
    connection = sockets.connection(worker["address"], 10)
    connection.request("POST", worker["route"], body=(EXAMPLE / "request.json").read_bytes())
    answer = connection.getresponse().read()
    (container,) = podman.containers()
    podman("kill", container)
    place.turn_until(lambda: place.workers() not in ([], [worker["address"]]))

    assert worker["address"].startswith("tcp:127.0.0.1:")
    assert "secret" not in worker
    assert answer == b'{"price": 200}'
    assert podman.containers() != [container]


def test_a_script_is_scored_inside_an_image_that_has_python(place):
    place.endpoint()
    place.deployment(text=SCORE, environmentId=with_environment(place, image=IMAGE))
    place.come_up()

    (address,) = place.workers()

    assert place.ask(address) == ["blue", True, '{"word": "hi"}']


def test_an_image_built_from_the_context_of_a_package_serves_without_a_server(podman, tmp_path):
    script = {"code": "here", "scoring_script": "score.py"}
    kept = {"model": "line", "code_configuration": script, "environment_variables": {"WHO": "image"}}
    properties = {PACKAGE: json.dumps(kept)}
    package = Environment.parse({"name": "line", "image": "docker.io/python:3.11", "properties": properties})
    model = Model.parse({"name": "line", "version": "1"})
    for file, text in ((model_place(tmp_path, model) / "slope", "3"), (code_place(tmp_path) / "score.py", SCORE)):
        file.parent.mkdir(parents=True)
        file.write_text(text)

    write_context(tmp_path, package, model)
    built = podman(
        "build", "--network", "host", "--build-arg", f"BASE={IMAGE}", "--tag", "localhost/line:1", str(tmp_path)
    )
    assert built.returncode == 0, built.stderr.decode()
    podman("run", "--detach", "--network", "host", "--name", "line", "localhost/line:1")
    try:
        assert ask_when_up("tcp:127.0.0.1:5001", b"hi") == ["image", True, "hi"]
    finally:
        podman("rm", "--force", "line")
