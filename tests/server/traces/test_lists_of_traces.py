"""What is kept with a trace, how traces are found by it, and what they come to by hour, model and endpoint."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smalt.kit import clock
from smalt.server.http import paging
from smalt.server.traces import Retention
from tests.server.traces.conftest import ARM, CHILD, ROOT, START, TRACE, attributes, export, span

HOUR_NS = 3_600_000_000_000
OTHER = "1" * 32


def model_call(span_id: str = CHILD, **more: object) -> dict:
    told = attributes(gen_ai__operation__name="chat", gen_ai__request__model="gpt-4o",
                      gen_ai__usage__input_tokens=7, gen_ai__usage__output_tokens=3)  # fmt: skip
    return span(span_id, "chat gpt-4o", parentSpanId=ROOT, attributes=told, **more)


def test_a_trace_says_what_its_spans_come_to(send, look):
    told = attributes(span_type="Flow", inputs='{"q": "why?"}', output='"because"', session_id="s-1", line_number=4)
    send(export(model_call(), smalt__flow="shop", smalt__endpoint="e", smalt__deployment="blue"))
    send(export(span(attributes=told)))

    (found,) = look()["value"]
    assert found == {
        "traceId": TRACE, "name": "ask", "kind": "Flow", "status": "OK", "startedAt": "2026-09-21T14:13:20.123000Z",
        "seconds": 0.002, "tokens": {"prompt": 7, "completion": 3, "total": 10}, "cost": 0.01, "session": "s-1",
        "flow": "shop", "line": 4, "job": None, "run": None, "endpoint": "e", "deployment": "blue",
        "inputs": '{"q": "why?"}', "output": "because", "spanCount": 2,
    }  # fmt: skip


def test_a_trace_is_shown_with_its_spans(send, look):
    said = {"name": "gen_ai.user.message", "timeUnixNano": str(START), "attributes": attributes(content="hi")}
    failed = model_call(status={"code": 2, "message": "too many"}, events=[said])
    send(export(span(), failed))

    call = next(each for each in look(f"/{TRACE}")["spans"] if each["parent"])
    assert (call["id"], call["parent"], call["kind"], call["model"]) == (CHILD, ROOT, "LLM", "gpt-4o")
    assert (call["status"], call["message"], call["cost"]) == ("ERROR", "too many", 0.01)
    assert call["end"] - call["start"] == pytest.approx(0.0025, abs=1e-6)
    assert call["inputs"] == [{"content": "hi"}]
    look("/" + "2" * 32, refused=404)


@pytest.mark.parametrize(
    "told",
    [
        attributes(span_type="LLM", llm__response__model="m", llm__usage__prompt_tokens=2, llm__usage__total_tokens=5),
        attributes(mlflow__spanType="CHAT_MODEL", mlflow__llm__model="m",
                   mlflow__chat__tokenUsage='{"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}'),
        attributes(openinference__span__kind="LLM", llm__model_name="m",
                   llm__token_count__prompt=2, llm__token_count__total=5),
        attributes(gen_ai__operation__name="text_completion", gen_ai__response__model="m",
                   gen_ai__usage__prompt_tokens=2, gen_ai__usage__completion_tokens=3),
    ],
    ids=["promptflow", "mlflow", "openinference", "opentelemetry"],
)  # fmt: skip
def test_calls_of_models_count_whoever_writes_them(send, look, told):
    send(export(span(attributes=told)))

    (found,) = look("/summary", by="model")["value"]
    assert (found["model"], found["tokens"]["prompt"], found["tokens"]["total"]) == ("m", 2, 5)


def test_a_call_that_is_sent_twice_or_seen_by_two_instruments_counts_once(send, look):
    chain = span(attributes=attributes(span_type="LLM", gen_ai__usage__input_tokens=7, gen_ai__usage__output_tokens=3))
    for _ in range(2):
        send(export(chain, model_call()))

    assert look()["value"][0]["tokens"]["total"] == 10


def test_tokens_of_a_trace_without_model_spans_are_those_its_root_sums_up(send, look):
    told = {"__computed__.cumulative_token_count.prompt": 4, "__computed__.cumulative_token_count.total": 9}
    send(export(span(attributes=[{"key": key, "value": {"intValue": value}} for key, value in told.items()])))

    assert look()["value"][0]["tokens"] == {"prompt": 4, "completion": 0, "total": 9}


def test_traces_are_found_by_what_is_kept_and_by_text_and_time(send, look):
    send(export(span(attributes=attributes(session_id="a", inputs="50% of it")), smalt__endpoint="e"))
    later = {"startTimeUnixNano": str(START + HOUR_NS), "endTimeUnixNano": str(START + HOUR_NS + 3_000_000_000)}
    send(export(span(traceId=OTHER, status={"code": 2}, **later)), key="job-1")

    def ids(**query: object) -> list[str]:
        return [each["traceId"] for each in look(**query)["value"]]

    assert ids() == [OTHER, TRACE]
    assert ids(session="a") == ids(endpoint="e") == ids(filter="50% OF") == ids(status="ok") == [TRACE]
    assert ids(job="job-1") == ids(minSeconds=2.5) == ids(**{"from": "2026-09-21T15:00:00Z"}) == [OTHER]
    assert ids(filter="5%f") == ids(to="2026-01-01", status="ERROR") == []
    assert ids(key="job-1") == [OTHER]
    beyond = paging.encode([2**70, 1])
    for query in ({"status": "bad"}, {"minSeconds": "x"}, {"from": "yesterday"}, {"$skip": beyond}, {"flow": "\0"}):
        look(refused=400, **query)


def test_a_list_is_read_page_by_page(client, send, look):
    for number in range(5):
        send(export(span(traceId=f"{number + 1:032x}")))

    page = look(**{"$top": 2})
    seen = [each["traceId"] for each in page["value"]]
    while "nextLink" in page:
        page = client.get(page["nextLink"]).json()
        seen += [each["traceId"] for each in page["value"]]
    assert seen == [f"{number:032x}" for number in (5, 4, 3, 2, 1)]


def test_figures_by_hour_have_latencies_and_failures(send, look):
    send(export(*(
        span(traceId=f"{number:032x}", endTimeUnixNano=str(START + number * 10_000_000),
             status={"code": 2 if number % 10 == 0 else 1})
        for number in range(1, 101)
    )))  # fmt: skip

    (found,) = look("/summary", by="hour")["value"]
    assert found == {
        "hour": "2026-09-21T14:00:00.000000Z", "requests": 100, "errors": 10,
        "seconds": {"p50": 0.5, "p90": 0.9, "p99": 0.99}, "tokens": None, "cost": None,
    }  # fmt: skip
    look("/summary", refused=400, by="moon")


def test_a_span_whose_caller_is_elsewhere_speaks_for_its_trace_until_the_caller_does(send, look):
    send(export(span(CHILD, "served", parentSpanId=ROOT, flags=0x301, kind=2)))
    before = look()["value"][0]

    send(export(span(name="asked", status={"code": 2})))

    assert (before["name"], before["kind"], before["status"]) == ("served", "Server", "OK")
    assert (look()["value"][0]["status"], look()["value"][0]["spanCount"]) == ("ERROR", 2)


def test_what_cannot_be_kept_is_told_and_the_rest_is_kept(send, look):
    answer = send(export(span(), span("12")))

    told = answer.json()["partialSuccess"]
    assert (answer.status_code, told["rejectedSpans"]) == (200, "1")
    assert "'12' is not 8 bytes" in told["errorMessage"]
    assert len(look()["value"]) == 1


def test_spans_come_in_at_every_address(send, look):
    for number, path in enumerate((f"{ARM}/v1/traces", "/v1/traces", "/mlflow/default/v1/traces")):
        assert send(export(span(traceId=f"{number + 1:032x}")), path=path).status_code == 200
    assert send(export(span(traceId="f" * 32)), path="/v1/traces", key="job-1").status_code == 200
    assert send(export(span()), path="/v1/traces", **{"x-smalt-workspace": "other"}).status_code == 404

    assert len(look()["value"]) == 4


def test_traces_are_deleted_one_by_one_by_filter_and_by_age(client, send, look, tracking):
    for number in range(4):
        moment = START + number * HOUR_NS
        send(export(span(traceId=f"{number + 1:032x}", startTimeUnixNano=str(moment), endTimeUnixNano=str(moment))))

    assert client.delete(f"{ARM}/{1:032x}").status_code == 204
    assert client.delete(f"{ARM}/{1:032x}").status_code == 404
    assert client.delete(ARM).status_code == 400
    assert client.delete(ARM, params={"to": "2026-09-21T15:30:00Z"}).json() == {"deleted": 1, "hasMore": False}
    Retention(tracking.works, days=1).apply(clock.from_text("2026-09-22T17:00:00Z") - timedelta(minutes=30))

    assert [each["traceId"] for each in look()["value"]] == [f"{4:032x}"]
