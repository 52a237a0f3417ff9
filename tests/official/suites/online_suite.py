"""Online endpoints through the official SDK. Runs in the clients' environment; nothing of smalt is imported here."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import pytest
from azure.ai.ml import MLClient, load_online_deployment, load_online_endpoint
from azure.ai.ml.entities import (
    CodeConfiguration,
    DataCollector,
    DeploymentCollection,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    OnlineRequestSettings,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

EXAMPLES = Path(__file__).parents[3] / "examples" / "endpoints" / "online"
SCORE = """
import json, os
def init():
    print("getting ready as", os.environ["WHO"], flush=True)
def run(body):
    return os.environ["WHO"] + " " + json.loads(body)["word"]
"""


@pytest.fixture(scope="module")
def ml() -> MLClient:
    client = MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )
    client.environments.create_or_update(Environment(name="plain", image="python"))
    return client


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("src")
    (folder / "score.py").write_text(SCORE)
    (folder / "ask.json").write_text(json.dumps({"word": "hi"}))
    return folder


@pytest.fixture(scope="module")
def name(ml) -> str:
    made = ml.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=f"e{uuid.uuid4().hex[:8]}", description="says hi", tags={"a": "b"})
    ).result()
    return made.name


def deployment(endpoint: str, name: str, source: Path, who: str) -> ManagedOnlineDeployment:
    return ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        code_configuration=CodeConfiguration(code=str(source), scoring_script="score.py"),
        environment="plain@latest",
        environment_variables={"WHO": who},
        instance_type="Standard_DS3_v2",
        instance_count=1,
        request_settings=OnlineRequestSettings(request_timeout_ms=3000, max_concurrent_requests_per_instance=2),
    )


def test_an_endpoint_lives_its_whole_life(ml, name, source):
    made = ml.online_deployments.begin_create_or_update(deployment(name, "blue", source, "blue")).result()
    assert made.provisioning_state == "Succeeded"
    assert made.request_settings.request_timeout_ms == 3000
    endpoint = ml.online_endpoints.get(name)
    assert (endpoint.auth_mode, endpoint.traffic) == ("key", {"blue": 0})

    endpoint.traffic = {"blue": 100}
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    ask = str(source / "ask.json")
    assert json.loads(ml.online_endpoints.invoke(name, request_file=ask)) == "blue hi"

    ml.online_deployments.begin_create_or_update(deployment(name, "green", source, "green")).result()
    assert json.loads(ml.online_endpoints.invoke(name, deployment_name="green", request_file=ask)) == "green hi"
    endpoint = ml.online_endpoints.get(name)
    endpoint.traffic, endpoint.mirror_traffic = {"blue": 100}, {"green": 20}
    assert ml.online_endpoints.begin_create_or_update(endpoint).result().mirror_traffic == {"green": 20}
    assert sorted(each.name for each in ml.online_deployments.list(name)) == ["blue", "green"]
    assert name in [each.name for each in ml.online_endpoints.list()]


def test_a_deployment_is_updated_in_place(ml, name, source):
    changed = ml.online_deployments.get("blue", name)
    changed.environment_variables = {"WHO": "navy"}

    ml.online_deployments.begin_create_or_update(changed).result()

    # The client goes on sending the name of a deployment that it was once given, so it is given here.
    answer = ml.online_endpoints.invoke(name, deployment_name="blue", request_file=str(source / "ask.json"))
    assert json.loads(answer) == "navy hi"


def test_the_log_is_read(ml, name):
    assert "getting ready as navy" in ml.online_deployments.get_logs("blue", name, lines=50)
    ml.online_deployments.get_logs("blue", name, lines=50, container_type="storage-initializer")


def test_keys_are_made_anew(ml, name):
    before = ml.online_endpoints.get_keys(name)

    ml.online_endpoints.begin_regenerate_keys(name, key_type="secondary").result()

    after = ml.online_endpoints.get_keys(name)
    assert before.primary_key == after.primary_key
    assert before.secondary_key != after.secondary_key


def test_callers_come_with_tokens(ml, source):
    name = f"t{uuid.uuid4().hex[:8]}"
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="aml_token")).result()
    ml.online_deployments.begin_create_or_update(deployment(name, "only", source, "one")).result()
    ask = str(source / "ask.json")

    by_aml = ml.online_endpoints.invoke(name, deployment_name="only", request_file=ask)
    endpoint = ml.online_endpoints.get(name)
    endpoint.auth_mode = "aad_token"
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    by_aad = ml.online_endpoints.invoke(name, deployment_name="only", request_file=ask)

    assert [json.loads(by_aml), json.loads(by_aad)] == ["one hi", "one hi"]
    ml.online_endpoints.begin_delete(name).result()


def test_an_mlflow_model_needs_no_code(ml):
    folder = EXAMPLES / "mlflow"
    name = f"m{uuid.uuid4().hex[:8]}"
    endpoint = load_online_endpoint(folder / "endpoint.yml", params_override=[{"name": name}])
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    given = load_online_deployment(folder / "deployment.yml", params_override=[{"endpoint_name": name}])
    given.data_collector = DataCollector(collections={"request": DeploymentCollection(enabled="true")})

    ml.online_deployments.begin_create_or_update(given).result()

    answer = ml.online_endpoints.invoke(name, deployment_name="blue", request_file=str(folder / "request.json"))
    assert json.loads(answer) == ["setosa", "virginica"]
    assert ml.online_deployments.get("blue", name).data_collector.collections["request"].enabled == "true"
    ml.online_endpoints.begin_delete(name).result()


def test_a_script_that_fails_is_told(ml, name, source, tmp_path):
    (tmp_path / "score.py").write_text("def init():\n    raise ValueError('no model here')\ndef run(body): pass\n")

    with pytest.raises(HttpResponseError, match="no model here"):
        ml.online_deployments.begin_create_or_update(deployment(name, "red", tmp_path, "red")).result()

    assert ml.online_deployments.get("red", name).provisioning_state == "Failed"


def test_a_deployment_with_traffic_is_not_deleted_and_an_endpoint_goes_as_a_whole(ml, name):
    with pytest.raises(HttpResponseError, match="gets traffic"):
        ml.online_deployments.begin_delete("blue", name).result()

    ml.online_deployments.begin_delete("red", name).result()
    ml.online_endpoints.begin_delete(name).result()

    with pytest.raises(ResourceNotFoundError):
        ml.online_endpoints.get(name)
