"""OpenTelemetry's trace export over HTTP, in protobuf and in JSON: bytes to spans. No I/O, and no trust in the bytes.

Its JSON writes ids in hexadecimal, which the JSON of protobuf's own runtime does not, so that one is read here.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smalt.server.tracking import InvalidParameter

MOST_SPANS = 10_000
_LONGEST = 64 * 1024 * 1024
_DEEPEST = 32
_INT64 = 2**63
_REMOTE = 0x200

Attributes = dict[str, Any]
"""Values of any JSON type by key."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span in OpenTelemetry's words; ids in lower-case hex, moments in nanoseconds since the epoch.

    With `has_remote_parent` the span above it is another process's, which may tell nothing of it here.
    """

    trace_id: str
    span_id: str
    name: str
    parent_id: str | None = None
    kind: int = 0
    started_at_ns: int = 0
    ended_at_ns: int | None = None
    status: int = 0
    status_message: str = ""
    attributes: Attributes = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    links: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    resource: Attributes = field(default_factory=dict)
    has_remote_parent: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """What an export request holds.

    Args:
        spans: Those that can be kept.
        refused: How many cannot.
        reason: Why the first of these cannot.
    """

    spans: list[Span]
    refused: int = 0
    reason: str = ""


def is_json(content_type: str) -> bool:
    """Whether the body is OpenTelemetry's JSON; it is protobuf otherwise."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


def read_export(body: bytes, *, content_type: str, encoding: str) -> Export:
    """The spans of an export request.

    Raises:
        InvalidParameter: It is none, is too large, or no span of it can be kept.
    """
    if encoding == "gzip":
        body = _unpacked(body)
    elif encoding not in ("", "identity"):
        raise InvalidParameter(f"Content-Encoding {encoding[:40]!r} is not read here. Send gzip, or none.")
    try:
        found = (_read_json if is_json(content_type) else _read_protobuf)(body)
    except (ValueError, TypeError, KeyError, AttributeError, msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(f"The body is no OpenTelemetry trace export: {error}.") from error
    if len(found) > MOST_SPANS:
        raise InvalidParameter(f"{len(found)} spans in one request; {MOST_SPANS} are taken. Send smaller batches.")
    kept, refused = [], []
    for span in found:
        reason = _unfit(span)
        if reason is None:
            kept.append(span)
        else:
            refused.append(reason)
    if refused and not kept:
        raise InvalidParameter(refused[0])
    return Export(kept, len(refused), refused[0] if refused else "")


def answer(export: Export, *, in_json: bool) -> bytes:
    """What the sender is told: nothing when all was kept, else how many spans were not."""
    if in_json:
        told = {"rejectedSpans": str(export.refused), "errorMessage": export.reason}
        return msgspec.json.encode({"partialSuccess": told} if export.refused else {})
    if not export.refused:
        return b""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    partial = ExportTracePartialSuccess(rejected_spans=export.refused, error_message=export.reason)
    written: bytes = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    return written


def _unfit(span: Span) -> str | None:
    """Why a span cannot be kept."""
    if len(span.trace_id) != 32 or not span.trace_id.strip("0"):
        return f"The trace id {span.trace_id[:40]!r} is not 16 bytes, or is all zeros. Choose another."
    if len(span.span_id) != 16 or not span.span_id.strip("0"):
        return f"The span id {span.span_id[:40]!r} is not 8 bytes, or is all zeros. Choose another."
    moments = (span.started_at_ns, span.ended_at_ns or 0)
    if min(moments) < 0 or max(moments) >= _INT64:
        return f"Span {span.span_id} has a moment before 1970 or beyond the year 2262. Send nanoseconds."
    return None


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, _LONGEST)
    except zlib.error as error:
        raise InvalidParameter(f"The body is not gzip: {error}.") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise InvalidParameter(f"The body is cut off, or larger than {_LONGEST} bytes when it is unpacked. Send less.")
    return found


def _text(value: str) -> str:
    """Text that every database takes."""
    return value.replace("\0", "\ufffd")


# Protobuf


def _read_protobuf(body: bytes) -> list[Span]:
    from google.protobuf.message import DecodeError  # forty milliseconds that a server without traces does not pay
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    found: list[Span] = []
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            found += [_span(each, resource) for each in scope.spans]
    return found


