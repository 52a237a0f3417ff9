"""Packages: an environment that knows the model and the script that it serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.serving.conftest import Place

SCORE = """
import os, pathlib
def init():
    global text
    (file,) = pathlib.Path(os.environ["AZUREML_MODEL_DIR"]).rglob("weights.txt")
    text = file.read_text()
def run(body):
    return f"{os.environ['WHO']}: {text}"
"""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[Place]:
    """A server with a model, version 1, and an environment for scripts."""
    place = Place(tmp_path_factory.mktemp("server") / "home", environments)
    uploaded = place.code("kept", name="weights.txt")
    path = place.call("GET", uploaded.removeprefix(place.scope))["properties"]["codeUri"]
    place.call("PUT", "/models/iris/versions/1", {"properties": {"modelUri": path, "modelType": "custom_model"}})
    place.call("PUT", "/environments/plain/versions/1", {"properties": {"image": "python"}})
    yield place
    place.end()


def packed(place: Place, *, status: int = 200, **changes: Any) -> Any:
    """The answer to a request for a package of that model with that environment."""
    body = {
        "targetEnvironmentId": f"azureml:/{place.scope}/environments/iris-package",
        "baseEnvironmentSource": {
            "baseEnvironmentSourceType": "EnvironmentAsset",
            "resourceId": f"azureml:/{place.scope}/environments/plain/versions/1",
        },
        "inferencingServer": {
            "serverType": "AzureMLOnline",
            "codeConfiguration": {"codeId": f"azureml:/{place.code(SCORE)}", "scoringScript": "score.py"},
        },
        "environmentVariables": {"WHO": "the package"},
        "tags": {"team": "blue"},
        **changes,
    }
    return place.call("POST", "/models/iris/versions/1/package", body, status=status)


def test_a_package_is_all_that_a_deployment_names(stocked: Place) -> None:
    made = packed(stocked)
    named = f"/environments/iris-package/versions/{made['targetEnvironmentVersion']}"
    assert made["targetEnvironmentId"].endswith(named)
    assert made["buildState"] == "Succeeded"

    stocked.endpoint()
    shown = stocked.call(
        "PUT",
        "/onlineEndpoints/ep/deployments/blue",
        {
            "location": "local",
            "sku": {"name": "Default", "capacity": 1},
            "properties": {"endpointComputeType": "Managed", "environmentId": "azureml:iris-package@latest"},
        },
    )
    stocked.come_up()

    (address,) = stocked.workers()
    assert stocked.ask(address) == "the package: kept"
    assert shown["properties"]["model"].endswith("/models/iris/versions/1")
    assert shown["properties"]["codeConfiguration"]["scoringScript"] == "score.py"


def test_its_environment_is_a_version_like_others_that_tells_what_is_in_it(stocked: Place) -> None:
    first, second = packed(stocked)["targetEnvironmentVersion"], packed(stocked)["targetEnvironmentVersion"]

    assert int(second) == int(first) + 1
    shown = stocked.call("GET", f"/environments/iris-package/versions/{second}")["properties"]
    assert (shown["image"], shown["tags"]) == ("python", {"team": "blue"})
    package = json.loads(shown["properties"]["smalt.package"])
    assert package["model"].endswith("/models/iris/versions/1")
    assert package["base"].endswith("/environments/plain/versions/1")


def test_variables_of_the_deployment_win_and_a_model_of_its_own_leaves_the_software(stocked: Place) -> None:
    packed(stocked)
    stocked.endpoint("own")

    own = stocked.deployment(
        "mine", endpoint="own", text=SCORE, environmentId="azureml:iris-package@latest",
        model=f"{stocked.scope}/models/iris/versions/1",
    )  # fmt: skip
    by_package = stocked.call(
        "PUT",
        "/onlineEndpoints/own/deployments/packed",
        {
            "location": "local",
            "properties": {
                "endpointComputeType": "Managed",
                "environmentId": "azureml:iris-package@latest",
                "environmentVariables": {"MORE": "1", "WHO": "mine"},
            },
        },
    )

    assert own["properties"]["environmentVariables"] == {"WHO": "mine"}
    assert by_package["properties"]["environmentVariables"] == {"WHO": "mine", "MORE": "1"}


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"inferencingServer": {"serverType": "AzureMLOnline"}}, "inferencing_server.code_configuration"),
        ({"baseEnvironmentSource": None}, "base_environment_source"),
        ({"baseEnvironmentSource": {"resourceId": None}}, "base_environment_source.resource_id"),
        ({"inferencingServer": {"serverType": "Triton"}}, "inferencing_server.type"),
        ({"inputs": [{"inputType": "UriFile", "path": {"inputPathType": "Url", "url": "x"}}]}, "inputs"),
        ({"targetEnvironmentId": "azureml://datastores/x/paths/y"}, "targetEnvironmentId"),
        ({"targetEnvironmentName": None}, "targetEnvironmentId"),
    ],
)
def test_what_cannot_be_packed_is_refused_by_the_name_of_its_field(
    stocked: Place, changes: dict[str, Any], target: str
) -> None:
    body = {"targetEnvironmentName": "refused", "targetEnvironmentId": None, **changes}

    error = packed(stocked, status=400, **body)["error"]

    assert target in {error.get("target"), *(each.get("target") for each in error.get("details", ()))}
    assert stocked.call("GET", "/environments/refused/versions")["value"] == []


def test_a_model_that_is_not_there_is_not_found(stocked: Place) -> None:
    body = {"targetEnvironmentName": "x", "inferencingServer": {"serverType": "AzureMLOnline"}}

    assert (
        stocked.call("POST", "/models/other/versions/1/package", body, status=404)["error"]["code"]
        == "ResourceNotFound"
    )
