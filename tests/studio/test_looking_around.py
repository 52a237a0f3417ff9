"""Search, files and filters: what the pages look things up with."""

from __future__ import annotations

import io
import time
import uuid
import zipfile

import pytest

NOW_NS = time.time_ns()
COMMAND = {
    "jobType": "Command",
    "command": "echo hello",
    "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
    "experimentName": "greetings",
}


@pytest.fixture
def job(owner, scope) -> str:
    """A job that no loop ever starts."""
    answer = owner.put(f"{scope}/jobs/hello_one", json={"properties": {**COMMAND, "displayName": "Say hello 100%"}})
    assert answer.status_code in {200, 201}, answer.text
    return "hello_one"


@pytest.fixture
def model(owner, scope) -> str:
    """A model of two files."""
    workspace = owner.get(scope).json()["properties"]["workspaceId"]
    container = owner.get(f"{scope}/datastores/workspaceblobstore").json()["properties"]["containerName"]
    for path in ("models/greeter/MLmodel", "models/greeter/data/weights.bin"):
        owner.put(f"/blob/{workspace}/{container}/{path}", content=b"abc", headers={"x-ms-blob-type": "BlockBlob"})
    uri = "azureml://datastores/workspaceblobstore/paths/models/greeter"
    body = {"properties": {"modelType": "custom_model", "modelUri": uri}}
    answer = owner.put(f"{scope}/models/greeter/versions/1", json=body)
    assert answer.status_code in {200, 201}, answer.text
    return "greeter"


def test_search_finds_jobs_and_assets_whatever_the_case(owner, scope, job, model):
    found = owner.get(f"{scope}/smalt/search?q=GREET").json()["value"]

    assert {(each["kind"], each["name"]) for each in found} == {("jobs", job), ("models", model)}


