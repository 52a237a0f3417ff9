"""Deployments on a Ray cluster of two nodes: instances are spread over them, and the gateway reaches all of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from smalt.entities.endpoint.online import KubernetesOnlineDeployment, KubernetesOnlineEndpoint
from smalt.sdk.client import MLClient

pytestmark = pytest.mark.slow

SCRIPT = """
import json, os, subprocess
from pathlib import Path
def init():
    global told
    (number,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("number.txt")
    told = [os.environ["WHO"], number.read_text(), subprocess.check_output(["hostname", "-I"], text=True).strip()]
def run(text):
    return [os.getpid(), json.loads(text) * 7, *told]
"""


@pytest.fixture
def client(installation):
    folder = installation.folder / "served"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "score.py").write_text(SCRIPT)
    (folder / "model").mkdir()
    (folder / "model" / "number.txt").write_text("42")
    (folder / "request.json").write_text("6")
    with MLClient(home=installation.server.home) as made:
        endpoint = KubernetesOnlineEndpoint.parse({"name": "spread", "compute": "azureml:team"})
        made.online_endpoints.begin_create_or_update(endpoint).result()
        yield made
        made.online_endpoints.begin_delete("spread").result()


def deploy(client, folder, *, who: str) -> None:
    deployment = {
        "name": "blue",
        "endpoint_name": "spread",
        "model": {"name": "numbers", "version": "1", "path": str(folder / "served" / "model")},
        "code_configuration": {"code": str(folder / "served" / "src"), "scoring_script": "score.py"},
        "environment": {"image": "python:3.11"},
        "environment_variables": {"WHO": who},
        "instance_count": 2,
        "resources": {"requests": {"cpu": "0.5"}},
        "readiness_probe": {"initial_delay": 240},
    }
    client.online_deployments.begin_create_or_update(KubernetesOnlineDeployment.parse(deployment)).result()


def answers(client, folder, count: int = 20) -> list[list[object]]:
    request = folder / "served" / "request.json"
    return [json.loads(client.online_endpoints.invoke("spread", request_file=request)) for _ in range(count)]


def test_instances_on_two_nodes_answer_are_updated_and_refuse_those_who_come_round_the_gateway(installation, client):
    folder = installation.folder
    deploy(client, folder, who="first")
    endpoint = client.online_endpoints.get("spread").model_copy(update={"traffic": {"blue": 100}})
    client.online_endpoints.begin_create_or_update(endpoint).result()
    before = answers(client, folder)
    address = worker_address(installation)

    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(f"http://{address}/score", b"6", timeout=20)
    deploy(client, folder, who="second")
    after = answers(client, folder)

    refused.value.close()
    assert {tuple(each[1:4]) for each in before} == {(42, "first", "42")}
    assert len({each[0] for each in before}) == 2
    if installation.cluster.has_namespaces:
        assert len({each[4] for each in before}) == 2
    assert "second" in {each[2] for each in after}
    assert "is ready" in client.online_deployments.get_logs("blue", "spread", 100)


def worker_address(installation) -> str:
    """Of an instance's worker, as the gateway has it."""
    table = json.loads((installation.server.home / "gateway" / "table.json").read_text())
    (endpoint,) = table["endpoints"]
    return str(endpoint["deployments"]["blue"]["workers"][0]["address"]).removeprefix("tcp:")
