"""W3C trace context: a request has a span, which the scorer sees as its parent; exported by OTLP where asked for."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalt.gateway.exchange import Exchange

_log = logging.getLogger(__name__)

_PARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_MOST_WAITING = 4096
_PAUSE_SECONDS = 2.0


class Span:
    """The span of one request."""

    __slots__ = ("_flags", "began_at", "parent", "span_id", "trace_id")

    def __init__(self, parent: bytes | None) -> None:
        found = _PARENT.fullmatch(parent) if parent else None
        chance = os.urandom(24).hex().encode()
        self.trace_id = found[1] if found else chance[:32]
        self.parent = found[2] if found else b""
        self._flags = found[3] if found else b"01"
        self.span_id = chance[32:]
        self.began_at = time.time_ns()

    @property
    def is_sampled(self) -> bool:
        """Whether whoever began the trace wants it kept."""
        return bool(int(self._flags, 16) & 1)

    def parent_header(self) -> bytes:
        """What those who are called find as `traceparent`."""
        return b"00-%b-%b-%b" % (self.trace_id, self.span_id, self._flags)


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

    def begin(self, exchange: Exchange) -> Span | None:
        """The span of a request; None where nobody asks for one."""
        parent = exchange.header(b"traceparent")
        return Span(parent) if self._url is not None or parent is not None else None

    def end(self, exchange: Exchange) -> None:
        """A request is over."""
        span = exchange.span
        if span is None or self._url is None or not span.is_sampled:
            return
        if len(self._ended) >= _MOST_WAITING:
            self.lost += 1
            return
        self._ended.append(_otlp(span, exchange))

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


def _otlp(span: Span, exchange: Exchange) -> dict[str, Any]:
    entry = exchange.endpoint.entry if exchange.endpoint is not None else None
    found = {
        "traceId": span.trace_id.decode(),
        "spanId": span.span_id.decode(),
        "parentSpanId": span.parent.decode(),
        "name": f"{exchange.method.decode('latin-1')} {entry.name if entry else ''}",
        "kind": 2,
        "startTimeUnixNano": str(span.began_at),
        "endTimeUnixNano": str(time.time_ns()),
        "status": {"code": 2 if exchange.status >= 500 or exchange.status == 424 else 0},
        "attributes": [
            _text("http.request.method", exchange.method.decode("latin-1")),
            {"key": "http.response.status_code", "value": {"intValue": str(exchange.status)}},
            _text("smalt.workspace", entry.workspace if entry else ""),
            _text("smalt.endpoint", entry.name if entry else ""),
            _text("smalt.deployment", exchange.deployment),
            _text("smalt.request_id", exchange.request_id.decode("latin-1")),
        ],
    }
    return {name: value for name, value in found.items() if value != ""}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
