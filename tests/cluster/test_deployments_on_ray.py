"""Deployments on a Ray cluster of two nodes: instances are spread over them, and the gateway reaches all of them."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from smalt.entities.endpoint.online import KubernetesOnlineDeployment, KubernetesOnlineEndpoint
from smalt.sdk.client import MLClient

pytestmark = pytest.mark.slow

SCRIPT = """
import json, os, subprocess
from pathlib import Path
from urllib.request import Request, urlopen
def init():
    collector = f"http://127.0.0.1:{os.environ['AZUREML_MDC_PORT']}/modeldata/log"
    headers = {"ce-type": "azureml.inference.model_inputs", "content-type": "application/json"}
    urlopen(Request(collector, b'[{"collected": "there"}]', headers)).close()
    global told
    (number,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("number.txt")
    told = [os.environ["WHO"], number.read_text(), subprocess.check_output(["hostname", "-I"], text=True).strip()]
def run(text):
    return [os.getpid(), json.loads(text) * 7, *told]
"""

OPEN = """
from promptflow.connections import CustomConnection
from promptflow.core import tool
@tool
def open_it(door: CustomConnection, text: str) -> str:
    return f"{text} opens with {len(door.secrets['word'])} letters"
"""
FLOW = {
    "inputs": {"text": {"type": "string"}},
    "outputs": {"answer": {"type": "string", "reference": "${open.output}"}},
    "nodes": [
        {
            "name": "open",
            "type": "python",
            "source": {"type": "code", "path": "open.py"},
            "inputs": {"door": "hinge", "text": "${inputs.text}"},
        }
    ],
}


@pytest.fixture
def client(installation):
    folder = installation.folder / "served"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "score.py").write_text(SCRIPT)
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "number.txt").write_text("42")
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
        "data_collector": {"collections": {"model_inputs": {"enabled": "true"}}},
    }
    client.online_deployments.begin_create_or_update(KubernetesOnlineDeployment.parse(deployment)).result()


def answers(
    installation, client, count: int = 20, *, body: bytes = b"6", deployment: str | None = None
) -> list[list[object]]:
    """Of requests one after the other, over the address that the server listens on."""
    place = urlsplit(str(client.online_endpoints.get("spread").scoring_uri))
    url = place._replace(netloc=f"{installation.cluster.server_host}:{place.port}").geturl()
    request = urllib.request.Request(url, body)
    if deployment is not None:
        request.add_header("azureml-model-deployment", deployment)
    request.add_header("Authorization", f"Bearer {client.online_endpoints.get_keys('spread').primary_key}")
    trusting = ssl.create_default_context(cafile=installation.server.home / "ca" / "ca.pem")
    found = []
    for _ in range(count):
        with urllib.request.urlopen(request, context=trusting, timeout=60) as answer:
            found.append(json.loads(answer.read()))
    return found


def test_instances_on_two_nodes_answer_are_updated_and_refuse_those_who_come_round_the_gateway(installation, client):
    folder = installation.folder
    deploy(client, folder, who="first")
    endpoint = client.online_endpoints.get("spread").model_copy(update={"traffic": {"blue": 100}})
    client.online_endpoints.begin_create_or_update(endpoint).result()
    before = answers(installation, client)
    address = worker_address(installation)

    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(f"http://{address}/score", b"6", timeout=20)
    deploy(client, folder, who="second")
    after = answers(installation, client)

    refused.value.close()
    assert {tuple(each[1:4]) for each in before} == {(42, "first", "42")}
    assert len({each[0] for each in before}) == 2
    if installation.cluster.has_namespaces:
        assert len({each[4] for each in before}) == 2
    assert "second" in {each[2] for each in after}
    assert "is ready" in client.online_deployments.get_logs("blue", "spread", 100)
    installation.until(lambda: collected(installation), lambda lines: len(lines) >= 2)
    assert {json.loads(line)["data"][0]["collected"] for line in collected(installation)} == {"there"}


def test_a_flow_answers_from_the_cluster_with_a_connection_of_the_workspace(installation, client):
    flow = installation.folder / "answering"
    flow.mkdir()
    (flow / "open.py").write_text(OPEN)
    (flow / "flow.dag.yaml").write_text(json.dumps(FLOW))
    connection = installation.folder / "hinge.yaml"
    connection.write_text("name: hinge\ntype: custom\ncredentials: {type: custom_keys, keys: {word: sesame}}\n")
    installation.server.smalt("connection", "create", "--file", str(connection))
    deployment = {
        "name": "flowing",
        "endpoint_name": "spread",
        "model": {"name": "opener", "version": "1", "path": str(flow)},
        "resources": {"requests": {"cpu": "0.5"}},
        "readiness_probe": {"initial_delay": 240},
    }
    client.online_deployments.begin_create_or_update(KubernetesOnlineDeployment.parse(deployment)).result()

    found = answers(installation, client, 1, body=b'{"text": "a"}', deployment="flowing")

    assert found == [{"answer": "a opens with 6 letters"}]


def collected(installation) -> list[str]:
    """What scripts of the deployment have collected, as the workspace's datastore has it."""
    found = installation.server.home.glob("blobs/*/*/modelDataCollector/spread/blue/model_inputs/**/*.jsonl")
    return [line for each in found for line in each.read_text().splitlines()]


def worker_address(installation) -> str:
    """Of an instance's worker, as the gateway has it."""
    table = json.loads((installation.server.home / "gateway" / "table.json").read_text())
    (endpoint,) = table["endpoints"]
    return str(endpoint["deployments"]["blue"]["workers"][0]["address"]).removeprefix("tcp:")
