"""The verbs of endpoints: names, traffic, keys, tokens, roles, and what the audit trail is told."""

from __future__ import annotations

import hashlib

import pytest

from smalt.kit import clock
from smalt.server.rotation import reseal
from smalt.server.serving import store
from smalt.server.serving.states import DeploymentState
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM


@pytest.fixture
def served(place):
    """An endpoint with two deployments that are taken for working."""
    place.endpoint()
    for name in ("blue", "green"):
        place.deployment(name)
    with place.works.write(SYSTEM) as work:
        for each in store.all_deployments(work.connection):
            live = {"generation": 1, "document": dict(each.document), "pinned": dict(each.pinned)}
            store.change_deployment(work.connection, each, state=DeploymentState.SUCCEEDED, live=live, wanted=0)
    return place


@pytest.mark.parametrize(
    ("traffic", "told"),
    [
        ({"traffic": {"blue": 50}}, "add up to 50"),
        ({"traffic": {"red": 100}}, "has: blue, green"),
        ({"traffic": {"blue": 100}, "mirrorTraffic": {"blue": 10}}, "gets traffic already"),
        ({"traffic": {"blue": 100}, "mirrorTraffic": {"green": 60}}, "at most 50"),
    ],
)
def test_traffic_that_cannot_be_is_refused(served, traffic, told):
    body = {"location": "local", "properties": {"authMode": "Key", **traffic}}

    answer = served.client.put(f"{served.scope}/onlineEndpoints/ep", json=body)

    assert answer.status_code == 400
    assert told in answer.text


def test_every_change_of_traffic_is_in_the_audit_trail_with_what_was_before(served):
    served.endpoint(traffic={"blue": 100})
    served.endpoint(traffic={"blue": 90, "green": 10}, mirrorTraffic={})
    served.call("POST", "/onlineEndpoints/ep/rollback", {})

    events = served.call("GET", "/smalt/audit")["value"]
    told = [each["details"] for each in events if "before" in each["details"]]
    assert [(each["before"]["traffic"], each["after"]["traffic"]) for each in told] == [
        ({"blue": 90, "green": 10}, {"blue": 100}),
        ({"blue": 100}, {"blue": 90, "green": 10}),
        ({}, {"blue": 100}),
    ]


def test_a_rollback_goes_back_and_forth(served):
    assert "never changed" in served.call("POST", "/onlineEndpoints/ep/rollback", {}, status=409)["error"]["message"]
    served.endpoint(traffic={"blue": 100})
    served.endpoint(traffic={"green": 100})

    back = served.call("POST", "/onlineEndpoints/ep/rollback", {})
    again = served.call("POST", "/onlineEndpoints/ep/rollback", {})

    assert back["properties"]["traffic"] == {"blue": 100}
    assert again["properties"]["traffic"] == {"green": 100}


def test_a_deployment_with_traffic_is_not_deleted(served):
    served.endpoint(traffic={"blue": 100})

    refused = served.call("DELETE", "/onlineEndpoints/ep/deployments/blue", status=409)

    assert refused["error"]["code"] == "DeploymentHasTraffic"
    served.endpoint(traffic={})


def test_a_patch_changes_what_it_names(served):
    served.endpoint(description="first", traffic={"blue": 100})

    changed = served.call("PATCH", "/onlineEndpoints/ep", {"properties": {"traffic": {"green": 100}}})

    assert changed["properties"]["traffic"] == {"green": 100}
    assert changed["properties"]["description"] == "first"
    served.endpoint(traffic={})


def test_keys_are_random_sealed_and_told_as_hashes_only(place):
    place.endpoint()

    keys = place.call("POST", "/onlineEndpoints/ep/listKeys", {})
    place.call("POST", "/onlineEndpoints/ep/regenerateKeys", {"keyType": "Primary", "keyValue": keys["primaryKey"]})

    after = place.call("POST", "/onlineEndpoints/ep/listKeys", {})
    (entry,) = place.table()["endpoints"]
    assert after["primaryKey"] != keys["primaryKey"]
    assert after["secondaryKey"] == keys["secondaryKey"]
    assert entry["key_hashes"] == [hashlib.sha256(each.encode()).hexdigest() for each in after.values()]
    raw = (place.home / "smalt.db").read_bytes()
    assert after["secondaryKey"].encode() not in raw


