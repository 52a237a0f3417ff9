"""What a serverless endpoint cannot be is said before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.room import Room

PHI = "azureml://registries/azureml/models/phi-4"


def asked(room: Room, *, status: int = 400, name: str = "ep", **properties: Any) -> Any:
    body = {"location": "local", "properties": {"modelSettings": {"modelId": PHI}, **properties}}
    return room.refused("PUT", f"/serverlessEndpoints/{name}", body, status=status)


def test_a_model_without_weights_says_how_to_get_them(room):
    found = asked(room, status=409)

    assert found["code"] == "ModelNotImported"
    assert "smalt catalog import-model -n phi-4" in found["message"]


@pytest.mark.parametrize(
    ("properties", "word"),
    [
        ({"authMode": "AAD"}, "auth_mode"),
        ({"contentSafety": {"contentSafetyStatus": "Enabled"}}, "contentSafety"),
        ({"modelSettings": {"modelId": f"{PHI}/versions/1"}}, "version"),
    ],
)
def test_what_is_not_honoured_is_refused(room, properties, word):
    assert word in asked(room, **properties)["message"]


def test_a_gated_model_wants_its_terms_taken_which_a_subscription_does(room):
    model = "azureml://registries/azureml-meta/models/Llama-3.2-1B-Instruct"
    before = asked(room, status=403, modelSettings={"modelId": model})

    room.call("PUT", "/marketplaceSubscriptions/llama", {"properties": {"modelId": model}}, status=201)
    after = asked(room, status=409, modelSettings={"modelId": model})

    assert (before["code"], after["code"]) == ("LicenseNotAccepted", "ModelNotImported")
    shown = room.call("GET", "/marketplaceSubscriptions/llama")["properties"]
    assert (shown["marketplaceSubscriptionStatus"], shown["marketplacePlan"]["publisherId"]) == ("Subscribed", "meta")


def test_a_model_that_another_server_runs_needs_its_connection(room):
    room.card("hosted", connection="vllm", servedAs="qwen", inferenceTasks=["chat-completion"])
    body = {
        "sku": {"name": "Consumption"},
        "tags": {"team": "us"},
        "properties": {"modelSettings": {"modelId": "hosted"}},
    }

    refused = room.refused("PUT", "/serverlessEndpoints/ep", body)
    connection = {"category": "Serverless", "authType": "ApiKey", "target": "http://127.0.0.1:9",
                  "credentials": {"key": "k"}}  # fmt: skip
    room.call("PUT", "/connections/vllm", {"properties": connection})
    made = room.call("PUT", "/serverlessEndpoints/ep", body, status=201)

    assert "vllm" in refused["message"]
    assert made["properties"]["endpointState"] == "Creating"
    assert made["properties"]["inferenceEndpoint"]["uri"].endswith("/endpoints/default/ep")
    assert len(room.call("POST", "/serverlessEndpoints/ep/listKeys", {})["primaryKey"]) > 30
    keys = room.call("POST", "/serverlessEndpoints/ep/listKeys", {})
    renewed = room.call("POST", "/serverlessEndpoints/ep/regenerateKeys", {"keyType": "Secondary"})
    assert (renewed["primaryKey"] == keys["primaryKey"], renewed["secondaryKey"] == keys["secondaryKey"]) == (
        True,
        False,
    )
    online = room.call("GET", "/onlineEndpoints/ep")["properties"]
    assert online["properties"]["smalt.tokensPerMinute"] == "200000"
    room.call("DELETE", "/serverlessEndpoints/ep", status=202)
    room.refused("GET", "/serverlessEndpoints/ep", status=404)


def test_the_name_of_an_online_endpoint_is_not_taken_over(room):
    room.card("hosted", connection="vllm", servedAs="qwen")
    online = {"location": "local", "properties": {"authMode": "Key"}}
    room.call("PUT", "/onlineEndpoints/mine", online, status=201)

    found = asked(room, status=409, name="mine", modelSettings={"modelId": "hosted"})

    assert "online endpoint" in found["message"]
