"""Submitting over ARM: what is accepted, pinned, answered and refused."""

from __future__ import annotations

from smalt.entities.data import Data
from smalt.entities.job.status import JobStatus

URI = "azureml://datastores/workspaceblobstore/paths/table.csv"


def test_a_job_is_answered_with_what_clients_need(plant):
    answer = plant.submit(
        inputs={"lr": {"jobInputType": "literal", "value": "0.1"}},
        outputs={"default": {"jobOutputType": "uri_folder"}, "model": {"jobOutputType": "mlflow_model"}},
        computeId=f"{plant.scope}/computes/cpu-cluster",
        command="train --lr ${{inputs.lr}} --out ${{outputs.model}}",
    )

    assert answer.status_code == 201, answer.text
    properties = answer.json()["properties"]
    assert properties["status"] == "Starting"
    assert properties["services"]["Studio"]["endpoint"]
    assert (properties["tags"], properties["properties"]) == ({}, {})
    assert list(properties["outputs"]) == ["model"]
    assert properties["inputs"]["lr"] == {"jobInputType": "literal", "value": "0.1"}
    assert properties["computeId"].endswith("/computes/cpu-cluster")
    assert answer.json()["id"] == f"{plant.scope}/jobs/one"


def test_references_are_pinned_to_versions(plant):
    for _ in range(2):
        plant.write(lambda work: plant.assets.register(work, plant.house.default, "data", "t", None, Data(path=URI)))

    answer = plant.submit(
        inputs={"t": {"jobInputType": "uri_file", "uri": "azureml:t@latest"}},
        environmentId="azureml:plain@latest",
        command="cat ${{inputs.t}}",
    )

    properties = answer.json()["properties"]
    assert properties["inputs"]["t"]["uri"] == f"{plant.scope}/data/t/versions/2"
    assert properties["environmentId"] == f"{plant.scope}/environments/plain/versions/1"


def test_everything_that_is_wrong_is_said_at_once(plant):
    answer = plant.submit(
        environmentId="azureml:nothing:1",
        computeId="azureml:nowhere",
        codeId="./src",
        inputs={"a": {"jobInputType": "uri_file", "uri": "azureml:missing:3"}},
        command="run ${{inputs.b}}",
    )

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "ValidationError"
    assert [detail["target"] for detail in error["details"]] == [
        "compute", "inputs.a", "environment", "code", "command",
    ]  # fmt: skip
    assert plant.client.get(f"{plant.scope}/jobs/one").status_code == 404


def test_a_type_that_no_kind_runs_is_refused_by_name(plant):
    body = {"properties": {"jobType": "Sweep", "trial": {"command": "x"}, "searchSpace": {},
                           "objective": {"goal": "minimize", "primaryMetric": "m"}}}  # fmt: skip
    answer = plant.client.put(f"{plant.scope}/jobs/s", json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NotSupported")
    assert "'sweep'" in answer.json()["error"]["message"]


def test_a_type_that_needs_more_than_a_server_says_what(plant):
    body = {"properties": {"jobType": "Spark", "codeId": "azureml:c:1", "entry": {"file": "x.py"}, "conf": {}}}

    refused = plant.client.put(f"{plant.scope}/jobs/s", json=body).json()["error"]

    assert refused["message"].startswith("Jobs of type 'spark' need a Spark cluster, which this server does not start.")


def test_the_same_job_again_changes_only_what_may_change(plant):
    plant.submit(tags={"a": "1"})

    answer = plant.submit(tags={"b": "2"}, displayName="Better")

    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"]["tags"] == {"a": "1", "b": "2"}
    assert answer.json()["properties"]["displayName"] == "Better"


def test_a_fetched_job_may_be_sent_back(plant):
    fetched = plant.submit(outputs={"o": None}, environmentId="azureml:plain@latest").json()

    answer = plant.client.put(f"{plant.scope}/jobs/one", json=fetched)

    assert answer.status_code == 200, answer.text


def test_other_content_under_a_taken_name_is_refused(plant):
    plant.submit()

    answer = plant.submit(command="echo other")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "JobAlreadyExists")
    assert "command" in answer.json()["error"]["message"]


def test_a_stale_etag_changes_nothing(plant):
    plant.submit()
    first = plant.client.get(f"{plant.scope}/jobs/one").headers["etag"]
    plant.submit(tags={"a": "1"})

    answer = plant.client.put(f"{plant.scope}/jobs/one", json={"properties": {}}, headers={"If-Match": first})

    assert answer.status_code == 412


def test_lists_are_filtered_and_paged(plant):
    for index in range(5):
        plant.submit(f"job{index}", tags={"even": str(index % 2 == 0)})

    url = f"{plant.scope}/jobs?tag=even=True&$top=2"
    first = plant.client.get(url).json()
    second = plant.client.get(first["nextLink"]).json()

    assert [job["name"] for job in first["value"] + second["value"]] == ["job4", "job2", "job0"]
    assert "nextLink" not in second


def test_only_finished_jobs_are_deleted_or_archived(plant, loop):
    plant.submit()
    refused = plant.client.delete(f"{plant.scope}/jobs/one")
    plant.run_to_end(loop, "one")
    done = plant.client.delete(f"{plant.scope}/jobs/one")

    assert (refused.status_code, done.status_code) == (409, 200)
    assert plant.client.get(f"{plant.scope}/jobs/one").status_code == 404
    assert plant.client.get(f"{plant.scope}/jobs").json()["value"] == []
    assert plant.submit().status_code == 409


def test_two_callers_submit_one_job(plant):
    assert [plant.submit().status_code, plant.submit().status_code] == [201, 200]
    assert plant.record("one").status is JobStatus.STARTING
