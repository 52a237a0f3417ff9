"""`smalt trace`, and where traces of flows on this machine are sent."""

from __future__ import annotations

import re

import pytest
from starlette.responses import JSONResponse

from smalt.cli import waterfall
from smalt.cli.app import run
from smalt.errors import InvalidRequest
from smalt.sdk import tracing

TOKENS = {"prompt": 7, "completion": 3, "total": 10}
TRACE = {
    "traceId": "ab" * 16, "name": "ask", "kind": "Flow", "status": "ERROR", "startedAt": "2026-09-21T14:13:20.123000Z",
    "seconds": 2.0, "tokens": TOKENS, "cost": 0.0041, "session": "s-1", "flow": "shop", "line": None, "job": None,
    "run": None, "endpoint": None, "deployment": None, "inputs": None, "output": None, "spanCount": 3,
}  # fmt: skip


def span(key: str, parent: str | None, name: str, start: float, end: float, **more: object) -> dict:
    return {"id": key, "parent": parent, "name": name, "kind": "Tool", "start": start, "end": end, "status": "OK",
            "message": "", "tokens": None, **more}  # fmt: skip


def test_a_waterfall_shows_who_called_whom_and_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    spans = [
        span("b", "a", "look\x1b[2J up", 100.0, 101.0),
        span("a", None, "ask", 100.0, 102.0),
        span("c", "a", "chat", 101.0, 102.0, status="ERROR", message="too many", tokens=TOKENS),
    ]

    text = list(waterfall.lines({**TRACE, "spans": spans}))

    assert text[0] == "ask  ERROR  2.00 s  10 tokens  $0.0041"
    rows = [line for line in text if "█" in line]
    assert [re.split(r"\s{2,}", line.strip())[0] for line in rows] == ["ask", "look\ufffd[2J up", "chat"]
    assert [line.count("█") for line in rows[1:]] == [rows[0].count("█") // 2] * 2
    assert rows[1].index("█") < rows[2].index("█")
    assert "10 tok" in rows[2]
    assert text[-1].strip() == "too many"


def test_traces_are_listed_as_rows(fake, home, capsys) -> None:
    fake.answers.append(JSONResponse({"value": [TRACE]}))

    assert run(["trace", "list", "--status", "error", "--min-seconds", "1.5", "-o", "table"]) == 0

    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["Id", "Started", "Kind", "Status", "Seconds", "Tokens", "Cost", "Spans", "Name"]
    assert fake.count(r"GET .*/smalt/traces\?.*minSeconds=1.5.*status=ERROR|status=ERROR.*minSeconds=1.5") == 1
    assert out[2].split() == [
        "ab" * 16,
        "2026-09-21T14:13:20",
        "Flow",
        "ERROR",
        "2.00",
        "s",
        "10",
        "$0.0041",
        "3",
        "ask",
    ]


def test_traces_go_to_the_workspace_of_the_commands(home, fake) -> None:
    variables: dict[str, str] = {}

    tracing.send("workspace", variables)

    assert variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].startswith(fake.url)
    assert variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].endswith("/smalt/traces/v1/traces")
    assert variables["OTEL_EXPORTER_OTLP_TRACES_HEADERS"].startswith("Authorization=Bearer%20")


def test_traces_go_to_any_address_that_is_named_and_nowhere_when_nothing_is() -> None:
    variables: dict[str, str] = {}

    tracing.send("none", variables)
    assert variables == {}

    tracing.send("http://collector:4318", variables)
    assert variables == {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}
    for wrong in ("somewhere", "azureml://subscriptions/s"):
        with pytest.raises(InvalidRequest, match="azureml://"):
            tracing.send(wrong, variables)
