"""What callers have asked an endpoint lately, from the lines that the gateway notes of every request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from smalt.kit import clock

_MOST_BYTES = 16 << 20
_PARTS = 60
_MODEL_FAILED, _TIMED_OUT = 424, 408


class Request(msgspec.Struct, omit_defaults=True):
    """What of a line is looked at."""

    time: str
    status: int
    ms: float
    workspace: str | None = None
    endpoint: str | None = None
    deployment: str | None = None
    copy: bool | None = None
    tokens: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether it failed for a reason that is not the caller's."""
        return self.status >= 500 or self.status in {_MODEL_FAILED, _TIMED_OUT}


@dataclass
class _Tally:
    """The requests of a deployment in a stretch of time."""

    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    tokens: int = 0

    def add(self, request: Request) -> None:
        self.latencies.append(request.ms)
        self.errors += request.is_error
        self.tokens += request.tokens or 0

    def document(self) -> dict[str, Any]:  # Any: JSON
        ordered = sorted(self.latencies)
        found: dict[str, Any] = {"requests": len(ordered), "errors": self.errors, "tokens": self.tokens}
        if ordered:
            found |= {f"p{part}": ordered[min(len(ordered) * part // 100, len(ordered) - 1)] for part in (50, 95, 99)}
        return found


class AccessLog:
    """The gateway's file of requests, and the one that was set aside before it.

    Args:
        folder: The gateway's.
        most_bytes: How much of its end is read at most.
    """

    def __init__(self, folder: Path, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = folder / "access.jsonl"
        self._most = most_bytes

    def mark(self) -> tuple[int, int]:
        """Something that is another when a request was noted, and the size of the file."""
        try:
            facts = self._path.stat()
        except OSError:
            return 0, 0
        return facts.st_ino, facts.st_size

    def last(self, most_bytes: int) -> Iterator[Request]:
        """The requests of the last bytes of the file."""
        for line in _end(self._path, most_bytes)[0]:
            request = _read(line)
            if request is not None:
                yield request

    def document(self, place: str, endpoint: str, *, now: datetime, span: timedelta) -> dict[str, Any]:  # Any: JSON
        """What callers have asked an endpoint, as a whole and in even parts of a stretch of time, by deployment.

        Args:
            place: How its workspace is called in addresses.
            endpoint: Its name.
            now: Where the stretch ends.
            span: How long it is.
        """
        begin, width = now - span, span / _PARTS
        wholes: dict[str, _Tally] = {}
        parts: dict[str, list[_Tally]] = {}
        statuses: dict[str, Counter[int]] = {}
        lines, is_whole = self._lines()
        earliest = None
        for line in lines:
            request = _read(line)
            if request is None:
                continue
            at = clock.from_text(request.time)
            earliest = earliest or at
            if request.endpoint != endpoint or request.workspace != place or request.copy or not begin <= at <= now:
                continue
            name = request.deployment or ""
            wholes.setdefault(name, _Tally()).add(request)
            statuses.setdefault(name, Counter())[request.status] += 1
            series = parts.setdefault(name, [_Tally() for _ in range(_PARTS)])
            series[min(int((at - begin) / width), _PARTS - 1)].add(request)
        return {
            "from": clock.to_text(begin),
            "to": clock.to_text(now),
            "secondsEach": width.total_seconds(),
            "isWhole": is_whole or (earliest is not None and earliest <= begin),
            "deployments": [
                {
                    "name": name,
                    **wholes[name].document(),
                    "statuses": {str(status): count for status, count in sorted(statuses[name].items())},
                    "series": [each.document() for each in parts[name]],
                }
                for name in sorted(wholes)
            ],
        }

    def _lines(self) -> tuple[list[bytes], bool]:
        """The last lines, and whether they are all that there are."""
        lines, is_whole = _end(self._path, self._most)
        older = self._path.with_name(f"{self._path.name}.1")
        if not is_whole or not older.exists():
            return lines, is_whole
        left = self._most - sum(map(len, lines))
        before, is_whole = _end(older, max(left, 0))
        is_last = not self._path.with_name(f"{self._path.name}.2").exists()
        return [*before, *lines], is_whole and is_last


def _end(path: Path, most_bytes: int) -> tuple[list[bytes], bool]:
    """The last whole lines of a file, and whether they are all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(size - most_bytes - 1, 0)  # one byte more tells whether the first line is whole
            file.seek(start)
            lines = file.read(size - start).split(b"\n")
    except OSError:
        return [], True
    # What stands before the first end of a line is a part of one, and so is what follows the last.
    return lines[1 if start else 0 : -1], start == 0


_decoder = msgspec.json.Decoder(Request)


def _read(line: bytes) -> Request | None:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