def test_keys_are_sealed_anew_when_the_vault_changes_its_key(place):
    place.endpoint()
    present, fresh = Vault.at(place.home / "secret.key"), Vault(b"k" * 32)
    before = place.call("POST", "/onlineEndpoints/ep/listKeys", {})

    with place.works.write(SYSTEM) as work:
        count = reseal(work, present, fresh, place.home)
        sealed = store.all_endpoints(work.connection)[0].sealed

    assert count == 1
    workspace = place.call("GET", "")["properties"]["workspaceId"]
    assert before["primaryKey"] in fresh.open(sealed, context=f"online-endpoint/{workspace}/ep")


def test_tokens_open_their_endpoint_and_nothing_of_the_server(place):
    place.endpoint(authMode="AMLToken")

    token = place.call("POST", "/onlineEndpoints/ep/token", {})

    (entry,) = place.table()["endpoints"]
    assert entry["audience"] == f"{place.scope}/onlineEndpoints/ep"
    assert token["expiryTimeUtc"] > token["refreshAfterTimeUtc"] > clock.now().timestamp()
    assert place.client_of(token["accessToken"]).get(f"{place.scope}/onlineEndpoints").status_code == 401
    assert "takes tokens" in place.call("POST", "/onlineEndpoints/ep/listKeys", {}, status=400)["error"]["message"]


def test_who_may_call_with_a_token_of_their_own_is_in_the_table(place):
    place.endpoint(authMode="AADToken")

    (entry,) = place.table()["endpoints"]

    assert entry["audience"] == "https://ml.azure.com"
    assert entry["subjects"] == [place.server.owner.client_id]


def test_equal_content_has_an_equal_version(place):
    empty = place.table()
    place.endpoint()
    first, second = place.table(), place.table()

    assert first["version"] == second["version"] != empty["version"]


def test_a_change_says_in_its_body_too_where_to_ask_for_its_end(place):
    made = place.endpoint()

    deployed = place.deployment()

    ended, running = (each["properties"]["properties"]["AzureAsyncOperationUri"] for each in (made, deployed))
    assert place.client.get(ended).json()["status"] == "Succeeded"
    assert place.client.get(running).json()["status"] == "InProgress"
    assert place.call("GET", "/onlineEndpoints/ep/deployments/blue")["properties"]["properties"] == {
        "AzureAsyncOperationUri": running
    }


def test_the_gateway_waits_for_a_newer_table_with_a_token_of_its_own(place):
    place.endpoint()
    gateway = place.loop._outside.gateway

    refused = place.client.get("/gateway/table")
    found = place.client_of(gateway.token).get("/gateway/table", params={"after": 5})

    assert refused.status_code == 401
    assert found.json() == place.table()
    assert (place.home / "gateway.token").stat().st_mode & 0o077 == 0


def test_names_that_are_no_addresses_are_refused(place):
    for name in ("1st", "a_b", "x" * 33, "-a"):
        answer = place.client.put(f"{place.scope}/onlineEndpoints/{name}", json={"properties": {"authMode": "Key"}})
        assert answer.status_code == 400, name


def test_a_deployment_without_anything_to_serve_is_refused_with_every_reason(place):
    place.endpoint()
    body = {"properties": {"endpointComputeType": "Managed", "model": "azureml:nothing:1"}}

    refused = place.call("PUT", "/onlineEndpoints/ep/deployments/blue", body, status=400)

    told = {each["target"] for each in refused["error"]["details"]}
    assert {"model", "environment"} <= told


def test_an_endpoint_without_deployments_goes_at_once(place):
    place.endpoint()

    answer = place.client.delete(f"{place.scope}/onlineEndpoints/ep")

    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "1"
    assert place.client.get(answer.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    assert place.client.get(answer.headers["Location"]).status_code == 204
    assert place.client.delete(f"{place.scope}/onlineEndpoints/ep").status_code == 204
