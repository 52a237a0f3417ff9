"""Runs: what is logged is found again, and what breaks a rule is refused whole."""

from __future__ import annotations

import pytest

API = "/mlflow/default/api/2.0/mlflow"


def values(history):
    return [point["value"] for point in history["metrics"]]


def test_a_new_run_belongs_to_the_default_experiment_and_has_a_name(ask, new_run):
    run = ask("GET", "/runs/get", {"run_id": new_run(run_name="first", tags=[{"key": "team", "value": "a"}])})["run"]

    assert run["info"]["experiment_id"] == "0"
    assert run["info"]["run_name"] == "first"
    assert run["info"]["artifact_uri"] == f"mlflow-artifacts:/ExperimentRun/dcid.{run['info']['run_id']}"
    assert {tag["key"]: tag["value"] for tag in run["data"]["tags"]} == {"mlflow.runName": "first", "team": "a"}


def test_the_latest_value_is_the_one_with_the_highest_step_then_time_then_value(ask, new_run):
    run = new_run()
    points = [(1, 50, 9.0), (2, 10, 1.0), (2, 20, 2.0), (2, 20, 3.0), (0, 99, 7.0)]
    for step, at, value in points:
        ask("POST", "/runs/log-metric", {"run_id": run, "key": "m", "value": value, "timestamp": at, "step": step})

    metrics = ask("GET", "/runs/get", {"run_id": run})["run"]["data"]["metrics"]

    assert metrics == [{"key": "m", "value": 3.0, "timestamp": 20, "step": 2}]


def test_values_that_are_no_numbers_and_numbers_as_text_are_kept(ask, new_run):
    run = new_run()
    for at, value in enumerate(["NaN", "Infinity", "-Infinity", 1.5, "2.5"]):
        ask("POST", "/runs/log-metric", {"run_id": run, "key": "m", "value": value, "timestamp": str(at)})

    history = ask("GET", "/metrics/get-history", {"run_id": run, "metric_key": "m"})

    assert values(history) == ["NaN", "Infinity", "-Infinity", 1.5, 2.5]


def test_a_repeated_batch_adds_nothing(ask, new_run):
    run = new_run()
    batch = {"run_id": run, "metrics": [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(5)]}

    ask("POST", "/runs/log-batch", batch)
    ask("POST", "/runs/log-batch", batch)

    assert values(ask("GET", "/metrics/get-history", {"run_id": run, "metric_key": "m"})) == [0, 1, 2, 3, 4]


def test_history_comes_in_pages_and_in_samples(ask, new_run):
    run = new_run()
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(100)]
    ask("POST", "/runs/log-batch", {"run_id": run, "metrics": points})
    wanted = {"run_id": run, "metric_key": "m", "max_results": 60}

    first = ask("GET", "/metrics/get-history", wanted)
    second = ask("GET", "/metrics/get-history", {**wanted, "page_token": first["next_page_token"]})
    sample = ask("GET", "/metrics/get-history-bulk-interval", {"run_ids": [run], "metric_key": "m", "max_results": 10})

    assert values(first) + values(second) == list(range(100))
    assert "next_page_token" not in second
    assert 5 <= len(values(sample)) <= 10
    assert (values(sample)[0], values(sample)[-1]) == (0, 99)


def test_samples_keep_extremes_as_they_were_logged(ask, new_run):
    run = new_run()
    points = [{"key": "m", "value": 1, "timestamp": 7 * i, "step": i} for i in range(300)]
    points[123]["value"], points[222]["value"] = 9000, "-Infinity"
    ask("POST", "/runs/log-batch", {"run_id": run, "metrics": points})

    sample = ask("GET", "/metrics/get-history-bulk-interval", {"run_ids": [run], "metric_key": "m", "max_results": 12})

    found = {(point["step"], point["timestamp"], point["value"]) for point in sample["metrics"]}
    assert {(0, 0, 1), (123, 861, 9000), (222, 1554, "-Infinity"), (299, 2093, 1)} <= found
    assert len(sample["metrics"]) <= 12


def test_values_that_were_logged_without_steps_are_thinned_out(ask, new_run):
    run = new_run()
    points = [{"key": "m", "value": i, "timestamp": i} for i in range(100)]
    ask("POST", "/runs/log-batch", {"run_id": run, "metrics": points})

    sample = ask("GET", "/metrics/get-history-bulk-interval", {"run_ids": [run], "metric_key": "m", "max_results": 10})

    assert len(values(sample)) == 10
    assert (values(sample)[0], values(sample)[-1]) == (0, 99)