def _span(given: Any, resource: Attributes) -> Span:  # Any: a message of generated classes, here and below
    parent = given.parent_span_id.hex()
    return Span(
        trace_id=given.trace_id.hex(),
        span_id=given.span_id.hex(),
        parent_id=parent if parent.strip("0") else None,
        name=_text(given.name),
        kind=_small(given.kind),
        started_at_ns=given.start_time_unix_nano,
        ended_at_ns=given.end_time_unix_nano or None,
        attributes=_attributes(given.attributes),
        events=[
            {"name": _text(each.name), "at_ns": each.time_unix_nano, "attributes": _attributes(each.attributes)}
            for each in given.events
        ],
        links=[
            {
                "trace_id": each.trace_id.hex(),
                "span_id": each.span_id.hex(),
                "attributes": _attributes(each.attributes),
            }
            for each in given.links
        ],
        status=_small(given.status.code),
        status_message=_text(given.status.message),
        resource=resource,
        has_remote_parent=bool(given.flags & _REMOTE),
    )


def _attributes(given: Any, depth: int = 0) -> Attributes:
    return {_text(each.key): _value(each.value, depth) for each in given}


def _value(given: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"values lie more than {_DEEPEST} deep")
    match given.WhichOneof("value"):
        case "string_value":
            return _text(given.string_value)
        case "bool_value":
            return given.bool_value
        case "int_value":
            return given.int_value
        case "double_value":
            return _number(given.double_value)
        case "array_value":
            return [_value(each, depth + 1) for each in given.array_value.values]
        case "kvlist_value":
            return _attributes(given.kvlist_value.values, depth + 1)
        case "bytes_value":
            return base64.b64encode(given.bytes_value).decode()
    return None


def _small(value: Any) -> int:  # Any: what should be one of a few words
    number = int(value)
    if not 0 <= number < 256:
        raise ValueError(f"{number} is none of the words of OpenTelemetry")
    return number


def _number(value: float) -> float | str:
    """JSON has no word for what is no number."""
    return value if value - value == 0 else str(value)


# JSON


def _read_json(body: bytes) -> list[Span]:
    found: list[Span] = []
    for group in msgspec.json.decode(body).get("resourceSpans") or []:
        resource = _json_attributes((group.get("resource") or {}).get("attributes"))
        for scope in group.get("scopeSpans") or []:
            found += [_json_span(each, resource) for each in scope.get("spans") or []]
    return found


def _json_span(given: Mapping[str, Any], resource: Attributes) -> Span:
    status = given.get("status") or {}
    return Span(
        trace_id=_hex(given["traceId"]),
        span_id=_hex(given["spanId"]),
        parent_id=_hex(given.get("parentSpanId") or "") or None,
        name=_text(str(given.get("name", ""))),
        kind=_small(given.get("kind") or 0),
        started_at_ns=int(given.get("startTimeUnixNano") or 0),
        ended_at_ns=int(given.get("endTimeUnixNano") or 0) or None,
        attributes=_json_attributes(given.get("attributes")),
        events=[
            {
                "name": _text(str(each.get("name", ""))),
                "at_ns": int(each.get("timeUnixNano") or 0),
                "attributes": _json_attributes(each.get("attributes")),
            }
            for each in given.get("events") or []
        ],
        links=[
            {
                "trace_id": _hex(each["traceId"]),
                "span_id": _hex(each["spanId"]),
                "attributes": _json_attributes(each.get("attributes")),
            }
            for each in given.get("links") or []
        ],
        status=_small(status.get("code") or 0),
        status_message=_text(str(status.get("message") or "")),
        resource=resource,
        has_remote_parent=bool(int(given.get("flags") or 0) & _REMOTE),
    )


def _hex(text: str) -> str:
    try:
        return binascii.unhexlify(text).hex()
    except binascii.Error:
        raise ValueError(f"{text[:40]!r} is not hexadecimal") from None


def _json_attributes(given: Any) -> Attributes:  # Any: JSON
    return {_text(each["key"]): _json_value(each.get("value") or {}, 0) for each in given or []}


def _json_value(given: Mapping[str, Any], depth: int) -> Any:  # Any: JSON
    if depth > _DEEPEST:
        raise ValueError(f"values lie more than {_DEEPEST} deep")
    for name, value in given.items():
        match name:
            case "stringValue" | "bytesValue":
                return _text(str(value))
            case "boolValue":
                return bool(value)
            case "intValue":
                return int(value)
            case "doubleValue":
                return _number(float(value))
            case "arrayValue":
                return [_json_value(each, depth + 1) for each in value.get("values") or []]
            case "kvlistValue":
                return {_text(each["key"]): _json_value(each["value"], depth + 1) for each in value.get("values") or []}
    return None