def test_search_finds_flows_schedules_computes_connections_and_traces(owner, scope):
    owner.put(f"{scope}/smalt/flows/saluter", json={"template": "chat", "displayName": "Says something"})
    cluster = {"computeType": "AmlCompute", "properties": {"vmSize": "x"}}
    owner.put(f"{scope}/computes/salute-cluster", json={"location": "local", "properties": cluster})
    key = {"category": "CustomKeys", "target": "-", "authType": "CustomKeys", "credentials": {"keys": {"a": "b"}}}
    owner.put(f"{scope}/connections/salutes", json={"properties": key})
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "salute somebody", "startTimeUnixNano": NOW_NS}
    owner.post(f"{scope}/smalt/traces/v1/traces", json={"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})

    found = owner.get(f"{scope}/smalt/search?q=salut").json()["value"]

    assert {(each["kind"], each["name"]) for each in found} == {
        ("flows", "saluter"),
        ("computes", "salute-cluster"),
        ("connections", "salutes"),
        ("traces", "ab" * 16),
    }


def test_search_finds_files_of_people_datastores_and_models_that_could_be_brought_in(owner, scope):
    owner.put(f"{scope}/smalt/notebooks/files/Users/ada/phi/notes.ipynb", json={})
    blob = {
        "datastoreType": "AzureBlob",
        "accountName": "a",
        "containerName": "c",
        "credentials": {"credentialsType": "None"},
    }
    owner.put(f"{scope}/datastores/phi_store", json={"properties": blob}).raise_for_status()

    found = owner.get(f"{scope}/smalt/search?q=phi").json()["value"]

    assert ("notebookFiles", "Users/ada/phi/notes.ipynb") in {(each["kind"], each["name"]) for each in found}
    assert ("datastores", "phi_store") in {(each["kind"], each["name"]) for each in found}
    assert ("catalog", "phi-4") in {(each["kind"], each["name"]) for each in found}


def test_files_behind_a_reference_come_as_one_archive(owner, scope, model):
    answer = owner.get(f"{scope}/smalt/archive?uri={scope}/models/greeter/versions/1")

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {name: archive.read(name) for name in archive.namelist()} == {"MLmodel": b"abc", "data/weights.bin": b"abc"}
    assert "greeter.zip" in answer.headers["content-disposition"]


def test_an_archive_of_nothing_says_so(owner, scope, model):
    answer = owner.get(f"{scope}/smalt/archive?uri={scope}/models/greeter/versions/1&path=nowhere")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_search_takes_signs_for_themselves(owner, scope, job):
    assert [each["name"] for each in owner.get(f"{scope}/smalt/search?q=100%25").json()["value"]] == [job]
    assert owner.get(f"{scope}/smalt/search?q=h_llo").json()["value"] == []


def test_search_knows_tags_metrics_endpoints_and_people(owner, scope, job, model):
    owner.patch(f"/history/v1.0{scope}/runs/{job}", json={"tags": {"stage": "審査"}})
    tagged = {"location": "local", "tags": {"team": "search"}, "properties": {"authMode": "Key", "properties": {}}}
    owner.put(f"{scope}/onlineEndpoints/words", json=tagged)
    metrics = {"run_id": job, "key": "accuracy", "value": 0.95, "timestamp": 0, "step": 0}
    owner.post(f"/mlflow/v2.0{scope}/api/2.0/mlflow/runs/log-metric", json=metrics)

    def found(text):
        hits = owner.get(f"{scope}/smalt/search", params={"q": text}).json()["value"]
        return [(each["kind"], each["name"]) for each in hits]

    assert found("stage=審査") == [("jobs", job)]
    assert found("審査") == [("jobs", job)]
    assert found("team=search") == [("onlineEndpoints", "words")]
    assert found("accuracy > 0.9") == [("jobs", job)]
    assert found("accuracy>0.99") == []
    assert ("people", "owner") in found("own")


def test_who_may_not_see_roles_finds_no_people(owner, scope):
    made = owner.post("/smalt/actors", json={"name": "visitor"}).json()
    authorization = f"{scope}/providers/Microsoft.Authorization"
    role = owner.get(f"{authorization}/roleDefinitions?$filter=roleName eq 'AzureML Data Scientist'")
    body = {"properties": {"roleDefinitionId": role.json()["value"][0]["id"], "principalId": made["id"]}}
    owner.put(f"{authorization}/roleAssignments/{uuid.uuid4()}", json=body)
    token = owner.post(f"/smalt/actors/{made['id']}/tokens", json={"name": "t"}).json()["token"]

    hits = owner.get(f"{scope}/smalt/search?q=own", headers={"Authorization": f"Bearer {token}"}).json()["value"]

    assert [each for each in hits if each["kind"] == "people"] == []


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("search=HELLO", True),
        ("search=bye", False),
        ("status=Running,Failed", False),
        ("experimentName=greetings", True),
    ],
)
def test_the_list_of_jobs_is_narrowed_by_the_server(owner, scope, job, query, is_found):
    names = [each["name"] for each in owner.get(f"{scope}/jobs?{query}").json()["value"]]

    assert (job in names) is is_found


def test_an_unknown_status_is_refused_with_those_there_are(owner, scope):
    answer = owner.get(f"{scope}/jobs?status=Sleeping")

    assert answer.status_code == 400
    assert "Running" in answer.json()["error"]["message"]


def test_files_of_a_model_are_listed_folder_by_folder_with_their_addresses(owner, scope, model):
    top = owner.get(f"{scope}/smalt/files", params={"uri": f"{scope}/models/{model}/versions/1"}).json()["value"]
    below = owner.get(f"{scope}/smalt/files", params={"uri": f"{scope}/models/{model}/versions/1", "path": "data"})

    assert [(each["name"], each["isFolder"]) for each in top] == [("data", True), ("MLmodel", False)]
    assert owner.get(below.json()["value"][0]["url"]).content == b"abc"


def test_a_path_out_of_the_folder_is_refused(owner, scope, model):
    uri = f"{scope}/models/{model}/versions/1"

    answer = owner.get(f"{scope}/smalt/files", params={"uri": uri, "path": "../../other"})

    assert answer.status_code == 400


def test_an_environment_says_whether_it_is_built_here(owner, scope):
    owner.put(f"{scope}/environments/plain/versions/1", json={"properties": {"image": "python:3.11"}})

    plain = owner.get(f"{scope}/environments/plain/versions/1/build").json()
    missing = owner.get(f"{scope}/environments/nowhere/versions/1/build")

    assert (plain["state"], plain["packages"]) == ("NotBuilt", [])
    assert missing.status_code == 404
