"""OpenTelemetry's trace export over HTTP, in protobuf and in JSON: bytes to spans. No I/O, and no trust in the bytes.

The format has few messages, so they are read here rather than with a runtime and generated classes.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smalt.server.tracking.errors import InvalidParameter

MOST_SPANS = 10_000
_LONGEST = 64 * 1024 * 1024
_DEEPEST = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_INT64 = 2**63

Attributes = dict[str, Any]
"""Values of any JSON type by key."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span in OpenTelemetry's words; ids in lower-case hex, moments in nanoseconds since the epoch."""

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


def read_export(body: bytes, *, content_type: str, encoding: str) -> list[Span]:
    """The spans of an export request.

    Raises:
        InvalidParameter: It is none, or too large.
    """
    if encoding == "gzip":
        body = _unpacked(body)
    elif encoding not in ("", "identity"):
        raise InvalidParameter(f"Content-Encoding {encoding[:40]!r} is not read here. Send gzip, or none.")
    read = _read_json if content_type.partition(";")[0].strip().lower() == "application/json" else _read_protobuf
    try:
        found = read(body)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        struct.error,
        msgspec.DecodeError,
        RecursionError,
    ) as error:
        raise InvalidParameter(f"The body is no OpenTelemetry trace export: {error}.") from error
    if len(found) > MOST_SPANS:
        raise InvalidParameter(f"{len(found)} spans in one request; {MOST_SPANS} are taken. Send smaller batches.")
    for span in found:
        _check(span)
    return found


def _check(span: Span) -> None:
    if len(span.trace_id) != 32 or not span.trace_id.strip("0"):
        raise InvalidParameter(f"The trace id {span.trace_id[:40]!r} is not 16 bytes, or is all zeros. Choose another.")
    if len(span.span_id) != 16 or not span.span_id.strip("0"):
        raise InvalidParameter(f"The span id {span.span_id[:40]!r} is not 8 bytes, or is all zeros. Choose another.")
    if max(span.started_at_ns, span.ended_at_ns or 0) >= _INT64:
        raise InvalidParameter(f"Span {span.span_id} has a moment that is beyond the year 2262. Send nanoseconds.")


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
    found: list[Span] = []
    for group in _messages(body, 1):
        resource = next((_attributes(each, 1) for each in _messages(group, 1)), {})
        for scope in _messages(group, 2):
            found += [_span(each, resource) for each in _messages(scope, 2)]
    return found


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire = tag & 7
        if wire == _VARINT:
            value, position = _varint(message, position)
            yield tag >> 3, value
            continue
        if wire == _BYTES:
            size, position = _varint(message, position)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {position}")
        if position + size > len(message):
            raise ValueError(f"a field of {size} bytes at byte {position} is cut off")
        piece = message[position : position + size]
        position += size
        yield tag >> 3, piece


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(message) or shift > 63:
            raise ValueError(f"a number at byte {position} has no end")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), position
        shift += 7


def _messages(message: bytes, number: int) -> Iterator[bytes]:
    return (_as_bytes(value) for key, value in _fields(message) if key == number)


def _as_bytes(value: Any) -> bytes:  # Any: a field of either sort
    if not isinstance(value, bytes):
        raise TypeError("a number where a message belongs")
    return value


def _fixed64(value: Any) -> int:  # Any: a field of either sort
    found: int = struct.unpack("<Q", _as_bytes(value))[0]
    return found


def _attributes(message: bytes, number: int) -> Attributes:
    return dict(_pair(each, 0) for each in _messages(message, number))


def _pair(message: bytes, depth: int) -> tuple[str, Any]:
    fields = dict(_fields(message))
    return _text(_as_bytes(fields.get(1, b"")).decode()), _value(_as_bytes(fields.get(2, b"")), depth)


def _value(message: bytes, depth: int) -> Any:  # Any: JSON
    if depth > _DEEPEST:
        raise ValueError(f"values lie more than {_DEEPEST} deep")
    for number, value in _fields(message):
        match number:
            case 1:
                return _text(_as_bytes(value).decode())
            case 2:
                return bool(value)
            case 3:
                return value - 2**64 if value >= _INT64 else value
            case 4:
                return _number(struct.unpack("<d", value)[0])
            case 5:
                return [_value(each, depth + 1) for each in _messages(value, 1)]
            case 6:
                return dict(_pair(each, depth + 1) for each in _messages(value, 1))
            case 7:
                return base64.b64encode(_as_bytes(value)).decode()
    return None


def _number(value: float) -> float | str:
    """JSON has no word for what is no number."""
    return value if value - value == 0 else str(value)


def _span(message: bytes, resource: Attributes) -> Span:
    fields = dict(_fields(message))
    status = dict(_fields(_as_bytes(fields.get(15, b""))))
    parent = _as_bytes(fields.get(4, b"")).hex()
    ended = _fixed64(fields[8]) if 8 in fields else 0
    return Span(
        trace_id=_as_bytes(fields.get(1, b"")).hex(),
        span_id=_as_bytes(fields.get(2, b"")).hex(),
        parent_id=parent if parent.strip("0") else None,
        name=_text(_as_bytes(fields.get(5, b"")).decode()),
        kind=_small(fields.get(6, 0)),
        started_at_ns=_fixed64(fields[7]) if 7 in fields else 0,
        ended_at_ns=ended or None,
        attributes=_attributes(message, 9),
        events=[_event(each) for each in _messages(message, 11)],
        links=[_link(each) for each in _messages(message, 13)],
        status=_small(status.get(3, 0)),
        status_message=_text(_as_bytes(status.get(2, b"")).decode()),
        resource=resource,
    )


def _small(value: Any) -> int:  # Any: what should be one of a few words
    number = int(value)
    if not 0 <= number < 256:
        raise ValueError(f"{number} is none of the words of OpenTelemetry")
    return number


def _event(message: bytes) -> dict[str, Any]:
    fields = dict(_fields(message))
    moment = _fixed64(fields[1]) if 1 in fields else 0
    name = _text(_as_bytes(fields.get(2, b"")).decode())
    return {"name": name, "at_ns": moment, "attributes": _attributes(message, 3)}


def _link(message: bytes) -> dict[str, Any]:
    fields = dict(_fields(message))
    ids = (_as_bytes(fields.get(number, b"")).hex() for number in (1, 2))
    return {**dict(zip(("trace_id", "span_id"), ids, strict=True)), "attributes": _attributes(message, 4)}


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
