"""Computes over ARM."""

from __future__ import annotations

import pytest

from smalt.server.compute.errors import ComputeNotFound, ComputeStopped
from smalt.server.work import SYSTEM

CLUSTER = {"location": "local", "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_D2"}}}
INSTANCE = {"location": "local", "properties": {"computeType": "ComputeInstance", "properties": {}}}


def test_a_workspace_has_this_machine_and_a_cluster(client):
    names = [found["name"] for found in client.get("/computes").json()["value"]]

    assert names == ["cpu-cluster", "local"]


def test_a_cluster_is_ready_at_once_with_defaults_filled(client):
    answer = client.put("/computes/big", json=CLUSTER)

    assert answer.status_code == 201, answer.text
    properties = answer.json()["properties"]
    assert properties["provisioningState"] == "Succeeded"
    inner = properties["properties"]
    assert inner["vmSize"] == "Standard_D2"
    assert inner["vmPriority"] == "Dedicated"
    assert inner["scaleSettings"] == {
        "minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M",
    }  # fmt: skip
    assert client.put("/computes/BIG", json=CLUSTER).status_code == 200
    assert client.get("/computes/BIG").json()["name"] == "big"


def test_scale_settings_are_patched(client):
    client.put("/computes/big", json=CLUSTER)

    answer = client.patch("/computes/big", json={"properties": {"scaleSettings": {"maxNodeCount": 9}}})

    scale = answer.json()["properties"]["properties"]["scaleSettings"]
    assert (scale["maxNodeCount"], scale["minNodeCount"]) == (9, 0)


def test_an_instance_is_stopped_and_started(client, computes, house):
    client.put("/computes/mine", json=INSTANCE)

    stopped = client.post("/computes/mine/stop")

    assert stopped.status_code == 202
    assert "/operationsStatus/" in stopped.headers["azure-asyncoperation"]
    assert client.get("/computes/mine").json()["properties"]["properties"]["state"] == "Stopped"
    with house.works.read(SYSTEM) as work, pytest.raises(ComputeStopped, match="compute start"):
        computes.require(work, house.default, "azureml:mine")
    assert client.post("/computes/mine/start").status_code == 202
    with house.works.read(SYSTEM) as work:
        assert computes.require(work, house.default, "mine") == f"{house.default.scope}/computes/mine"


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PUT", "/computes/serverless", CLUSTER),
        ("PUT", "/computes/local", CLUSTER),
        ("PUT", "/computes/other", {"properties": {"computeType": "Local"}}),
        ("PUT", "/computes/cpu-cluster", INSTANCE),
        ("PUT", "/computes/x", {"properties": {"computeType": "Abacus"}}),
        ("PUT", "/computes/a.b..", CLUSTER),
        ("PUT", "/computes/x", {}),
        ("PATCH", "/computes/cpu-cluster", {"properties": []}),
        ("DELETE", "/computes/local", None),
        ("POST", "/computes/cpu-cluster/start", None),
    ],
)
def test_what_cannot_be_is_refused(client, verb, path, body):
    answer = client.request(verb, path, json=body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_deleting_is_done_at_once(client):
    assert client.delete("/computes/cpu-cluster").status_code == 200
    assert client.delete("/computes/cpu-cluster").status_code == 204
    assert client.get("/computes/cpu-cluster").status_code == 404


@pytest.mark.parametrize("reference", [None, "serverless", "azureml:serverless"])
def test_a_job_may_leave_the_choice_open(client, computes, house, reference):
    with house.works.read(SYSTEM) as work:
        assert computes.require(work, house.default, reference) is None


def test_an_unknown_compute_is_named(client, computes, house):
    with house.works.read(SYSTEM) as work, pytest.raises(ComputeNotFound, match="'gpu'"):
        computes.require(work, house.default, "azureml:gpu")


def test_this_machine_tells_how_busy_it_is(client, computes):
    computes.jobs_here = lambda work: (2, 5)

    found = client.get("/smalt/machine").json()

    assert found["jobs"] == {"running": 2, "waiting": 5, "atOnce": 3}
    assert found["cores"] >= 1
    assert found["load"] >= 0
    assert 0 < found["memoryBytes"]["available"] < found["memoryBytes"]["total"]
