"""Artifacts through the server, logged models, and the registry on top of both."""

from __future__ import annotations

import pytest

FILES = "/mlflow/default/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def logged(ask, client, new_run):
    """A run, and a logged model of it with one file."""
    run = new_run()
    made = ask("POST", "/logged-models", {"experiment_id": "0", "name": "tree", "source_run_id": run})
    info = made["model"]["info"]
    root = info["artifact_uri"].removeprefix("mlflow-artifacts:")
    assert client.put(FILES + root + "/MLmodel", content=b"flavors: {}").status_code == 200
    return run, info["model_id"]


def test_a_file_goes_up_is_listed_and_comes_down(client, ask, new_run):
    run = new_run()
    path = f"{FILES}/ExperimentRun/dcid.{run}/plots/ä b.txt"

    client.put(path, content=b"hello").raise_for_status()

    folder = ask("GET", "/artifacts/list", {"run_id": run})["files"]
    listed = ask("GET", "/artifacts/list", {"run_id": run, "path": "plots"})["files"]
    assert folder == [{"path": "plots", "is_dir": True}]
    assert listed == [{"path": "plots/ä b.txt", "is_dir": False, "file_size": 5}]
    assert client.get(path).content == b"hello"
    client.delete(path).raise_for_status()
    assert client.get(path).json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2fetc%2fpasswd",
        "a/%2e%2e/%2e%2e/b",
        "%252e%252e%252fb",
        "a%5c..%5cb",
        "%2fetc%2fpasswd",
        "a%00b",
        "one",
    ],
)
def test_a_path_that_leads_outside_is_refused(client, path):
    for method in ("GET", "PUT", "DELETE"):
        answer = client.request(method, f"{FILES}/{path}")

        assert answer.status_code in {400, 404}, answer.text
    assert client.get(FILES, params={"path": "../.."}).status_code == 400


def test_a_logged_model_is_finished_tagged_measured_and_found(ask, logged):
    run, model_id = logged
    path = f"/logged-models/{model_id}"
    ask("PATCH", path, {"model_id": model_id, "status": "LOGGED_MODEL_READY"})
    ask("PATCH", path + "/tags", {"tags": [{"key": "kind", "value": "tree"}]})
    ask("POST", path + "/params", {"params": [{"key": "depth", "value": "3"}]})
    point = {"run_id": run, "key": "f1", "value": 0.9, "timestamp": 1, "model_id": model_id, "dataset_name": "iris"}
    ask("POST", "/runs/log-metric", point)

    def search(**wanted):
        found = ask("POST", "/logged-models/search", {"experiment_ids": ["0"], **wanted})["models"]
        return [model["info"]["model_id"] for model in found]

    assert search(filter="metrics.f1 > 0.5 AND params.depth = '3' AND tags.kind = 'tree'") == [model_id]
    assert search(filter="metrics.f1 > 0.5", datasets=[{"dataset_name": "other"}]) == []
    assert search(order_by=[{"field_name": "metrics.f1", "ascending": False}]) == [model_id]
    ask("DELETE", path, {})
    assert search() == []
    ask("GET", path, status=404)


def test_a_model_is_registered_from_a_run_aliased_and_staged(ask, client, new_run):
    run = new_run()
    client.put(f"{FILES}/ExperimentRun/dcid.{run}/model/MLmodel", content=b"x").raise_for_status()
    ask("POST", "/registered-models/create", {"name": "iris", "description": "flowers"})
    for _ in range(2):
        wanted = {"name": "iris", "source": f"runs:/{run}/model"}
        version = ask("POST", "/model-versions/create", wanted)["model_version"]
    ask("POST", "/registered-models/alias", {"name": "iris", "alias": "champion", "version": "1"})
    for number in ("1", "2"):
        ask("POST", "/model-versions/transition-stage",
            {"name": "iris", "version": number, "stage": "production", "archive_existing_versions": True})  # fmt: skip

    champion = ask("GET", "/registered-models/alias", {"name": "iris", "alias": "champion"})["model_version"]
    where = ask("GET", "/model-versions/get-download-uri", {"name": "iris", "version": "1"})["artifact_uri"]
    found = ask("GET", "/model-versions/search", {"filter": f"run_id = '{run}' and name = 'iris'"})["model_versions"]

    assert (version["version"], version["run_id"], version["status"]) == ("2", run, "READY")
    assert (champion["version"], champion["aliases"], champion["current_stage"]) == ("1", ["champion"], "Archived")
    assert where == f"mlflow-artifacts:/ExperimentRun/dcid.{run}/model"
    assert [one["version"] for one in found] == ["2", "1"]


def test_a_logged_model_is_registered_by_the_name_its_run_gave_it(ask, logged):
    run, model_id = logged
    ask("POST", "/registered-models/create", {"name": "tree"})

    for source in (f"models:/{model_id}", f"runs:/{run}/tree"):
        version = ask("POST", "/model-versions/create", {"name": "tree", "source": source})["model_version"]
        wanted = {"name": "tree", "version": version["version"]}
        where = ask("GET", "/model-versions/get-download-uri", wanted)["artifact_uri"]
        assert where == f"mlflow-artifacts:/LoggedModels/{model_id}"


@pytest.mark.parametrize(
    "source", ["file:///etc", "/etc/passwd", "./model", "C:\\model", "runs:/none/model", "mlflow-artifacts:/../../x"]
)
def test_a_source_that_cannot_be_meant_is_refused(ask, source):
    ask("POST", "/registered-models/create", {"name": "m"})
    answered = ask(
        "POST", "/model-versions/create", {"name": "m", "source": source}, status=404 if "none" in source else 400
    )

    assert answered["message"]


def test_a_prompt_is_a_registered_model_without_files(ask):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "Hi {{name}}"}]
    ask("POST", "/registered-models/create", {"name": "hello", "tags": tags[:1]})

    version = ask("POST", "/model-versions/create", {"name": "hello", "source": "prompt-template", "tags": tags})
    models = ask("GET", "/registered-models/search", {"filter": "tags.`mlflow.prompt.is_prompt` != 'true'"})

    assert version["model_version"]["tags"] == tags
    assert models["registered_models"] == []