def test_a_param_keeps_its_value_and_a_refused_batch_leaves_nothing(ask, new_run):
    run = new_run()
    ask("POST", "/runs/log-parameter", {"run_id": run, "key": "p", "value": "1"})
    ask("POST", "/runs/log-parameter", {"run_id": run, "key": "p", "value": "1"})

    refused = ask(
        "POST",
        "/runs/log-batch",
        {
            "run_id": run,
            "params": [{"key": "p", "value": "2"}],
            "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
            "tags": [{"key": "t", "value": "x"}],
        },
        status=400,
    )

    data = ask("GET", "/runs/get", {"run_id": run})["run"]["data"]
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "Changing param values is not allowed" in refused["message"]
    assert data["params"] == [{"key": "p", "value": "1"}]
    assert data["metrics"] == []
    assert [tag["key"] for tag in data["tags"]] == ["mlflow.runName"]


@pytest.mark.parametrize(
    "body",
    [
        {"key": "", "value": 1, "timestamp": 1},
        {"key": "a/../b", "value": 1, "timestamp": 1},
        {"key": "x" * 251, "value": 1, "timestamp": 1},
        {"key": "bad$", "value": 1, "timestamp": 1},
        {"key": "m", "value": None, "timestamp": 1},
        {"key": "m", "value": True, "timestamp": 1},
        {"key": "m", "value": 1, "timestamp": -1},
        {"key": "m", "value": 1, "timestamp": 2**63},
        {"key": "m", "value": 1, "timestamp": 1, "step": 2**63},
        {"value": 1},
    ],
)
def test_a_bad_metric_is_refused(ask, new_run, body):
    refused = ask("POST", "/runs/log-metric", {"run_id": new_run(), **body}, status=400)

    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"


def test_batches_texts_and_bodies_are_bounded(ask, new_run, client):
    run = new_run()
    point = {"key": "m", "value": 1, "timestamp": 1}
    tag = {"key": "t", "value": "x" * 8001}
    params = [{"key": f"p{i}", "value": "x"} for i in range(101)]

    assert (
        "at most 1000"
        in ask("POST", "/runs/log-batch", {"run_id": run, "metrics": [point] * 1001}, status=400)["message"]
    )
    assert "at most 100" in ask("POST", "/runs/log-batch", {"run_id": run, "params": params}, status=400)["message"]
    assert "8000" in ask("POST", "/runs/set-tag", {"run_id": run, **tag}, status=400)["message"]
    assert client.post(API + "/runs/log-batch", content=b'{"run_id": [').status_code == 400
    assert client.post(API + "/runs/set-tag", json={"run_id": run, "key": "t", "value": "a\x00b"}).status_code == 400


def test_a_deleted_run_is_hidden_refuses_metrics_and_can_be_restored(ask, new_run):
    run = new_run()
    ask("POST", "/runs/delete", {"run_id": run})

    ask("POST", "/runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1}, status=400)
    deleted = ask("POST", "/runs/search", {"experiment_ids": ["0"], "run_view_type": "DELETED_ONLY"})
    active = ask("POST", "/runs/search", {"experiment_ids": ["0"]})
    ask("POST", "/runs/restore", {"run_id": run})

    assert [found["info"]["run_id"] for found in deleted["runs"]] == [run]
    assert active["runs"] == []
    assert ask("GET", "/runs/get", {"run_id": run})["run"]["info"]["lifecycle_stage"] == "active"


def test_a_run_is_ended_and_renamed(ask, new_run):
    run = new_run()
    ask("POST", "/runs/update", {"run_id": run, "status": "FINISHED", "end_time": "7", "run_name": "done"})

    info = ask("GET", "/runs/get", {"run_id": run})["run"]["info"]

    assert (info["status"], info["end_time"], info["run_name"]) == ("FINISHED", 7, "done")
    assert ask("POST", "/runs/update", {"run_id": run, "status": "ODD"}, status=400)["error_code"]


def test_datasets_and_models_of_a_run_are_shown(ask, new_run):
    run = new_run()
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "train"}]
    ask("POST", "/runs/log-inputs", {"run_id": run, "datasets": [{"dataset": dataset, "tags": context}]})
    ask("POST", "/runs/outputs", {"run_id": run, "models": [{"model_id": "m-1", "step": 3}]})

    shown = ask("GET", "/runs/get", {"run_id": run})["run"]
    found = ask("POST", "/runs/search", {"experiment_ids": ["0"], "filter": "dataset.context = 'train'"})
    summaries = ask("POST", "/experiments/search-datasets", {"experiment_ids": ["0"]})["dataset_summaries"]

    assert shown["inputs"]["dataset_inputs"] == [{"tags": context, "dataset": dataset}]
    assert shown["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 3}]
    assert [one["info"]["run_id"] for one in found["runs"]] == [run]
    assert summaries == [{"experiment_id": "0", "name": "iris", "digest": "d1", "context": "train"}]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/2.0/mlflow/traces"), ("GET", "/api/2.0/mlflow/unheard-of")],
)
def test_what_is_not_served_says_so_in_the_envelope_of_mlflow(client, method, path):
    answer = client.request(method, "/mlflow/default" + path)

    assert answer.json()["error_code"] in {"NOT_IMPLEMENTED", "ENDPOINT_NOT_FOUND"}
