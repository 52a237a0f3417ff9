"""Where spans go, which share of them, and that no secret leaves with them."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import smalt.flows
from smalt.flows import gallery
from smalt.flows.batch import Pace, RunStore, create, execute
from smalt.flows.connections import CustomConnection
from smalt.flows.running.results import LineResult
from smalt.flows.serving.app import FlowApp
from smalt.flows.serving.scoring import Scorer, pieces
from smalt.flows.tracing import destination, export, secrets, spans, start_trace, trace
from smalt.flows.tracing.span import Span
from tests.flows.models import ModelService, model_service
from tests.flows.writing import dag, line, python_node


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelService]:
    """Something that takes spans, to which this process sends."""
    with model_service() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running
        spans.export_to(None)


def sent(service: ModelService) -> list[dict]:
    export.flush()
    return [
        span
        for call in service.calls
        for group in call["body"]["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]


def test_an_application_sends_what_its_functions_call_as_one_trace(service: ModelService) -> None:
    @trace
    def inner(x: int) -> int:
        return x + 1

    @trace
    def outer(x: int) -> int:
        return inner(x) + inner(x)

    start_trace(collection="shop")
    outer(1)

    found = sent(service)
    root = next(each for each in found if "parentSpanId" not in each)
    assert len(found) == 3
    assert {each["traceId"] for each in found} == {root["traceId"]}
    assert [each["parentSpanId"] for each in found if each is not root] == [root["spanId"]] * 2


@pytest.mark.parametrize(
    ("flags", "count"),
    [("01", 2), ("00", 0)],
)
def test_a_line_joins_the_trace_of_its_caller_who_says_whether_it_is_kept(
    tmp_path: Path, service: ModelService, flags: str, count: int
) -> None:
    code = "from promptflow.core import tool\n\n@tool\ndef t(x: str):\n    return x\n"
    folder = dag(tmp_path, [python_node("n", "t.py", x="${inputs.x}")], {"t.py": code}, inputs={"x": "string"})

    with smalt.flows.load(folder) as flow, spans.called_by(f"00-{'a' * 32}-{'b' * 16}-{flags}"):
        line(flow, x="y")

    found = sent(service)
    assert len(found) == count
    assert {each["traceId"] for each in found} <= {"a" * 32}
    assert [each["parentSpanId"] for each in found[:1]] == ["b" * 16][:count]


def test_feedback_on_a_served_flow_joins_the_trace_of_what_it_is_about(tmp_path: Path, service: ModelService) -> None:
    gallery.make("standard", tmp_path / "flow")
    head = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}

    with smalt.flows.load(tmp_path / "flow") as flow, TestClient(FlowApp(flow, Scorer(flow))) as client:
        client.post("/score", json={"name": "ada"}, headers=head)
        client.post("/feedback?flatten=true", json={"rating": "up"}, headers=head)

    found = {each["name"]: each for each in sent(service)}
    assert found["promptflow-feedback"]["traceId"] == found["flow"]["traceId"] == "a" * 32
    assert {"key": "rating", "value": {"stringValue": "up"}} in found["promptflow-feedback"]["attributes"]


def test_secrets_are_struck_out_wherever_they_stand(service: ModelService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", 'from-the-"environment"')
    connection = CustomConnection({"word": "a-word-of-ours"}, {"url": "http://x"}, name="c")

    @trace
    def work(headers: dict, note: str) -> str:
        raise ValueError(f"refused: {note}")

    start_trace()
    with pytest.raises(ValueError, match="refused"):
        work({"Authorization": "Bearer nobody-knows-it"}, f'{connection.word} and from-the-"environment"')

    text = json.dumps(sent(service))
    for secret in ("a-word-of-ours", "environment", "nobody-knows-it"):
        assert secret not in text
    assert "refused" in text


def test_half_of_a_secret_does_not_leave_with_a_text_that_is_cut() -> None:
    CustomConnection({"word": "the-whole-of-a-secret"}, {}, name="c")

    text = export.as_json("x" * (export._LONGEST - 8) + "the-whole-of-a-secret")

    assert "the-whole" not in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"api_key": "k"}, {"api_key": secrets.SCRUBBED}),
        ({"x-api-key": "k", "n": 1}, {"x-api-key": secrets.SCRUBBED, "n": 1}),
        ([{"client_secret": "k"}], [{"client_secret": secrets.SCRUBBED}]),
        ({"secretary": "Ada", "max_tokens": 5, "password": ""}, {"secretary": "Ada", "max_tokens": 5, "password": ""}),
    ],
)
def test_what_stands_under_the_name_of_a_secret_is_hidden(value: object, shown: object) -> None:
    assert secrets.hidden(value) == shown


def test_the_variables_of_opentelemetry_say_where_spans_go() -> None:
    found = destination.find({
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://there/", "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20t",
        "OTEL_RESOURCE_ATTRIBUTES": "smalt.flow=a%20b", "OTEL_TRACES_SAMPLER_ARG": "0.25", "PF_TRACE_SESSION_ID": "s",
    })  # fmt: skip

    assert found == destination.Destination(
        "http://there/v1/traces",
        {"Authorization": "Bearer t"},
        {"service.name": "smalt-flows", "smalt.flow": "a b", "session.id": "s"},
        0.25,
    )


def test_a_job_sends_to_its_workspace_by_its_token_unless_told_otherwise() -> None:
    job = {"MLFLOW_TRACKING_URI": "http://here/mlflow/w", "AZUREML_RUN_TOKEN": "t", "MLFLOW_EXPERIMENT_ID": "7"}

    found = destination.find(job)

    assert found is not None
    assert (found.address, found.headers) == (
        "http://here/mlflow/w/v1/traces",
        {"Authorization": "Bearer t", "x-mlflow-experiment-id": "7"},
    )
    assert destination.find(job | {"OTEL_SDK_DISABLED": "true"}) is None
    assert destination.find(job | {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://o/t"}).address == "http://o/t"  # type: ignore[union-attr]
    assert destination.find({}) is None


def test_lines_of_worker_processes_are_sent_before_those_end(
    service: ModelService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(tmp_path / "home"))
    tool = "from promptflow.core import tool\n\n@tool\ndef t(x: int):\n    return x\n"
    flow = dag(
        tmp_path / "flow",
        [python_node("n", "t.py", x="${inputs.x}")],
        {"t.py": tool},
        inputs={"x": "int"},
        outputs={"o": "${n.output}"},
    )
    (tmp_path / "data.jsonl").write_text("".join(f'{{"x": {number}}}\n' for number in range(4)))
    store = RunStore()

    execute(create(store, flow, data=str(tmp_path / "data.jsonl"), name="r"), store, pace=Pace(processes=2))

    roots = [each for each in sent(service) if "parentSpanId" not in each]
    told = [{item["key"]: item["value"] for item in each["attributes"]} for each in roots]
    assert sorted(each["line_number"]["intValue"] for each in told) == ["0", "1", "2", "3"]
    assert {each["batch_run_id"]["stringValue"] for each in told} == {"r"}


def test_a_share_of_traces_is_sent_whole(service: ModelService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    export.configure()

    for number in range(200):
        root = Span("r", "Flow", _trace_id=(number << 57) + 1, ended_ns=1)
        export.queue([root, Span("c", "Tool", root, ended_ns=1)])

    found = sent(service)
    assert 0 < len(found) < 400
    assert len(found) == 2 * len({each["traceId"] for each in found})


async def _asked(scorer: Scorer) -> LineResult:
    return await scorer.run({"question": "one two", "chat_history": []}, streams=True)


def test_a_line_whose_answer_streams_is_sent_once_it_was_read_with_what_it_took(
    tmp_path: Path, service: ModelService
) -> None:
    gallery.make("chat", tmp_path / "chat")
    start_trace()

    async def read() -> list[dict]:
        result = await _asked(Scorer(smalt.flows.load(tmp_path / "chat")))
        unread = sent(service)
        assert [piece async for piece in pieces(result.output["answer"])] == ["one ", "two"]
        return unread

    assert asyncio.run(read()) == []

    root, node, call = sorted(sent(service), key=lambda span: int(span["startTimeUnixNano"]))
    assert (node["parentSpanId"], call["parentSpanId"]) == (root["spanId"], node["spanId"])
    assert root["endTimeUnixNano"] >= call["endTimeUnixNano"]
    figures = {each["key"]: each["value"] for each in [*root["attributes"], *call["attributes"]]}
    assert figures["llm.usage.total_tokens"] == figures["__computed__.cumulative_token_count.total"]


def test_a_line_whose_answer_nobody_reads_to_its_end_is_sent_all_the_same(
    tmp_path: Path, service: ModelService
) -> None:
    gallery.make("chat", tmp_path / "chat")
    start_trace()

    async def leave() -> None:
        result = await _asked(Scorer(smalt.flows.load(tmp_path / "chat")))
        assert await anext(aiter(result.output["answer"])) == "one "

    asyncio.run(leave())
    gc.collect()

    assert len(sent(service)) == 3
