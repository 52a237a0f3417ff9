"""Traces on both databases, with the tracking server they stand beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.testing.tracking import OneSpace
from tests.server.tracking.conftest import ask, client, tracking

__all__ = ["ask", "client", "tracking"]

TRACE, ROOT, CHILD = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_790_000_000_123_456_789
"""2026-09-21T14:13:20.123456789Z"""
Send = Callable[..., Any]

ARM = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/"
    f"{OneSpace().id}/smalt/traces"
)


def attributes(**values: object) -> list[dict]:
    """Attributes in OTLP's JSON; `__` in a name stands for a dot."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return [{"key": key.replace("__", "."), "value": {kinds[type(value)]: value}} for key, value in values.items()]


def export(*spans: dict, **resource: object) -> dict:
    group = {"attributes": attributes(service__name="shop", **resource)}
    return {"resourceSpans": [{"resource": group, "scopeSpans": [{"spans": list(spans)}]}]}


def span(span_id: str = ROOT, name: str = "ask", **more: object) -> dict:
    given = {"traceId": TRACE, "spanId": span_id, "name": name, "startTimeUnixNano": str(START),
             "endTimeUnixNano": str(START + 2_500_000), "status": {"code": 1}}  # fmt: skip
    return {**given, **more}


@pytest.fixture
def send(client: TestClient) -> Send:
    def post(body: Any, *, key: str = "ali", path: str = "/mlflow/default/v1/traces", **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
        return client.post(path, content=content, headers=sent)

    return post


@pytest.fixture
def look(client: TestClient) -> Callable[..., Any]:
    """What the calls for people answer: `look("/summary", by="model")`."""

    def get(path: str = "", *, key: str = "ali", refused: int | None = None, **query: object) -> Any:
        answer = client.get(ARM + path, params=query, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == (refused or 200), answer.text
        return answer.json()

    return get
