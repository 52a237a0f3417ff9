"""What the token of a running job opens: its own run and what it has made, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smalt.server.work import SYSTEM

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = "/mlflow/default/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def jobs(tracking):
    """The runs of two jobs."""
    with tracking.works.write(SYSTEM) as work:
        for name in ("job-1", "job-2"):
            tracking.service.start_run(
                work,
                tracking.workspace.space,
                run_id=name,
                experiment_name="training",
                display_name=name,
                user="ali",
                started_at=NOW,
                tags={"team": "a"},
                properties={"azureml.git.dirty": "False"},
            )


@pytest.mark.usefixtures("jobs")
def test_a_job_writes_its_own_run_and_runs_it_makes(ask, new_run):
    nested = new_run(key="job-1", tags=[{"key": "mlflow.parentRunId", "value": "job-1"}])

    for run in ("job-1", nested):
        ask("POST", "/runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1}, key="job-1")
        ask("GET", "/runs/get", {"run_id": run}, key="job-1")

    refused = ask("GET", "/runs/get", {"run_id": nested}, key="job-2", status=403)
    assert refused["error_code"] == "PERMISSION_DENIED"


@pytest.mark.usefixtures("jobs")
def test_a_job_touches_nothing_of_another(ask, client, new_run):
    mine = new_run()

    for run in ("job-2", mine):
        point = {"run_id": run, "key": "m", "value": 1, "timestamp": 1}
        ask("POST", "/runs/log-metric", point, key="job-1", status=403)
        ask("POST", "/runs/log-inputs", {"run_id": run}, key="job-1", status=403)
        ask("GET", "/metrics/get-history", {"run_id": run, "metric_key": "m"}, key="job-1", status=403)
        path = f"{FILES}/ExperimentRun/dcid.{run}/x.txt"
        for method in ("GET", "PUT", "DELETE"):
            answer = client.request(method, path, headers={"Authorization": "Bearer job-1"})
            assert answer.status_code == 403
    assert client.put(f"{FILES}/other/x", headers={"Authorization": "Bearer job-1"}).status_code == 403
    ask("POST", "/runs/delete", {"run_id": "job-1"}, key="job-1", status=403)
    ask(
        "POST",
        "/runs/log-metric",
        {"run_id": "job-1", "key": "m", "value": 1, "timestamp": 1},
        key="elsewhere",
        status=403,
    )


@pytest.mark.usefixtures("jobs")
def test_a_job_finds_only_its_own_runs(ask, new_run):
    nested = new_run(key="job-1")
    training = ask("GET", "/experiments/get-by-name", {"experiment_name": "training"}, key="job-1")["experiment"]
    wanted = {"experiment_ids": ["0", training["experiment_id"]]}

    found = ask("POST", "/runs/search", wanted, key="job-1")["runs"]

    assert {run["info"]["run_id"] for run in found} == {"job-1", nested}


@pytest.mark.usefixtures("jobs")
def test_a_job_registers_its_own_model_and_no_other(ask):
    ask("POST", "/registered-models/create", {"name": "m"}, key="job-1")
    made = ask("POST", "/model-versions/create", {"name": "m", "source": "runs:/job-1/model"}, key="job-1")

    for source in ("runs:/job-2/model", "https://example.org/m", "mlflow-artifacts:/other/m"):
        ask("POST", "/model-versions/create", {"name": "m", "source": source}, key="job-1", status=403)
    tag = {"name": "m", "version": "1", "key": "k", "value": "v"}
    ask("POST", "/model-versions/set-tag", tag, key="job-1")
    ask("POST", "/model-versions/set-tag", tag, key="job-2", status=403)
    ask("DELETE", "/registered-models/delete", {"name": "m"}, key="job-1", status=403)
    assert made["model_version"]["run_id"] == "job-1"


@pytest.mark.usefixtures("jobs")
def test_starting_twice_changes_nothing_and_closing_ends_what_the_job_left_open(ask, new_run, tracking, jobs):
    nested, other = new_run(key="job-1"), new_run()
    space, service = tracking.workspace.space, tracking.service
    with tracking.works.write(SYSTEM) as work:
        service.start_run(
            work,
            space,
            run_id="job-1",
            experiment_name="training",
            display_name="again",
            user="ali",
            started_at=NOW,
            tags={},
        )
        service.close_run(work, space, "job-1", status="FAILED", ended_at=NOW)

    infos = {run: ask("GET", "/runs/get", {"run_id": run})["run"]["info"] for run in ("job-1", nested, other, "job-2")}

    assert infos["job-1"]["run_name"] == "job-1"
    assert [info["status"] for info in infos.values()] == ["FAILED", "FAILED", "RUNNING", "RUNNING"]


@pytest.mark.usefixtures("jobs")
def test_a_hidden_run_is_read_and_written_but_not_found(ask, tracking):
    space, service = tracking.workspace.space, tracking.service
    with tracking.works.write(SYSTEM) as work:
        service.hide(work, space, "job-1")
        service.log_params(work, space, "job-1", {"p": "1"})
        experiment_id = service.experiment_id(work, space, "training")

    found = ask("POST", "/runs/search", {"experiment_ids": [experiment_id]})["runs"]

    assert [run["info"]["run_id"] for run in found] == ["job-2"]
    assert ask("GET", "/runs/get", {"run_id": "job-1"})["run"]["data"]["params"] == [{"key": "p", "value": "1"}]


def test_a_job_reads_the_runs_of_its_family_and_writes_only_its_own(tracking, ask, client):
    with tracking.works.write(SYSTEM) as work:
        for name in ("step-1", "step-2"):
            tracking.service.start_run(
                work,
                tracking.workspace.space,
                run_id=name,
                experiment_name="training",
                display_name=name,
                user="ali",
                started_at=NOW,
                tags={"mlflow.rootRunId": "pipe"},
            )
    point = {"run_id": "step-2", "key": "m", "value": 1, "timestamp": 1}
    place = f"{FILES}/ExperimentRun/dcid.step-2/model/MLmodel"
    client.put(place, content=b"flavors: {}")

    ask("GET", "/runs/get", {"run_id": "step-2"}, key="step-1")
    ask("GET", "/metrics/get-history", {"run_id": "step-2", "metric_key": "m"}, key="step-1")
    assert client.get(place, headers={"Authorization": "Bearer step-1"}).status_code == 200
    ask("POST", "/registered-models/create", {"name": "best"}, key="step-1")
    version = {"name": "best", "source": "runs:/step-2/model", "run_id": "step-2"}
    ask("POST", "/model-versions/create", version, key="step-1")

    ask("POST", "/runs/log-metric", point, key="step-1", status=403)
    assert client.put(place, content=b"", headers={"Authorization": "Bearer step-1"}).status_code == 403
    ask("GET", "/runs/get", {"run_id": "step-2"}, key="step-9", status=403)


@pytest.mark.usefixtures("jobs")
def test_a_job_reads_a_registered_model_that_another_one_has_made(ask, client):
    made = {"Authorization": "Bearer job-1"}
    client.put(f"{FILES}/ExperimentRun/dcid.job-1/model/MLmodel", content=b"x", headers=made).raise_for_status()
    ask("POST", "/registered-models/create", {"name": "iris"}, key="job-1")
    ask("POST", "/model-versions/create", {"name": "iris", "source": "runs:/job-1/model"}, key="job-1")

    wanted = {"name": "iris", "version": "1"}
    where = ask("GET", "/model-versions/get-download-uri", wanted, key="job-2")["artifact_uri"]

    path = f"{FILES}/{where.removeprefix('mlflow-artifacts:/')}/MLmodel"
    assert client.get(path, headers={"Authorization": "Bearer job-2"}).content == b"x"
