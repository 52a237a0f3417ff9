"""An endpoint is tried at a page of the server: through the real gateway, as the one who is signed in."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from smalt.server.serving.gateway import Gateway, facts_of
from tests.running import free_ports
from tests.server.serving.conftest import Place

STREAMS = """
import json
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request):
    body = json.loads(request.get_data(False))
    if body.get("fails"):
        raise ValueError("on purpose")
    return AMLResponse({"got": body}, 200, json_str=True)
"""


def until(is_true, *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, environments) -> Iterator[Place]:
    """An endpoint that is up, behind a gateway that goes by the table as it is written now."""
    (port,) = free_ports(1)
    place = Place(tmp_path_factory.mktemp("tried") / "home", environments, gateway_port=port)
    place.endpoint()
    place.deployment(text=STREAMS)
    place.come_up()
    place.endpoint(traffic={"blue": 100})
    gateway = Gateway(place.loop._outside.gateway.place)
    gateway.place.folder.mkdir(exist_ok=True)
    (gateway.place.folder / "table.json").write_text(json.dumps(place.table()))
    gateway.ensure()
    until(lambda: gateway.stats() is not None)
    place.loop._outside.gateway.heard(place.table()["version"])  # as it says when it asks
    yield place
    facts = facts_of(place.home)
    assert facts is not None
    os.kill(facts["pid"], signal.SIGTERM)
    until(lambda: facts_of(place.home) is None)
    place.end()


def test_a_request_reaches_the_model_and_its_answer_comes_back(tried):
    answer = tried.client.post(f"{tried.scope}/onlineEndpoints/ep/invoke/score", json={"word": "hi"})

    assert (answer.status_code, answer.json()) == (200, {"got": {"word": "hi"}})
    assert answer.headers["azureml-model-deployment"] == "blue"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_the_model_refuses_keeps_its_status(tried):
    answer = tried.client.post(f"{tried.scope}/onlineEndpoints/ep/invoke/score", json={"fails": True})

    assert answer.status_code == 424 or answer.status_code >= 500
    assert "on purpose" not in answer.text


def test_a_model_tells_what_it_takes_or_nothing(tried):
    described = tried.call("GET", "/onlineEndpoints/ep/description")
    unknown = tried.call("GET", "/onlineEndpoints/ep/description?deployment=red")

    assert described["openapi"]["openapi"].startswith("3")
    assert unknown == {"openapi": None}


def test_a_description_waits_until_the_gateway_has_heard_of_the_deployment(tried):
    gateway = tried.loop._outside.gateway
    gateway.heard(None)

    with ThreadPoolExecutor() as pool:
        described = pool.submit(tried.call, "GET", "/onlineEndpoints/ep/description")
        until(lambda: gateway.asked._waiting)
        gateway.heard(tried.table()["version"])

    assert described.result()["openapi"]["openapi"].startswith("3")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"properties": {"description": "changed"}}),
        ("POST", "/regenerateKeys", {"keyType": "Secondary"}),
    ],
)
def test_a_change_is_answered_when_callers_meet_it(tried, method, path, body):
    gateway = tried.loop._outside.gateway
    gateway.heard(None)

    with ThreadPoolExecutor() as pool:
        changed = pool.submit(tried.client.request, method, f"{tried.scope}/onlineEndpoints/ep{path}", json=body)
        until(lambda: gateway.asked._waiting)
        early = changed.done()
        gateway.heard(tried.table()["version"])

    assert (early, changed.result().status_code) == (False, 200)


def test_who_may_not_score_may_not_try(tried):
    made = tried.client.post("/smalt/actors", json={"name": "reader"}).json()
    token = tried.client.post(f"/smalt/actors/{made['id']}/tokens", json={"name": "t"}).json()["token"]

    answer = tried.client_of(token).post(f"{tried.scope}/onlineEndpoints/ep/invoke/score", json={})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["..%2f..%2fstats", "a/../../stats", "%2fstats"])
def test_no_path_leads_out_of_the_endpoint(tried, path):
    answer = tried.client.post(f"{tried.scope}/onlineEndpoints/ep/invoke/{path}")

    assert answer.status_code in {400, 404}
    assert "deployments" not in answer.text


def test_without_a_gateway_the_answer_says_so(place):
    place.endpoint()

    answer = place.client.post(f"{place.scope}/onlineEndpoints/ep/invoke/score", json={})

    assert answer.status_code == 503
    assert "gateway" in answer.json()["error"]["message"]


def test_whoever_looks_at_keys_is_in_the_audit_trail(place):
    place.endpoint()
    keys = place.call("POST", "/onlineEndpoints/ep/listKeys", {})

    (event,) = [each for each in place.call("GET", "/smalt/audit")["value"] if "listKeys" in each["action"]]

    assert "/onlineendpoints/ep/" in event["scope"].lower()
    assert keys["primaryKey"] not in json.dumps(event)
