"""Deployments in containers of a real engine: by the server of an image, and by our scorer inside one."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt.kit import sockets
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
