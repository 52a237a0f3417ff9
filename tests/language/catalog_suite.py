"""Runs under the official client: `azure-ai-ml`, unmodified, against the server that the environment names."""

from __future__ import annotations

import json
import os
import urllib.request

import pytest
from azure.ai.ml import MLClient
from azure.ai.ml.entities import MarketplaceSubscription, ServerlessEndpoint
from azure.ai.ml.finetuning import FineTuningTaskType, create_finetuning_job
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential

MODEL = "azureml://registries/azureml/models/SmolLM2-135M-Instruct"


@pytest.fixture(scope="module")
def client() -> MLClient:
    return MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )


def test_the_terms_of_a_model_are_taken(client):
    wanted = MarketplaceSubscription(name="smol-terms", model_id=MODEL)

    taken = client.marketplace_subscriptions.begin_create_or_update(wanted).result()

    assert (taken.status, taken.marketplace_plan.publisher_id) == ("subscribed", "hugging-face")
    assert [each.name for each in client.marketplace_subscriptions.list()] == ["smol-terms"]
    client.marketplace_subscriptions.begin_delete("smol-terms").result()
    assert list(client.marketplace_subscriptions.list()) == []


def test_a_serverless_endpoint_answers_until_it_is_deleted(client):
    made = client.serverless_endpoints.begin_create_or_update(ServerlessEndpoint(name="smol2", model_id=MODEL)).result()
    keys = client.serverless_endpoints.get_keys("smol2")

    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}).encode()
    headers = {"Authorization": f"Bearer {keys.primary_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{made.scoring_uri}/chat/completions", body, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert json.load(answer)["usage"]["completion_tokens"] <= 4
    assert client.serverless_endpoints.get("smol2").model_id == MODEL
    # Its begin_regenerate_keys fails by itself, before it asks: it passes on a name that nobody takes.
    client.serverless_endpoints.begin_delete("smol2").result()
    with pytest.raises(HttpResponseError):
        client.serverless_endpoints.get("smol2")


def test_a_model_without_weights_says_how_to_get_them(client):
    with pytest.raises(HttpResponseError, match="smalt catalog import-model -n phi-4"):
        client.serverless_endpoints.begin_create_or_update(
            ServerlessEndpoint(name="phi", model_id="azureml://registries/azureml/models/phi-4")
        )


def test_a_fine_tuning_job_is_submitted_and_read_back(client):
    job = create_finetuning_job(
        task=FineTuningTaskType.CHAT_COMPLETION,
        training_data=f"{os.environ['DATA']}/train.jsonl",
        validation_data=f"{os.environ['DATA']}/validation.jsonl",
        model=MODEL,
        hyperparameters={"apply_lora": "true", "num_train_epochs": "1", "per_device_train_batch_size": "4"},
        output_model_name_prefix="smol-official",
        display_name="official",
    )

    submitted = client.jobs.create_or_update(job)
    found = client.jobs.get(submitted.name)

    assert found.task == "ChatCompletion" or found.task == "chatCompletion"
    assert found.hyperparameters["apply_lora"] == "true"
    assert found.outputs["registered_model"].name == "smol-official"
    client.jobs.begin_cancel(submitted.name).result()
