"""Traces as MLflow's and OpenTelemetry's clients send them, and what hostile bytes come to."""

from __future__ import annotations

import contextlib
import gzip
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.server.traces import otlp
from smalt.server.tracking import InvalidParameter
from tests.server.traces.conftest import CHILD, ROOT, TRACE, export, span

API = "/mlflow/default/api/3.0/mlflow"


def nested(depth: int) -> dict:
    value: dict = {"intValue": 1}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    return value


def found(client, filter_text="", key="ali"):
    body = {"locations": [{"mlflow_experiment": {"experiment_id": "0"}}], "filter": filter_text}
    answer = client.post(f"{API}/traces/search", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return [trace["trace_id"] for trace in answer.json()["traces"]]


def test_spans_of_opentelemetry_are_a_trace_told_by_its_root(client, send):
    child = span(CHILD, "look up", parentSpanId=ROOT, status={"code": 2, "message": "gone"}, kind=3,
                 attributes=[{"key": "n", "value": {"intValue": "7"}}])  # fmt: skip
    assert send(export(child)).status_code == 200
    before = client.get(f"{API}/traces/tr-{TRACE}").json()["trace"]["trace_info"]

    assert send(export(span())).status_code == 200

    trace = client.get(f"{API}/traces/get", params={"trace_id": f"tr-{TRACE}"}).json()["trace"]
    assert before["state"] == "IN_PROGRESS"
    assert trace["trace_info"]["state"] == "OK"
    assert trace["trace_info"]["execution_duration"] == "0.002s"
    assert trace["trace_info"]["request_time"] == "2026-09-21T14:13:20.123000Z"
    assert [each["name"] for each in trace["spans"]] == ["look up", "ask"]
    assert trace["spans"][0]["attributes"] == [{"key": "n", "value": {"int_value": "7"}}]
    assert found(client, "span.status = 'ERROR' AND trace.name = 'ask'") == [f"tr-{TRACE}"]


def test_a_span_that_comes_again_replaces_itself(client, send):
    for name in ("first", "second"):
        send(export(span(name=name)))

    spans = client.get(f"{API}/traces/get", params={"trace_id": f"tr-{TRACE}"}).json()["trace"]["spans"]
    assert [each["name"] for each in spans] == ["second"]


def test_an_export_may_be_packed_and_is_not_unpacked_without_end(send):
    packed = gzip.compress(json.dumps(export(span())).encode())

    assert send(packed, **{"Content-Encoding": "gzip"}).status_code == 200
    assert send(gzip.compress(b" " * (65 << 20)), **{"Content-Encoding": "gzip"}).status_code == 400
    assert send(packed[:-4], **{"Content-Encoding": "gzip"}).status_code == 400
    assert send(packed, **{"Content-Encoding": "br"}).status_code == 400


def test_a_job_reaches_the_traces_it_has_made_and_no_others(client, send):
    send(export(span()), key="job-1")
    send(export(span(traceId="1" * 32)), key="ali")

    assert found(client, key="job-1") == [f"tr-{TRACE}"]
    assert found(client, key="job-2") == []
    assert send(export(span(CHILD)), key="job-2").status_code == 403
    assert send(export(span()), key="elsewhere").status_code == 403
    other = {"Authorization": "Bearer job-2"}
    assert client.get(f"{API}/traces/tr-{TRACE}", headers=other).status_code == 403
    assert client.get(f"{API}/traces/batchGet?trace_ids=tr-{TRACE}", headers=other).status_code == 403


def test_what_somebody_thinks_of_a_trace_is_kept_changed_and_taken_back(client, send):
    send(export(span()))
    place = f"{API}/traces/tr-{TRACE}/assessments"
    given = {"assessment_name": "good", "feedback": {"value": False}, "source": {"source_type": "HUMAN"}}

    made = client.post(place, json={"assessment": given}).json()["assessment"]
    changed = client.patch(
        f"{place}/{made['assessment_id']}",
        json={"assessment": {"rationale": "too short"}, "update_mask": "rationale"},
    ).json()["assessment"]
    over = {**given, "feedback": {"value": True}, "overrides": made["assessment_id"]}
    second = client.post(place, json={"assessment": over}).json()["assessment"]

    def shown():
        info = client.get(f"{API}/traces/tr-{TRACE}").json()["trace"]["trace_info"]
        return [(each["feedback"]["value"], each["valid"]) for each in info["assessments"]]

    assert (changed["rationale"], changed["feedback"], changed["source"]) == (
        "too short", {"value": False}, {"source_type": "HUMAN"}
    )  # fmt: skip
    assert shown() == [(False, False), (True, True)]
    assert client.delete(f"{place}/{second['assessment_id']}").status_code == 200
    assert shown() == [(False, True)]
    assert client.get(f"{place}/{second['assessment_id']}").status_code == 404
    assert client.post(place, json={"assessment": {"assessment_name": "nothing"}}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"{", b'{"resourceSpans": 3}', export(span(traceId="zz")), export(span(traceId="0" * 32)),
        export(span(span_id="12")), export(span(startTimeUnixNano=str(2**64))),
        export(span(startTimeUnixNano="-9" + "9" * 20)), export(span(kind=10**9)),
        export(span(attributes=[{"value": {}}])), export(span(status=4)), export(span(links=[{}])),
        export(span(attributes=[{"key": "deep", "value": nested(40)}])),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_export_is_refused_and_leaves_nothing(client, send, body):
    assert send(body).status_code == 400
    assert found(client) == []


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body):
    with contextlib.suppress(InvalidParameter):
        otlp.read_export(body, content_type="application/x-protobuf", encoding="")


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def test_values_of_every_kind_are_read():
    values = {
        "text": field(1, "\u00fc\0".encode()), "flag": b"\x10\x01", "whole": b"\x18" + b"\xff" * 9 + b"\x01",
        "real": b"\x21" + struct.pack("<d", 0.5), "none": b"\x21" + struct.pack("<d", float("nan")),
        "list": field(5, field(1, b"\x10\x00")), "map": field(6, field(1, field(1, b"k") + field(2, field(1, b"v")))),
        "raw": field(7, b"\xff"),
    }  # fmt: skip
    attributes = b"".join(field(9, field(1, key.encode()) + field(2, value)) for key, value in values.items())
    ids = field(1, bytes.fromhex(TRACE)) + field(2, bytes.fromhex(ROOT))

    def read(span: bytes) -> otlp.Span:
        size = struct.pack("BB", len(span) & 127 | 128, len(span) >> 7)
        scope = b"\x12" + size + span
        group = b"\x12" + struct.pack("BB", len(scope) & 127 | 128, len(scope) >> 7) + scope
        body = b"\x0a" + struct.pack("BB", len(group) & 127 | 128, len(group) >> 7) + group
        return otlp.read_export(body, content_type="", encoding="").spans[0]

    assert read(ids + attributes).attributes == {
        "text": "\u00fc\ufffd", "flag": True, "whole": -1, "real": 0.5, "none": "nan", "list": [False],
        "map": {"k": "v"}, "raw": "/w==",
    }  # fmt: skip
