"""The official MLflow client, tracking and registry. Runs in the clients' environment."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import mlflow
import openai
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

SHIMS = pathlib.Path(__file__).parents[3] / "smalt" / "runtime" / "shims"
"""What stands on the path of every job."""


@pytest.fixture
def client() -> MlflowClient:
    return MlflowClient()


@pytest.fixture
def unique() -> str:
    return f"n{uuid.uuid4().hex[:10]}"


def test_a_run_keeps_params_metrics_tags_and_artifacts(client, unique, tmp_path):
    mlflow.set_experiment(unique)
    with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
        mlflow.log_params({"rate": 0.1, "name": "x"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")

    found = client.get_run(run.info.run_id)
    history = client.get_metric_history(run.info.run_id, "loss")

    assert found.info.status == "FINISHED"
    assert found.data.params == {"rate": "0.1", "name": "x"}
    assert found.data.metrics["loss"] == pytest.approx(0.2)
    assert [metric.step for metric in history] == [0, 1, 2, 3, 4]
    assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["config.json", "notes"]
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"


def test_runs_are_searched_with_the_filter_grammar(client, unique):
    experiment = mlflow.set_experiment(unique)
    for rate in (0.1, 0.2, 0.3):
        with mlflow.start_run(tags={"kind": "even" if rate == 0.2 else "odd"}):
            mlflow.log_param("rate", rate)
            mlflow.log_metric("score", rate * 10)

    found = client.search_runs(
        [experiment.experiment_id], "metrics.score > 1.5 and tags.kind ILIKE 'ODD'", order_by=["metrics.score DESC"]
    )

    assert [run.data.params["rate"] for run in found] == ["0.3"]


def test_pages_follow_each_other(client, unique):
    experiment = mlflow.set_experiment(unique)
    for _ in range(5):
        with mlflow.start_run():
            pass

    seen, token = [], None
    while True:
        page = client.search_runs([experiment.experiment_id], max_results=2, page_token=token)
        seen += [run.info.run_id for run in page]
        token = page.token
        if not token:
            break

    assert len(seen) == len(set(seen)) == 5


def test_a_param_does_not_change_its_value(client, unique):
    mlflow.set_experiment(unique)
    with mlflow.start_run():
        mlflow.log_param("fixed", 1)
        with pytest.raises(MlflowException, match="fixed"):
            mlflow.log_param("fixed", 2)


def test_nested_runs_and_deleted_runs(client, unique):
    experiment = mlflow.set_experiment(unique)
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        pass
    client.delete_run(child.info.run_id)

    active = client.search_runs([experiment.experiment_id])

    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert [run.info.run_id for run in active] == [parent.info.run_id]


def test_an_unknown_run_is_a_clear_error(client):
    with pytest.raises(MlflowException) as failure:
        client.get_run("0" * 32)

    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[float]) -> list[float]:
        return [2 * value for value in model_input]


def test_a_model_is_logged_registered_aliased_and_loaded(client, unique):
    mlflow.set_experiment(unique)
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model", python_model=Double(), registered_model_name=unique, pip_requirements=["mlflow-skinny"]
        )
    client.set_registered_model_alias(unique, "champion", "1")
    client.set_model_version_tag(unique, "1", "checked", "yes")

    version = client.get_model_version_by_alias(unique, "champion")
    loaded = mlflow.pyfunc.load_model(f"models:/{unique}@champion")

    assert version.version == "1"
    assert version.tags["checked"] == "yes"
    assert loaded.unwrap_python_model().predict([1.0, 2.0]) == [2.0, 4.0]


def test_registered_models_are_searched_and_deleted(client, unique):
    client.create_registered_model(unique, description="one")

    found = client.search_registered_models(f"name = '{unique}'")
    client.delete_registered_model(unique)

    assert [model.description for model in found] == ["one"]
    with pytest.raises(MlflowException):
        client.get_registered_model(unique)


@mlflow.trace(span_type="CHAIN", attributes={"version": 2})
def answer(question: str) -> str:
    with mlflow.start_span(name="look up", span_type="RETRIEVER") as span:
        span.set_inputs({"question": question})
        span.set_attribute("scores", [0.5, 1])
        span.set_outputs(["a page"])
    return f"{question} 42 \u00fc"


@mlflow.trace
def broken() -> None:
    raise ValueError("no")


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}
        told = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": [choice]}
        body = json.dumps({**told, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_calls_of_openai_are_traced_with_their_tokens_by_autolog(unique):
    model = HTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    mlflow.set_experiment(unique)
    mlflow.openai.autolog()
    asked = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{model.server_port}/v1").chat.completions

    with mlflow.start_span("conversation"):
        mlflow.update_current_trace(metadata={"mlflow.trace.session": unique})
        asked.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    mlflow.flush_trace_async_logging()
    mlflow.openai.autolog(disable=True)
    model.shutdown()

    feedback = mlflow.log_feedback(trace_id=mlflow.get_last_active_trace_id(), name="helpful", value=True)

    (trace,) = mlflow.search_traces(return_type="list", filter_string=f"metadata.`mlflow.trace.session` = '{unique}'")
    assert trace.info.token_usage == {"input_tokens": 11, "output_tokens": 2, "total_tokens": 13}
    assert [span.span_type for span in trace.data.spans] == ["UNKNOWN", "CHAT_MODEL"]
    assert [(each.name, each.feedback.value) for each in trace.info.assessments] == [("helpful", True)]
    assert mlflow.get_assessment(trace.info.trace_id, feedback.assessment_id).value is True


def test_traces_keep_their_spans_and_are_searched_tagged_and_deleted(client, unique):
    experiment = mlflow.set_experiment(unique).experiment_id
    with mlflow.start_run() as run:
        answer("why?")
        good = mlflow.get_last_active_trace_id()
    with pytest.raises(ValueError, match="no"):
        broken()
    mlflow.flush_trace_async_logging()

    trace = mlflow.get_trace(good)
    root, inner = trace.data.spans
    assert (root.name, root.span_type, root.inputs, root.outputs) == (
        "answer", "CHAIN", {"question": "why?"}, "why? 42 \u00fc"
    )  # fmt: skip
    assert root.attributes["version"] == 2
    assert (inner.name, inner.parent_id, inner.outputs) == ("look up", root.span_id, ["a page"])
    assert inner.attributes["scores"] == [0.5, 1]
    assert (trace.info.state, trace.info.tags["mlflow.traceName"]) == ("OK", "answer")
    assert trace.info.execution_duration >= 0

    def found(filter_string=None, **more):
        traces = mlflow.search_traces(locations=[experiment], filter_string=filter_string, return_type="list", **more)
        return [each.info.trace_id for each in traces]

    bad = next(each for each in found() if each != good)
    assert found(order_by=["timestamp_ms ASC"]) == [good, bad]
    assert found("trace.status = 'ERROR'") == [bad]
    assert found("span.type = 'RETRIEVER'") == [good]
    assert found("trace.name LIKE 'ans%' AND execution_time_ms < 600000") == [good]
    assert found(run_id=run.info.run_id) == [good]
    failed = mlflow.get_trace(bad).data.spans[0]
    assert (str(failed.status.status_code), failed.events[0].attributes["exception.message"]) == (
        "SpanStatusCode.ERROR", "no"
    )  # fmt: skip

    mlflow.set_trace_tag(good, "seen", "yes")
    assert found("tags.seen = 'yes'") == [good]
    mlflow.delete_trace_tag(good, "seen")
    assert found("tags.seen = 'yes'") == []
    assert client.delete_traces(experiment, trace_ids=[good]) == 1
    assert found() == [bad]
    with pytest.raises(MlflowException, match="not found"):
        client.get_trace(good)


REGISTERS = """
import sys
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model(sys.argv[1])
print(client.create_model_version(sys.argv[1], source="file://" + sys.argv[2]).version)
"""


def test_a_folder_of_a_job_is_registered_as_a_model(client, unique, tmp_path):
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    with mlflow.start_run() as run:
        job = {**os.environ, "MLFLOW_RUN_ID": run.info.run_id, "PYTHONPATH": str(SHIMS)}

        command = [sys.executable, "-c", REGISTERS, unique, str(tmp_path)]
        done = subprocess.run(command, env=job, capture_output=True, text=True)

    assert done.stdout.strip() == "1", done.stderr[-2000:]
    kept = mlflow.artifacts.download_artifacts(f"models:/{unique}/1")
    assert (pathlib.Path(kept) / "MLmodel").read_text() == "flavors: {}\n"
