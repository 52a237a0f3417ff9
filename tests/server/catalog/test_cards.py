"""The catalog over HTTP: cards are looked for, added, and their models brought in."""

from __future__ import annotations

import json

import pytest

from smalt.server.catalog.needs import needs_of
from smalt.server.catalog.store import known

TINY = {"huggingFaceId": "tiny/chat", "license": "mit", "inferenceTasks": ["chat-completion"], "parameters": 1 << 30}


def test_well_known_models_are_there_from_the_start(room):
    listed = room.call("GET", "/smalt/modelCards")

    assert listed["total"] == len(listed["value"]) == len(known())
    assert listed["facets"]["task"]["chat-completion"] > 10
    assert listed["value"][0]["properties"]["isFeatured"]


def test_every_card_says_what_it_comes_under_and_how_large_it_is():
    for card in known():
        assert card.license, card.name
        assert card.inference_tasks, card.name
        assert needs_of(card) is not None, card.name
        assert not card.benchmarks, card.name
        assert not card.is_gated or card.license_url, card.name


@pytest.mark.parametrize(
    ("query", "some", "none"),
    [
        ("search=qwen%20reasoning", "Qwen3-0.6B", "Qwen2.5-0.5B-Instruct"),
        ("task=embeddings", "all-MiniLM-L6-v2", "phi-4"),
        ("license=mit,gemma", "phi-4", "Qwen3-8B"),
        ("fineTuningTask=text-classification", "roberta-base", "gpt2"),
        ("publisher=meta&capability=tool-calling", "Llama-3.2-1B-Instruct", "roberta-base"),
    ],
)
def test_cards_are_chosen_by_words_and_facets(room, query, some, none):
    names = room.names(query)

    assert some in names
    assert none not in names


def test_a_card_of_ones_own_stands_before_the_built_in_one(room):
    room.card("phi-4", license="mine", summary="As we have it.")

    shown = room.call("GET", "/smalt/modelCards/PHI-4")["properties"]

    assert (shown["license"], shown["registry"]) == ("mine", "workspace")
    room.call("DELETE", "/smalt/modelCards/phi-4")
    assert room.call("GET", "/smalt/modelCards/phi-4")["properties"]["license"] == "mit"


def test_what_the_server_tells_of_a_card_is_not_kept_with_it(room):
    room.card("tiny", **TINY, model="forged", licenseAcceptedBy="nobody")

    shown = room.call("GET", "/smalt/modelCards/tiny")["properties"]

    assert (shown["model"], shown["licenseAcceptedBy"]) == (None, None)
    assert shown["needs"] == {"disk": 2.0, "memory": 4.8, "gpuMemory": 2.4, "fineTuningMemory": 6.0}


def test_a_gated_model_is_brought_in_once_its_licence_is_accepted(room):
    room.card("tiny", **TINY, isGated=True, licenseUrl="https://example.com/terms")

    refused = room.refused("POST", "/smalt/modelCards/tiny/import", {}, status=403)
    room.call("POST", "/smalt/modelCards/tiny/acceptLicense", {})
    job = room.call("POST", "/smalt/modelCards/tiny/import", {})["jobName"]

    assert refused["code"] == "LicenseNotAccepted"
    assert "https://example.com/terms" in refused["message"]
    assert room.call("GET", f"/jobs/{job}")["properties"]["displayName"] == "Import tiny"
    assert room.call("GET", "/smalt/modelCards/tiny")["properties"]["licenseAcceptedBy"] == "owner"


def test_a_folder_that_stands_for_the_hub_is_read_where_it_is(room):
    room.card("tiny", **TINY)

    job = room.call("POST", "/smalt/modelCards/tiny/import", {"name": "here", "version": "7"})["jobName"]

    shown = room.call("GET", f"/jobs/{job}")["properties"]
    assert shown["inputs"]["source"]["uri"].endswith("/tiny/chat")
    assert json.loads(shown["environmentVariables"]["SMALT_IMPORT"])["hub"] is None
    assert shown["outputs"]["model"]["assetName"] == "here"
    assert shown["outputs"]["model"]["assetVersion"] == "7"


def test_what_has_no_address_is_not_brought_in(room):
    room.card("nowhere", license="mit")

    assert "--source" in room.refused("POST", "/smalt/modelCards/nowhere/import", {})["message"]
    assert room.refused("GET", "/smalt/modelCards/none", status=404)["code"] == "CardNotFound"


@pytest.mark.parametrize(
    "properties",
    [{"huggingFaceId": "../../etc"}, {"huggingFaceId": "a/b/c"}, {"connection": "vllm"}, {"parameters": -1}],
)
def test_a_card_that_cannot_be_right_is_refused(room, properties):
    room.refused("PUT", "/smalt/modelCards/bad", {"properties": properties})


def test_models_of_a_registry_are_in_the_catalog(room):
    subscription = room.scope.partition("/resourceGroups")[0]
    registry = f"{subscription}/resourceGroups/smalt/providers/Microsoft.MachineLearningServices/registries/shared"
    model = {
        "modelUri": "https://example.com/model",
        "modelType": "custom_model",
        "tags": {"task": "chat-completion", "license": "apache-2.0"},
        "properties": {"publisher": "Us", "textContextWindow": "32k"},
    }
    room._client.put(registry, json={"location": "local", "properties": {}})
    made = room._client.put(f"{registry}/models/ours/versions/1", json={"properties": model})
    assert made.status_code < 300, made.text

    shown = room.call("GET", "/smalt/modelCards/ours")["properties"]

    assert (shown["registry"], shown["publisher"], shown["contextWindow"]) == ("shared", "Us", 32_000)
    assert shown["model"] == "azureml://registries/shared/models/ours/versions/1"
