"""Spans as OTLP/JSON over HTTP, sent from a thread of its own. A failure to send loses spans, never a line."""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from smalt.flows.tracing import destination
from smalt.flows.tracing.destination import Destination
from smalt.flows.tracing.span import Span

_log = logging.getLogger(__name__)
_BATCH = 512
_BATCH_CHARACTERS = 4_000_000
_MOST_WAITING = 100_000
_WAIT_SECONDS = 0.5
_SEND_SECONDS = 10.0
_LONGEST = 100_000
_sender: _Sender | None = None


def is_on() -> bool:
    """Whether spans go anywhere."""
    return _sender is not None


def configure(collection: str | None = None, resource: Mapping[str, str] | None = None) -> bool:
    """Begin to send, if an address is configured; whether one is."""
    global _sender
    if _sender is not None:
        return True
    found = destination.find()
    if found is None or found.share == 0:
        return False
    from smalt.flows.tracing import secrets  # what traces nothing needs none of it

    secrets.note_variables()
    attributes = {**found.resource, **(resource or {})}
    attributes["collection"] = collection or os.environ.get("PF_TRACE_COLLECTION") or "default"
    _sender = _Sender(found, attributes)
    atexit.register(flush)
    return True


def flow_name() -> str | None:
    """What flows are called in spans, where their folders have names that say nothing."""
    return _sender.resource.get("smalt.flow") if _sender is not None else None


def queue(spans: list[Span]) -> None:
    """Send these spans soon."""
    if _sender is not None and _sender.takes(spans):
        _sender.queue(spans)


def background(collection: str | None, resource: Mapping[str, str]) -> Callable[[Span], None]:
    """A sink that sends each span soon, if an address is configured."""
    configure(collection, resource)
    return lambda span: queue([span])


def flush() -> None:
    """Wait until what was queued is sent."""
    if _sender is not None:
        _sender.drain()


class _Sender:
    """Sends batches, one at a time.

    Args:
        place: Where to.
        resource: What every span is of.

    Attributes:
        resource: As given.
    """

    def __init__(self, place: Destination, resource: Mapping[str, str]) -> None:
        self._place = place
        self._headers = {"Content-Type": "application/json", **place.headers}
        self.resource = resource
        self._queue: SimpleQueue[list[Span]] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def takes(self, spans: Sequence[Span]) -> bool:
        """Whether spans of one trace are in the share that is sent, and somebody keeps up with it."""
        if not spans or self._queue.qsize() >= _MOST_WAITING:
            return False
        # Every process that has a part in a trace comes to the same answer.
        return self._place.share >= 1 or int(spans[0].trace_id[16:], 16) < self._place.share * 2**64

    def queue(self, spans: list[Span]) -> None:
        """Send these soon."""
        self._queue.put(spans)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="smalt-traces", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        time.sleep(_WAIT_SECONDS)
        self.drain()

    def drain(self) -> None:
        """Send all that is queued."""
        with self._lock:
            for batch in _batches(self._queue):
                self._send(batch)

    def _send(self, batch: Sequence[str]) -> None:
        import urllib.request

        body = _enveloped(batch, self.resource).encode()
        address = self._place.address
        request = urllib.request.Request(address, body, self._headers, method="POST")  # noqa: S310  # operator's
        try:
            with urllib.request.urlopen(request, timeout=_SEND_SECONDS):  # noqa: S310  # the operator's address
                pass
        except OSError as error:
            _log.warning("%d spans could not be sent to %s: %s. They are lost.", len(batch), address, error)


def _batches(waiting: SimpleQueue[list[Span]]) -> Iterator[list[str]]:
    """What is queued, written out, in pieces that a server takes."""
    from smalt.flows.tracing import secrets

    batch: list[str] = []
    size = 0
    while True:
        try:
            spans = waiting.get_nowait()
        except Empty:
            break
        for span in spans:
            text = secrets.struck(json.dumps(_span(span), default=str))
            if batch and (len(batch) >= _BATCH or size + len(text) > _BATCH_CHARACTERS):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += len(text)
    if batch:
        yield batch


def _enveloped(spans: Sequence[str], resource: Mapping[str, str]) -> str:
    attributes = json.dumps(_attributes(resource))
    scope = f'{{"scope": {{"name": "smalt.flows"}}, "spans": [{", ".join(spans)}]}}'
    return f'{{"resourceSpans": [{{"resource": {{"attributes": {attributes}}}, "scopeSpans": [{scope}]}}]}}'


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
    if span.parent_id is not None:
        written["parentSpanId"] = span.parent_id
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
    from smalt.flows.tracing import secrets
    from smalt.flows.values.plain import plain

    text = json.dumps(secrets.hidden(plain(value)), ensure_ascii=False)
    # Struck out before it is cut: half a secret is one too.
    return text if len(text) <= _LONGEST else secrets.struck(text)[:_LONGEST] + "..."
