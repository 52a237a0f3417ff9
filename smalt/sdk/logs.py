"""Following a job: new lines of its logs as they come, each byte fetched once."""

from __future__ import annotations

import codecs
import io
import re
import time
from collections.abc import Callable
from typing import TextIO

from smalt.entities.job.status import JobStatus
from smalt.errors import NotFound, RangeNotSatisfiable
from smalt.sdk.blobs import range_header
from smalt.sdk.errors import JobFailed
from smalt.sdk.operations.base import JsonObject
from smalt.sdk.transport import Transport

_STREAMED = re.compile(r"user_logs/std_log[\D]*0*(?:_ps)?\.txt")
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 1.0
_SLOWER = 1.2


class LogFollower:
    """Prints what is new in one log."""

    def __init__(self, transport: Transport, out: TextIO) -> None:
        self._transport = transport
        self._out = out
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def print_new(self, url: str) -> bool:
        """Fetch and print what has been written since the last time; False when there is nothing."""
        start = self._offset
        try:
            with self._transport.stream("GET", url, headers=range_header(start)) as response:
                # A store that knows no ranges answers the whole log again.
                passed = start if response.status_code == 200 else 0
                for piece in response.iter_bytes():
                    new = piece[passed:]
                    passed = max(0, passed - len(piece))
                    self._offset += len(new)
                    self._out.write(self._decoder.decode(new))
        except (RangeNotSatisfiable, NotFound):
            return False
        self._out.flush()
        return self._offset > start


def follow(
    transport: Transport,
    details: Callable[[], JsonObject],
    *,
    name: str,
    web_view: str | None,
    out: TextIO,
    progress: Callable[[], bool] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Print the logs of a job until it ends.

    Args:
        transport: The server.
        details: Reads the state of the run: `status`, `logFiles` and `error`.
        name: Of the job.
        web_view: Its page.
        out: Where to print.
        progress: Prints what is new of a job that has more to show than logs; whether there was anything.
        sleep: Waits between two looks.

    Raises:
        JobFailed: The job did not complete.
    """
    _print_facts(out, name, web_view)
    followers: dict[str, LogFollower] = {}
    pause = _FIRST_PAUSE_SECONDS
    while True:
        # The log is complete before the terminal status can be seen, so one look after it is enough.
        state = details()
        news = _print_logs(transport, state, followers, out)
        if progress is not None:
            news |= progress()
        status = str(state.get("status") or "Unknown")
        if _has_ended(status):
            break
        pause = _FIRST_PAUSE_SECONDS if news else min(pause * _SLOWER, _LONGEST_PAUSE_SECONDS)
        sleep(pause)
    out.write("\nExecution Summary\n=================\n")
    _print_facts(out, name, web_view)
    if status != JobStatus.COMPLETED:
        raise JobFailed(_ending(name, status, state), target=name)


def last_lines(transport: Transport, state: JsonObject, count: int = 10) -> list[str]:
    """The last lines of a job's logs, given the state of its run."""
    found = state.get("logFiles") or {}
    for path in sorted((path for path in found if _STREAMED.fullmatch(path)), reverse=True):
        held = io.StringIO()
        LogFollower(transport, held).print_new(str(found[path]))
        lines = held.getvalue().splitlines()
        if lines:
            return lines[-count:]
    return []


def _print_logs(transport: Transport, state: JsonObject, followers: dict[str, LogFollower], out: TextIO) -> bool:
    logs = state.get("logFiles") or {}
    news = False
    for path in sorted(path for path in logs if _STREAMED.fullmatch(path)):
        if path not in followers:
            title = f"Streaming {path}"
            out.write(f"\n{title}\n{'=' * len(title)}\n\n")
            followers[path] = LogFollower(transport, out)
        news |= followers[path].print_new(str(logs[path]))
    return news


def _print_facts(out: TextIO, name: str, web_view: str | None) -> None:
    out.write(f"RunId: {name}\n")
    if web_view:
        out.write(f"Web View: {web_view}\n")
    out.flush()


def _has_ended(status: str) -> bool:
    try:
        return JobStatus(status).is_terminal
    except ValueError:
        return False


def _ending(name: str, status: str, state: JsonObject) -> str:
    error = state.get("error")
    inner = error.get("error", error) if isinstance(error, dict) else None
    told = inner.get("message") if isinstance(inner, dict) else None
    reason = f": {str(told).strip()}" if told else "."
    remedy = "" if status == JobStatus.CANCELED else f"\nFetch its logs: smalt job download -n {name}"
    return f"Job {name} ended as {status}{reason}{remedy}"
