"""From data to jobs to models to endpoints, and back."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

COMMAND = {
    "jobType": "Command",
    "command": "cat ${{inputs.table}}",
    "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
    "experimentName": "lineage",
}


@pytest.fixture(scope="module")
def made(server):
    """A table that a job has read, which made a model, which an endpoint serves."""
    owner = TestClient(
        server.app, base_url="http://127.0.0.1:8787", headers={"Authorization": f"Bearer {server.owner.token}"}
    )
    group = f"/subscriptions/{server.subscription}/resourceGroups/smalt"
    scope = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"

    def put(path, properties, **beside):
        answer = owner.put(scope + path, json={"properties": properties, **beside})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    workspace = owner.get(scope).json()["properties"]["workspaceId"]
    container = owner.get(f"{scope}/datastores/workspaceblobstore").json()["properties"]["containerName"]
    for path in ("tables/one.csv", "rules/score.json"):
        owner.put(f"/blob/{workspace}/{container}/{path}", content=b"1", headers={"x-ms-blob-type": "BlockBlob"})
    base = "azureml://datastores/workspaceblobstore/paths"
    table = put("/data/table/versions/1", {"dataType": "uri_file", "dataUri": f"{base}/tables/one.csv"})
    put("/data/other/versions/1", {"dataType": "uri_file", "dataUri": f"{base}/tables/one.csv"})
    inputs = {"table": {"jobInputType": "uri_file", "uri": table["id"]}}
    put("/jobs/reads_it", {**COMMAND, "displayName": "Reads it", "inputs": inputs})
    model = put(
        "/models/rules/versions/1",
        {"modelType": "custom_model", "modelUri": f"{base}/rules", "jobName": "reads_it"},
    )
    put("/environments/plain/versions/1", {"image": "python"})
    code = put("/codes/c/versions/1", {"codeUri": f"{base}/rules"})
    put("/onlineEndpoints/ep", {"authMode": "Key", "properties": {}}, location="local")
    put(
        "/onlineEndpoints/ep/deployments/blue",
        {
            "endpointComputeType": "Managed",
            "model": model["id"],
            "environmentId": f"{scope}/environments/plain/versions/1",
            "codeConfiguration": {"codeId": code["id"], "scoringScript": "score.py"},
        },
        location="local",
    )
    return owner, scope


@pytest.mark.parametrize(
    "asked",
    ["kind=data&name=table&version=1", "kind=jobs&name=reads_it", "kind=models&name=rules&version=1"],
)
def test_the_whole_way_is_seen_from_everywhere_on_it(made, asked):
    owner, scope = made

    found = owner.get(f"{scope}/smalt/lineage?{asked}").json()

    assert {(each["from"], each["to"]) for each in found["edges"]} == {
        ("data/table/1", "jobs/reads_it"),
        ("jobs/reads_it", "models/rules/1"),
        ("models/rules/1", "onlineEndpoints/ep"),
    }
    titles = {each["id"]: each["title"] for each in found["nodes"]}
    assert titles["jobs/reads_it"] == "Reads it"


def test_what_nothing_was_made_of_stands_alone(made):
    owner, scope = made

    found = owner.get(f"{scope}/smalt/lineage?kind=data&name=other&version=1").json()

    assert [each["id"] for each in found["nodes"]] == ["data/other/1"]
    assert found["edges"] == []


@pytest.mark.parametrize(("asked", "status"), [("kind=data&name=no&version=1", 404), ("kind=computes&name=x", 400)])
def test_what_has_no_lineage_is_refused(made, asked, status):
    owner, scope = made

    assert owner.get(f"{scope}/smalt/lineage?{asked}").status_code == status
