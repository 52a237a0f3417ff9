"""What the gateway itself answers when it does not hand a request on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that goes nowhere.

    Args:
        status: The HTTP status.
        code: Stable, for programs.
        message: What happened, then what to do.
        headers: Further headers.
    """

    status: int
    code: str
    message: str
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def body(self) -> bytes:
        """The error envelope."""
        return json.dumps({"error": {"code": self.code, "message": self.message}}).encode()


def retry_after(seconds: float) -> tuple[tuple[bytes, bytes], ...]:
    """The header that says when to try again."""
    return ((b"retry-after", b"%d" % max(1, round(seconds + 0.499))),)


@cache
def status_line(status: int) -> bytes:
    """The first line of an answer."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Status"
    return f"HTTP/1.1 {status} {reason}\r\n".encode()
