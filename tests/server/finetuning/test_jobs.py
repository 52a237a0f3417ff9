"""Fine-tuning jobs at submit, and the components that they are made of."""

from __future__ import annotations

from typing import Any

import pytest

from smalt.server.finetuning import find_component
from smalt.server.finetuning.parameters import TRAINING
from tests.server.room import Room

HUB = "https://hub.example.com"


def body(**details: Any) -> dict[str, Any]:
    whole = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": {"jobInputType": "mlflow_model", "uri": "azureml:base:1"},
        "trainingData": {"jobInputType": "uri_file", "uri": "https://example.com/train.jsonl"},
        **details,
    }
    outputs = {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "tuned"}}
    return {"properties": {"jobType": "FineTuning", "fineTuningDetails": whole, "outputs": outputs}}


@pytest.fixture
def base(room: Room) -> Room:
    model = {"modelUri": "https://example.com/base", "modelType": "mlflow_model"}
    room.call("PUT", "/models/base/versions/1", {"properties": model}, status=201)
    return room


def test_a_job_is_shown_as_it_was_sent(base):
    base.call("PUT", "/jobs/ft", body(hyperParameters={"apply_lora": "true"}), status=201)

    shown = base.call("GET", "/jobs/ft")["properties"]

    details = shown["fineTuningDetails"]
    assert (shown["jobType"], details["taskType"], details["modelProvider"]) == (
        "FineTuning",
        "ChatCompletion",
        "Custom",
    )
    assert details["hyperParameters"] == {"apply_lora": "true"}
    assert details["model"]["uri"].endswith("/models/base/versions/1")


@pytest.mark.parametrize(
    ("details", "word"),
    [
        ({"hyperParameters": {"learning_rat": "1"}}, "learning_rat"),
        ({"taskType": "ImageClassification"}, "image_classification"),
        ({"modelProvider": "AzureOpenAI"}, "azure_open_ai"),
        ({"model": {"jobInputType": "mlflow_model", "uri": "azureml:none:1"}}, "none"),
        (
            {"model": {"jobInputType": "mlflow_model", "uri": "azureml://registries/azureml/models/phi-4/versions/7"}},
            "import-model",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_at_submit(base, details, word):
    assert word in str(base.refused("PUT", "/jobs/ft", body(**details)))


@pytest.mark.parametrize("family", ["chat_completion", "text_generation"])
def test_the_pipelines_of_the_registry_have_its_parameters(family):
    found = find_component(f"{family}_pipeline", hub=HUB)

    assert found is not None
    assert {"mlflow_model_path", "train_file_path", "compute_finetune", *TRAINING} <= found.inputs.keys()
    assert found.inputs["lora_alpha"].default == 128
    assert found.outputs.keys() == {"pytorch_model_folder", "mlflow_model_folder"}


def test_a_step_that_fetches_a_model_asks_the_hub_of_the_operator():
    found = find_component("chat_completion_model_import", hub=HUB)

    assert found is not None
    assert found.document()["environment_variables"] == {"HF_ENDPOINT": HUB}


def test_components_of_the_registry_are_resolved_by_label(base):
    component = "azureml://registries/azureml/components/chat_completion_pipeline/labels/latest"
    inputs = {
        "mlflow_model_path": {"jobInputType": "mlflow_model", "uri": "azureml:base:1"},
        "train_file_path": {"jobInputType": "uri_file", "uri": "https://example.com/train.jsonl"},
    }
    job = {"jobType": "Pipeline", "componentId": component, "inputs": inputs}

    base.call("PUT", "/jobs/whole", {"properties": job}, status=201)

    assert find_component("nothing_of_the_kind", hub=HUB) is None
