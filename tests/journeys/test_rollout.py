"""A rollout that goes wrong under real requests, over HTTPS with the installation's own authority."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.entities.endpoint.online import ManagedOnlineDeployment, OnlineEndpoint
from smalt.sdk.client import MLClient
from tests.running import RunningServer, running

SCRIPT = """
import os
def init(): pass
def run(text):
    if os.environ["COLOUR"] == "green":
        raise ValueError("green cannot count")
    return len(text)
"""
BEFORE, SPLIT = {"blue": 100}, {"blue": 50, "green": 50}
MANY = 2000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that other machines may call, so that it and its gateway speak HTTPS."""
    home = tmp_path_factory.mktemp("home")
    with running(home) as at_first:
        at_first.smalt("user", "create", "-n", "ann")
    with running(home, "--host", "0.0.0.0", "--host-name", "localhost") as started:
        yield started


@pytest.fixture
def client(server: RunningServer, tmp_path: Path) -> Iterator[MLClient]:
    """Of an endpoint with bounds, and two deployments of which the second fails whenever it is asked."""
    (tmp_path / "score.py").write_text(SCRIPT)
    bounds = {"max_error_rate": 0.2, "min_requests": 20}
    with MLClient(home=server.home) as made:
        made.online_endpoints.begin_create_or_update(OnlineEndpoint.parse({"name": "ep", "rollout": bounds})).result()
        for colour in ("blue", "green"):
            deployment = {
                "name": colour,
                "endpoint_name": "ep",
                "code_configuration": {"code": str(tmp_path), "scoring_script": "score.py"},
                "environment": {"image": "python"},
                "environment_variables": {"COLOUR": colour},
                "request_settings": {"max_concurrent_requests_per_instance": 4},
            }
            made.online_deployments.begin_create_or_update(ManagedOnlineDeployment.parse(deployment)).result()
        yield made
        made.online_endpoints.begin_delete("ep").result()


def send(client: MLClient, traffic: dict[str, int]) -> None:
    endpoint = client.online_endpoints.get("ep").model_copy(update={"traffic": traffic})
    client.online_endpoints.begin_create_or_update(endpoint).result()


def traffic(client: MLClient) -> dict[str, int]:
    return {name: share for name, share in client.online_endpoints.get("ep").traffic.items() if share}


@pytest.mark.slow
def test_a_bad_deployment_is_rolled_back_by_its_requests_and_the_trail_says_why(server, client):
    endpoint = client.online_endpoints.get("ep")
    request = urllib.request.Request(str(endpoint.scoring_uri), b"three")
    request.add_header("Authorization", f"Bearer {client.online_endpoints.get_keys('ep').primary_key}")
    trusting = ssl.create_default_context(cafile=server.home / "ca" / "ca.pem")
    send(client, BEFORE)
    send(client, SPLIT)

    statuses = []
    while traffic(client) != BEFORE:
        statuses += [status(request, trusting) for _ in range(20)]
        assert len(statuses) < MANY
    afterwards = {status(request, trusting) for _ in range(20)}

    assert set(statuses) == {200, 424}
    assert afterwards == {200}
    trail = json.loads(server.smalt("audit", "list", "-o", "json"))
    told = next(each for each in trail if each["action"].endswith("rollback/action"))
    assert (told["details"]["before"]["traffic"], told["details"]["after"]["traffic"]) == (SPLIT, BEFORE)
    assert "requests failed" in told["details"]["reason"]
    with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
        urllib.request.urlopen(request)


def status(request: urllib.request.Request, context: ssl.SSLContext) -> int:
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as failure:
        return failure.code
