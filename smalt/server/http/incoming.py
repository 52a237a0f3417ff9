"""What callers send, decoded: beyond these bounds no handler, database or encoder ever sees it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from smalt.errors import InvalidRequest

_DEEPEST = 100
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_ESCAPED_NUL = b"\\u0000"
_MOST_PARAMETERS = 1000


def json_value(body: bytes) -> Any:
    """A body as JSON; an empty body is None.

    Raises:
        InvalidRequest: It is not JSON, or holds what nothing could keep: a NUL character, a number beyond 64 bits,
            more than a hundred levels.
    """
    if not body.strip():
        return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        body = _with_escapes(body, error)
        value = msgspec.json.decode(body)
    _check(value, has_nul=_ESCAPED_NUL in body)
    return value


def _with_escapes(body: bytes, refused: Exception) -> bytes:
    """The same with the line breaks of texts escaped: scripts put whole files between quotes as they are."""
    try:
        if b"\n" in body:
            return json.dumps(json.loads(body.decode(), strict=False), allow_nan=False).encode()
    except (ValueError, RecursionError):
        pass  # What is told is what the strict reader found.
    raise InvalidRequest(f"The body is not valid JSON: {refused}. Send UTF-8 JSON.", target="body") from refused


def check_json(body: bytes) -> None:
    """Hold a body that is decoded elsewhere, straight into a type, against the bound on text.

    Raises:
        InvalidRequest: It holds a NUL character.
    """
    if _ESCAPED_NUL in body:
        json_value(body)


def pairs(query_string: bytes) -> list[tuple[str, str]]:
    """The parameters of a query, in their order.

    Raises:
        InvalidRequest: One is not UTF-8 or holds a NUL character, or there are too many.
    """
    try:
        found = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeError:
        raise InvalidRequest(
            "The query of the URL is not UTF-8. Encode it as UTF-8, then with percent signs.", target="query"
        ) from None
    except ValueError:
        raise InvalidRequest(
            f"The query of the URL has more than {_MOST_PARAMETERS} parameters. Ask for less at a time.", target="query"
        ) from None
    for name, value in found:
        if "\0" in name or "\0" in value:
            raise nul(name.replace("\0", "")[:80])
    return found


def nul(target: str) -> InvalidRequest:
    """The failure of a text that no database can hold."""
    return InvalidRequest(f"The text of {target!r} holds a NUL character. Leave it out.", target=target)


def _check(value: Any, *, has_nul: bool) -> None:
    """Walk level by level: a walk that calls itself could be sent down until the stack ends."""
    level = [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                below += item.values()
                if has_nul and any("\0" in key for key in item):
                    raise nul("body")
            elif kind is list:
                below += item
            elif kind is int:
                if not _LOWEST <= item <= _HIGHEST:
                    raise InvalidRequest(
                        f"The number {str(item)[:40]} in the body does not fit 64 bits. Send it as text.", target="body"
                    )
            elif has_nul and kind is str and "\0" in item:
                raise nul("body")
        if not below:
            return
        level = below
    raise InvalidRequest(f"The body is more than {_DEEPEST} levels deep. Flatten it.", target="body")
