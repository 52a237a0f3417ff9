"""Batch endpoints over HTTP: what calls become, how jobs are listed, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server.main import build
from smalt.server.settings import Settings


class Place:
    """A server over a home folder; no loop turns."""

    def __init__(self, home: Path) -> None:
        self.server = build(Settings(home=home))
        assert self.server.owner is not None
        group = f"/subscriptions/{self.server.subscription}/resourceGroups/smalt"
        self.scope = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"
        headers = {"Authorization": f"Bearer {self.server.owner.token}"}
        self.client = TestClient(self.server.app, headers=headers, base_url="http://localhost")

    def call(self, method: str, path: str, body: Any = None, *, status: int | None = None, **headers: str) -> Any:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.client.request(method, self.scope + path, json=body, headers=named)
        assert answer.status_code == status if status else answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    def deploy(self, name: str = "rules", **properties: Any) -> None:
        self.call("PUT", "/batchEndpoints/ep", {"properties": {"authMode": "AADToken"}})
        self.call("PUT", "/environments/plain/versions/1", {"properties": {"image": "python"}})
        model = {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/some/rules"}
        self.call("PUT", "/models/m/versions/1", {"properties": model})
        code = {"codeUri": "azureml://datastores/workspaceblobstore/paths/src"}
        self.call("PUT", "/codes/c/versions/1", {"properties": code})
        body = {
            "model": {"referenceType": "Id", "assetId": f"{self.scope}/models/m/versions/1"},
            "codeConfiguration": {"codeId": f"{self.scope}/codes/c/versions/1", "scoringScript": "score.py"},
            "environmentId": f"{self.scope}/environments/plain/versions/1",
            "compute": f"{self.scope}/computes/local",
            "miniBatchSize": 5,
            "outputFileName": "rows.csv",
            "retrySettings": {"maxRetries": 1, "timeout": "PT30S"},
            **properties,
        }
        self.call("PUT", f"/batchEndpoints/ep/deployments/{name}", {"properties": body})

    def invoke(self, properties: Any, *, status: int = 201, **headers: str) -> Any:
        return self.call("POST", "/batchEndpoints/ep/jobs", {"properties": properties}, status=status, **headers)

    def step(self, name: str) -> Any:
        """The component of the step that scores."""
        job = self.call("GET", f"/jobs/{name}")["properties"]
        component = job["jobs"]["batchscoring"]["componentId"]
        return self.client.get(component).json()["properties"]["componentSpec"]


FOLDER = {"jobInputType": "UriFolder", "uri": "azureml://datastores/workspaceblobstore/paths/data/"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "home")
    yield found
    found.server.close()


def test_a_call_of_a_model_is_a_pipeline_with_one_parallel_step(place):
    place.deploy()

    made = place.invoke({"inputData": {"flowers": FOLDER}}, azureml_model_deployment="rules")

    job = place.call("GET", f"/jobs/{made['name']}")["properties"]
    spec = place.step(made["name"])
    assert (job["jobType"], job["experimentName"]) == ("Pipeline", "ep")
    assert job["inputs"]["flowers"]["uri"] == FOLDER["uri"]
    assert job["properties"] | {"x": "y"} == job["properties"] | {"x": "y", "azureml.batchdeployment": "rules"}
    assert (spec["mini_batch_size"], spec["task"]["entry_script"], spec["retry_settings"]["timeout"]) == (
        "5", "score.py", 30,
    )  # fmt: skip
    assert spec["environment_variables"]["SMALT_BATCH_MODEL_PLACE"] == "m/1/rules"
    assert spec["environment_variables"]["SMALT_BATCH_FILE"] == "rows.csv"


def test_a_call_may_have_settings_of_its_own_in_any_spelling(place):
    place.deploy()
    asked = {
        "InputData": {"x": {"JobInputType": "UriFile", "Uri": "azureml://datastores/workspaceblobstore/paths/a.csv"}},
        "OutputData": {
            "score": {"JobOutputType": "UriFile", "Uri": "azureml://datastores/workspaceblobstore/paths/out/o.csv"}
        },
        "MiniBatchSize": 2,
        "errorThreshold": 7,
        "compute": {"instanceCount": 3},
        "properties": {"experimentName": "mine"},
        "name": "called",
    }

    made = place.invoke(asked, azureml_model_deployment="rules")

    job, spec = place.call("GET", "/jobs/called")["properties"], place.step("called")
    assert made["name"] == "called"
    assert (spec["mini_batch_size"], spec["error_threshold"], spec["resources"]["instance_count"]) == ("2", 7, 3)
    assert spec["environment_variables"]["SMALT_BATCH_FILE"] == "o.csv"
    assert job["outputs"]["score"]["uri"].endswith("/out/")
    assert job["experimentName"] == "mine"


def test_the_default_deployment_is_called_and_a_repeated_call_begins_one_job(place):
    place.deploy()
    assert "no default" in place.invoke({"inputData": {"x": FOLDER}}, status=400)["error"]["message"]
    body = {"properties": {"authMode": "AADToken", "defaults": {"deploymentName": "rules"}}}
    place.call("PUT", "/batchEndpoints/ep", body)
    same = {"repeatability_request_id": "5a4b8ad0-6f0a-4f0a-8a4e-0d5c3f0f5a11"}

    first = place.invoke({"inputData": {"x": FOLDER}}, **same)
    second = place.invoke({"inputData": {"x": FOLDER}}, status=200, **same)

    assert first["name"] == second["name"]
    for prefix in ("", "/mferp/managementfrontend"):
        listed = place.client.get(f"{prefix}{place.scope}/batchEndpoints/ep/jobs").json()["value"]
        assert [each["name"] for each in listed] == [first["name"]]
        below = place.client.get(f"{prefix}{place.scope}/batchEndpoints/ep/deployments/rules/jobs").json()["value"]
        assert [each["name"] for each in below] == [first["name"]]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "has: none"),
        ({"inputData": {"a": FOLDER, "b": FOLDER}}, "has: a, b"),
        ({"inputData": {"a": {"jobInputType": "Castle", "uri": "x"}}}, "cannot be read"),
        ({"inputData": []}, "no object"),
        ({"inputData": {"a": FOLDER}, "miniBatchSize": "many"}, "no whole number"),
    ],
)
def test_a_call_that_cannot_be_is_refused(place, asked, told):
    place.deploy()

    refused = place.invoke(asked, status=400, azureml_model_deployment="rules")

    assert told in refused["error"]["message"]


def test_a_default_that_is_not_there_is_refused_and_one_that_goes_is_forgotten(place):
    place.deploy()
    missing = {"properties": {"authMode": "AADToken", "defaults": {"deploymentName": "nobody"}}}
    assert "nobody" in place.call("PUT", "/batchEndpoints/ep", missing, status=400)["error"]["message"]
    place.call("PATCH", "/batchEndpoints/ep", {"properties": {"defaults": {"deploymentName": "rules"}}})

    place.call("DELETE", "/batchEndpoints/ep/deployments/rules")

    shown = place.call("GET", "/batchEndpoints/ep")["properties"]
    assert shown["defaults"] == {"deploymentName": None}
    assert shown["scoringUri"].endswith(f"{place.scope}/batchEndpoints/ep/jobs")
    place.call("DELETE", "/batchEndpoints/ep")
    assert place.call("GET", "/batchEndpoints")["value"] == []


def test_a_component_that_is_no_pipeline_is_refused(place):
    place.deploy()
    spec = {"name": "c", "version": "1", "type": "command", "command": "true", "environment": "azureml:plain:1"}
    place.call("PUT", "/components/c/versions/1", {"properties": {"componentSpec": spec}})
    body = {
        "deploymentConfiguration": {
            "deploymentConfigurationType": "PipelineComponent",
            "componentId": {"referenceType": "Id", "assetId": f"{place.scope}/components/c/versions/1"},
        }
    }

    refused = place.call("PUT", "/batchEndpoints/ep/deployments/p", {"properties": body}, status=400)

    assert "runs pipelines" in refused["error"]["message"]
