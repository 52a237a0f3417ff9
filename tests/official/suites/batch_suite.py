"""Batch endpoints through the official SDK. Runs in the clients' environment; nothing of smalt is imported here."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, load_batch_endpoint
from azure.ai.ml.entities import BatchEndpoint, ModelBatchDeployment, ModelBatchDeploymentSettings
from azure.ai.ml.entities._load_functions import (  # what `az ml batch-deployment create` calls
    load_model_batch_deployment,
    load_pipeline_component_batch_deployment,
)
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential

EXAMPLES = Path(__file__).parents[3] / "examples" / "endpoints" / "batch"
MODEL = EXAMPLES / "model" / "deployment.yml"
PIPELINE = EXAMPLES / "pipeline" / "deployment.yml"


@pytest.fixture(scope="module")
def ml() -> MLClient:
    return MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )


def endpoint(ml: MLClient) -> str:
    name = f"b{uuid.uuid4().hex[:8]}"
    ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name=name, description="of many")).result()
    return name


def completed(ml: MLClient, name: str) -> None:
    ml.jobs.stream(name)
    assert ml.jobs.get(name).status == "Completed"


def test_a_model_scores_a_folder_and_the_rows_are_downloaded(ml, tmp_path):
    name = endpoint(ml)
    given = load_model_batch_deployment(
        EXAMPLES / "model" / "deployment.yml", params_override=[{"endpoint_name": name}]
    )
    made = ml.batch_deployments.begin_create_or_update(given).result()
    found = ml.batch_endpoints.get(name)
    found.defaults.deployment_name = made.name
    ml.batch_endpoints.begin_create_or_update(found).result()

    job = ml.batch_endpoints.invoke(
        name, input=Input(type="uri_folder", path=str(EXAMPLES / "model" / "flowers")), experiment_name="batches"
    )

    completed(ml, job.name)
    (scoring,) = ml.jobs.list(parent_job_name=job.name)
    ml.jobs.download(scoring.name, download_path=tmp_path, output_name="score")
    rows = sorted((tmp_path / "named-outputs" / "score" / "names.csv").read_text().splitlines())
    assert rows == ["a.csv,0,setosa", "a.csv,1,setosa", "b.csv,0,versicolor", "c.csv,0,virginica"]
    assert [each.name for each in ml.batch_endpoints.list_jobs(name)] == [job.name]
    assert [each.name for each in ml.batch_deployments.list_jobs(name, name=made.name)] == [job.name]
    assert ml.jobs.get(job.name).experiment_name == "batches"


def test_settings_come_back_and_change(ml):
    name = endpoint(ml)
    given = load_model_batch_deployment(
        EXAMPLES / "model" / "deployment.yml", params_override=[{"endpoint_name": name}]
    )
    ml.batch_deployments.begin_create_or_update(given).result()
    first = ml.batch_deployments.get("rules", name)

    changed = ModelBatchDeployment(
        name="rules",
        endpoint_name=name,
        model=first.model,
        code_configuration=first.code_configuration,
        environment=first.environment,
        compute=first.compute,
        settings=ModelBatchDeploymentSettings(mini_batch_size=7, output_action="summary_only", error_threshold=2),
    )
    ml.batch_deployments.begin_create_or_update(changed).result()

    again = ml.batch_deployments.get("rules", name)
    assert (first.mini_batch_size, first.output_action, first.retry_settings.timeout) == (2, "append_row", 60)
    assert (again.mini_batch_size, again.output_action, again.error_threshold) == (7, "summary_only", 2)
    assert [each.name for each in ml.batch_deployments.list(name)] == ["rules"]


def test_a_pipeline_runs_with_named_inputs(ml, tmp_path):
    name = endpoint(ml)
    given = load_pipeline_component_batch_deployment(PIPELINE, params_override=[{"endpoint_name": name}])
    ml.batch_deployments.begin_create_or_update(given).result()

    job = ml.batch_endpoints.invoke(
        name,
        deployment_name="words",
        inputs={
            "texts": Input(type="uri_folder", path=str(EXAMPLES / "pipeline" / "texts")),
            "shortest": Input(type="integer", default=4),
        },
    )

    completed(ml, job.name)
    ml.jobs.download(job.name, download_path=tmp_path, output_name="counts")
    assert (tmp_path / "named-outputs" / "counts" / "counts.json").read_text() == '{"land": 1}'


def test_an_endpoint_goes_with_its_deployments(ml):
    name = endpoint(ml)
    loaded = load_batch_endpoint(EXAMPLES / "model" / "endpoint.yml", params_override=[{"name": name}])
    ml.batch_endpoints.begin_create_or_update(loaded).result()
    assert name in [each.name for each in ml.batch_endpoints.list()]

    ml.batch_endpoints.begin_delete(name).result()

    with pytest.raises(ResourceNotFoundError):
        ml.batch_endpoints.get(name)
