"""What a handler gives back: a status, a body that becomes JSON, and headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec


class Rendered(NamedTuple):
    """An answer as it goes out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(slots=True)
class Answer:
    """An answer held in memory. For streams a handler returns a Starlette response instead.

    Args:
        status: HTTP status.
        body: `bytes` and `str` go out as they are; None is no body; anything else becomes JSON.
        headers: Added to the answer, in this spelling.
        media_type: Content type; chosen from the body when left out.
        comes_after: What the answer waits for once everything is written: what the caller may count on when it comes.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None
    comes_after: Callable[[], Awaitable[None]] | None = None

    def encoded(self) -> tuple[bytes, str | None]:
        """The body as bytes, with its content type."""
        if self.body is None:
            return b"", self.media_type
        if isinstance(self.body, bytes):
            return self.body, self.media_type or "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), self.media_type or "text/plain; charset=utf-8"
        return msgspec.json.encode(self.body), self.media_type or "application/json; charset=utf-8"


def ok(body: Any, **headers: str) -> Answer:
    """200 with a JSON body."""
    return Answer(200, body, headers)


def created(body: Any, *, is_new: bool, headers: Mapping[str, str] | None = None) -> Answer:
    """201 for a new resource, 200 for one that was there: what ARM answers to PUT."""
    return Answer(201 if is_new else 200, body, headers or {})


def accepted(*, location: str, retry_after_seconds: int = 1) -> Answer:
    """202: the operation goes on; its status stands at `location`."""
    return Answer(
        202, None, {"Location": location, "Azure-AsyncOperation": location, "Retry-After": str(retry_after_seconds)}
    )


def empty(status: int = 204) -> Answer:
    """No body."""
    return Answer(status)
