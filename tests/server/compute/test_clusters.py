"""Ray clusters as computes: their tokens are sealed, their machines are shown, and jobs find their executor."""

from __future__ import annotations

import pytest

from smalt.entities.compute.ray import RayCompute
from smalt.errors import InvalidRequest
from smalt.server.compute.errors import ComputeBusy
from smalt.server.compute.tables import computes as table
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM

CLUSTER = {"address": "http://head:8265", "token": "s3cret-token", "maxConcurrentJobs": 3}


def attach(client, name="team", **changes):
    body = {"location": "local", "properties": {"computeType": "Ray", "properties": {**CLUSTER, **changes}}}
    return client.put(f"/computes/{name}", json=body)


def test_an_attached_cluster_shows_its_machines_and_never_its_token(client, house):
    attached = attach(client)
    shown = client.get("/computes/team")
    nodes = client.post("/computes/team/listNodes").json()["nodes"]

    assert attached.status_code == 201
    assert shown.json()["properties"]["properties"]["state"] == "Running"
    assert [(node["privateIpAddress"], node["nodeState"]) for node in nodes] == [
        ("10.0.0.1", "alive"),
        ("10.0.0.2", "dead"),
    ]
    assert "s3cret-token" not in attached.text + shown.text + client.get("/computes").text
    with house.works.read(SYSTEM) as work:
        rows = work.connection.execute(table.select()).all()
    assert "s3cret-token" not in str(rows)


def test_a_token_that_is_left_out_stays(client, computes, house):
    attach(client)
    properties = {"computeType": "Ray", "properties": {"address": CLUSTER["address"], "maxConcurrentJobs": 9}}

    client.put("/computes/team", json={"location": "local", "properties": properties})

    with house.works.read(SYSTEM) as work:
        kept = computes.with_secrets(computes.get(work, house.default, "team"))
    assert isinstance(kept, RayCompute)
    assert (kept.token.get_secret_value(), kept.max_concurrent_jobs) == ("s3cret-token", 9)


@pytest.mark.parametrize("address", [None, "head:8265", "ftp://head", "http://user:word@head:8265"])
def test_what_is_no_address_is_refused(client, address):
    refused = attach(client, address=address)

    assert refused.status_code == 400
    assert "http://HOST:8265" in refused.text


def test_a_job_for_a_cluster_gets_its_executor_and_any_other_this_machine(client, house, sites):
    attach(client)
    scope = f"{house.default.scope}/computes"

    with house.works.read(SYSTEM) as work:
        team = sites.of(work, house.default, f"{scope}/team")
        again = sites.of(work, house.default, f"{scope}/TEAM")
        others = [sites.of(work, house.default, each) for each in (None, f"{scope}/local", f"{scope}/cpu-cluster")]

    assert (team.slots, team.is_remote) == (3, True)
    assert team.executor is again.executor
    assert all(site is sites.here for site in others)


def test_a_cluster_that_jobs_run_on_is_neither_detached_nor_moved(client, computes, house):
    attach(client)
    computes.occupants.append(lambda work, workspace, name: "Jobs run there." if name == "team" else None)

    removed, moved = client.delete("/computes/team"), attach(client, address="http://other:8265")

    assert (removed.status_code, removed.json()["error"]["code"]) == (409, ComputeBusy.code)
    assert moved.status_code == 409
    assert attach(client, maxConcurrentJobs=1).status_code == 200


def test_secrets_of_computes_move_to_another_key(client, computes, house):
    attach(client)
    fresh = Vault(bytes([1]) * 32)

    with house.works.write(SYSTEM) as work:
        count = computes.reseal(work, fresh)
    with house.works.read(SYSTEM) as work:
        record = computes.get(work, house.default, "team")

    assert count == 1
    assert type(computes)(fresh).with_secrets(record).token.get_secret_value() == "s3cret-token"


def test_a_settings_mistake_is_not_kept(client, computes, house):
    with pytest.raises(InvalidRequest), house.works.write(SYSTEM) as work:
        computes.put(work, house.default, "team", RayCompute(name="team"))

    assert client.get("/computes/team").status_code == 404
