"""Spans as OTLP/JSON over HTTP, sent from a thread of its own. A failure to send loses spans, never a line."""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote

from smalt.flows.tracing.spans import Span

_log = logging.getLogger(__name__)
_BATCH = 512
_WAIT_SECONDS = 1.0
_SEND_SECONDS = 10.0
_LONGEST = 100_000
_queue: SimpleQueue[list[Span]] = SimpleQueue()
_sender: _Sender | None = None


def is_on() -> bool:
    """Whether spans go anywhere."""
    return _sender is not None


def configure(collection: str | None = None, resource: Mapping[str, str] | None = None) -> bool:
    """Begin to send, if an address is configured; whether one is."""
    global _sender
    if _sender is not None:
        return True
    address = endpoint()
    if address is None:
        return False
    attributes = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "smalt-flows"), **(resource or {})}
    attributes["collection"] = collection or os.environ.get("PF_TRACE_COLLECTION") or "default"
    _sender = _Sender(address, _headers(), attributes)
    atexit.register(flush)
    return True


def endpoint() -> str | None:
    """The address that the environment names, if it does."""
    address = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if address:
        return address
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return base.rstrip("/") + "/v1/traces" if base else None


def _headers() -> dict[str, str]:
    text = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or os.environ.get("OTEL_EXPORTER_OTLP_HEADERS") or ""
    pairs = [item.partition("=") for item in text.split(",") if "=" in item]
    return {"Content-Type": "application/json"} | {key.strip(): unquote(value.strip()) for key, _, value in pairs}


def queue(spans: list[Span]) -> None:
    """Send these spans soon."""
    _queue.put(spans)
    if _sender is not None:
        _sender.wake()


def background(collection: str | None, resource: Mapping[str, str]) -> Callable[[Span], None]:
    """A sink that sends each span soon, if an address is configured."""
    configure(collection, resource)
    return lambda span: queue([span]) if is_on() else None


def flush() -> None:
    """Wait until what was queued is sent."""
    if _sender is not None:
        _sender.drain()


class _Sender:
    """Sends batches, one at a time."""

    def __init__(self, address: str, headers: dict[str, str], resource: dict[str, str]) -> None:
        self._address = address
        self._headers = headers
        self._resource = resource
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """See to it that somebody sends."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="smalt-traces", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        time.sleep(_WAIT_SECONDS)
        self.drain()

    def drain(self) -> None:
        """Send all that is queued."""
        with self._lock:
            while batch := _next_batch():
                self._send(batch)

    def _send(self, batch: list[Span]) -> None:
        body = json.dumps(document(batch, self._resource), default=str).encode()
        import urllib.request

        request = urllib.request.Request(self._address, body, self._headers, method="POST")  # noqa: S310  # operator's
        try:
            with urllib.request.urlopen(request, timeout=_SEND_SECONDS):  # noqa: S310  # the operator's address
                pass
        except OSError as error:
            _log.warning("%d spans could not be sent to %s: %s. They are lost.", len(batch), self._address, error)


def _next_batch() -> list[Span]:
    batch: list[Span] = []
    while len(batch) < _BATCH:
        try:
            batch.extend(_queue.get_nowait())
        except Empty:
            break
    return batch


def document(spans: Sequence[Span], resource: Mapping[str, str]) -> dict[str, Any]:
    """Spans as the JSON of OTLP."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [{"scope": {"name": "smalt.flows"}, "spans": [_span(span) for span in spans]}],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    attributes: dict[str, Any] = {"framework": "promptflow", "span_type": span.kind, "function": span.name}
    attributes |= span.attributes
    attributes |= {"inputs": as_json(span.inputs), "output": as_json(span.output)} if _shows_content() else {}
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": 3 if span.kind == "LLM" else 1,
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns or span.started_ns),
        "attributes": _attributes(attributes),
        "events": [
            {"name": e.name, "timeUnixNano": str(e.at_ns), "attributes": _attributes(e.attributes)} for e in span.events
        ],
        "status": {"code": 1} if span.error is None else {"code": 2, "message": str(span.error)[:1000]},
    }
    if span.parent is not None:
        written["parentSpanId"] = span.parent.span_id
    return written


def _shows_content() -> bool:
    """Whether inputs and outputs may stand in spans."""
    return os.environ.get("SMALT_TRACE_CONTENT", "true").lower() != "false"


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value if isinstance(value, str) else as_json(value)}


def as_json(value: Any) -> str:
    """A value as text for a span: connections as their names, secrets as stars, images as marks; long ones are cut."""
    from smalt.flows.plain import plain

    text = json.dumps(plain(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
