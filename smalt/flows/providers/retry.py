"""Which failures are tried again, and how long to wait: what the service asks, else longer each time."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

MAX_TRIES = 10
_LONGEST = 60.0
_ALWAYS = frozenset({408, 409, 429})
_NO_CREDIT = b"insufficient_quota"
_TRIES_OF_422 = 3


def may_help(status: int, body: bytes, *, tries: int) -> bool:
    """Whether asking again may succeed."""
    if status == 422:
        return tries < _TRIES_OF_422
    return (status in _ALWAYS or status >= 500) and _NO_CREDIT not in body


def pause(tries: int, headers: Mapping[str, str] | None = None) -> float:
    """Seconds to wait after so many tries.

    `retry-after-ms` and `Retry-After` (seconds or a date) are obeyed; without them the wait doubles, with some chance,
    so that callers do not come back together.
    """
    asked = _asked(headers or {})
    if asked is not None:
        return asked
    longer: float = min(_LONGEST, 0.5 * 2 ** (tries - 1))
    return longer * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _asked(headers: Mapping[str, str]) -> float | None:
    try:
        return max(float(headers["retry-after-ms"]) / 1000, 0.0)
    except (KeyError, ValueError):
        pass
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        import email.utils

        moment = email.utils.parsedate_tz(text)
        return max(email.utils.mktime_tz(moment) - time.time(), 0.0) if moment else None
