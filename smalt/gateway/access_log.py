"""A line for each request, as JSON."""

from __future__ import annotations

import time

import msgspec

from smalt.gateway.asked import Asked
from smalt.gateway.lines import RotatedLines
from smalt.kit import clock

_UNNOTED = frozenset({b"/healthz", b"/metrics", b"/stats"})


class AccessLog:
    """Notes requests that are over.

    Args:
        lines: The file.
    """

    def __init__(self, lines: RotatedLines) -> None:
        self._lines = lines
        self._clock = _Clock()

    def close(self) -> None:
        """Write what there is."""
        self._lines.close()

    def note(self, asked: Asked, took: float) -> None:
        """Note a request that is over, and how many milliseconds it took."""
        target = asked.target.partition(b"?")[0]
        if target in _UNNOTED:
            return
        entry = asked.endpoint.entry if asked.endpoint is not None else None
        line = Line(
            time=self._clock.text(),
            id=asked.request_id.decode("latin-1"),
            method=asked.method.decode("latin-1"),
            path=(asked.path or target).partition(b"?")[0][:256].decode("latin-1"),
            status=asked.status,
            ms=round(took, 3),
            bytes_in=asked.body_size,
            bytes_out=asked.answer_size,
            workspace=entry.workspace if entry else None,
            endpoint=entry.name if entry else None,
            deployment=asked.deployment or None,
            model_status=asked.model_status or None,
            code=asked.code or None,
            caller=asked.caller or None,
            model_ms=round(1000 * (asked.answered_at - asked.sent_at), 3) if asked.answered_at else None,
            trace=asked.span.trace_id.decode() if asked.span is not None else None,
            copy=asked.is_copy or None,
            tokens=asked.tokens or None,
        )
        self._lines.write(msgspec.json.encode(line) + b"\n")


class Line(msgspec.Struct, omit_defaults=True):
    """A line of the access log."""

    time: str
    id: str
    method: str
    path: str
    status: int
    ms: float
    bytes_in: int
    bytes_out: int
    workspace: str | None = None
    endpoint: str | None = None
    deployment: str | None = None
    model_status: int | None = None
    code: str | None = None
    caller: str | None = None
    model_ms: float | None = None
    trace: str | None = None
    copy: bool | None = None
    tokens: int | None = None


class _Clock:
    """The present moment as text; most of it is the same for a whole second."""

    def __init__(self) -> None:
        self._second = 0
        self._prefix = ""

    def text(self) -> str:
        nanoseconds = time.time_ns()
        second, rest = divmod(nanoseconds, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._prefix = clock.to_text(clock.from_millis(1000 * second))[:-7]
        return f"{self._prefix}{rest // 1000:06d}Z"
