"""Spans of requests, exported by OTLP where that is asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from smalt.gateway.asked import Asked
from smalt.gateway.span import Span

_log = logging.getLogger(__name__)

_MOST_WAITING = 4096
_PAUSE_SECONDS = 2.0


class Tracer:
    """Begins spans, and sends those that are over to a collector.

    Args:
        url: Where OTLP is taken over HTTP as JSON (`.../v1/traces`); None to send nothing.
        headers: Sent along, for those who ask for a key.
    """

    def __init__(self, url: str | None, headers: dict[str, str] | None = None) -> None:
        self._url = url
        self._headers = headers or {}
        self._ended: list[dict[str, Any]] = []
        self.lost = 0

    def begin(self, asked: Asked) -> Span | None:
        """The span of a request; None where nobody asks for one."""
        parent = asked.header(b"traceparent")
        return Span(parent) if self._url is not None or parent is not None else None

    def end(self, asked: Asked) -> None:
        """A request is over."""
        span = asked.span
        if span is None or self._url is None or not span.is_sampled:
            return
        if len(self._ended) >= _MOST_WAITING:
            self.lost += 1
            return
        self._ended.append(_otlp(span, asked))

    async def run(self) -> None:
        """Send spans until cancelled; what cannot be sent is dropped."""
        if self._url is None:
            return
        import httpx2  # Not needed where nothing is exported.

        async with httpx2.AsyncClient(timeout=10) as client:
            while True:
                await asyncio.sleep(_PAUSE_SECONDS)
                ended, self._ended = self._ended, []
                if not ended:
                    continue
                try:
                    answer = await client.post(self._url, json=_envelope(ended), headers=self._headers)
                    answer.raise_for_status()
                except httpx2.HTTPError as failure:
                    self.lost += len(ended)
                    _log.warning("%d spans could not be sent to %s: %s.", len(ended), self._url, failure)


def _envelope(spans: list[dict[str, Any]]) -> dict[str, Any]:
    resource = {"attributes": [_text("service.name", "smalt-gateway")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "smalt"}, "spans": spans}]}]}


def _otlp(span: Span, asked: Asked) -> dict[str, Any]:
    entry = asked.endpoint.entry if asked.endpoint is not None else None
    found = {
        "traceId": span.trace_id.decode(),
        "spanId": span.span_id.decode(),
        "parentSpanId": span.parent.decode(),
        "name": f"{asked.method.decode('latin-1')} {entry.name if entry else ''}",
        "kind": 2,
        "startTimeUnixNano": str(span.began_at),
        "endTimeUnixNano": str(time.time_ns()),
        "status": {"code": 2 if asked.status >= 500 or asked.status == 424 else 0},
        "attributes": [
            _text("http.request.method", asked.method.decode("latin-1")),
            {"key": "http.response.status_code", "value": {"intValue": str(asked.status)}},
            _text("smalt.workspace", entry.workspace if entry else ""),
            _text("smalt.endpoint", entry.name if entry else ""),
            _text("smalt.deployment", asked.deployment),
            _text("smalt.request_id", asked.request_id.decode("latin-1")),
        ],
    }
    return {name: value for name, value in found.items() if value != ""}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
