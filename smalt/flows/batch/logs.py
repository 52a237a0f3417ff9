"""Logs of a run: its own words in `logs.txt`, and what the flow prints in the log of the line that printed it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO, cast

_line: ContextVar[list[str] | None] = ContextVar("smalt_flow_line_log", default=None)


@contextlib.contextmanager
def line_log() -> Iterator[list[str]]:
    """Collect what is printed meanwhile in this context, and in threads that run a copy of it."""
    pieces: list[str] = []
    token = _line.set(pieces)
    try:
        yield pieces
    finally:
        _line.reset(token)


class _ByLine:
    """A standard stream that gives what is printed in a line to the log of that line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        pieces = _line.get()
        if pieces is None:
            return self._stream.write(text)
        pieces.append(text)
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def isatty(self) -> bool:
        return _line.get() is None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:  # Any: everything else is the stream's own
        return getattr(self._stream, name)


class _OfLines(logging.Handler):
    """Log records that are made in a line go to the log of that line."""

    def emit(self, record: logging.LogRecord) -> None:
        pieces = _line.get()
        if pieces is not None:
            with contextlib.suppress(Exception):
                pieces.append(f"{record.levelname} {record.name}: {record.getMessage()}\n")


@contextlib.contextmanager
def captured() -> Iterator[None]:
    """What flows print meanwhile goes to the logs of their lines."""
    kept = sys.stdout, sys.stderr
    handler = _OfLines(logging.INFO)
    logging.getLogger().addHandler(handler)
    sys.stdout, sys.stderr = cast("TextIO", _ByLine(kept[0])), cast("TextIO", _ByLine(kept[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
        logging.getLogger().removeHandler(handler)


class RunLog:
    """`logs.txt` of a run, and whoever listens to it.

    Args:
        path: The file; it is added to.
        listener: Told each line as well.
    """

    def __init__(self, path: Path, listener: Callable[[str], None] | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._listener = listener

    def say(self, message: str, *, level: str = "INFO") -> None:
        """Write a line."""
        from smalt.kit import clock

        self.repeat(f"{clock.now():%Y-%m-%d %H:%M:%S %z} {os.getpid():>7} execution.bulk     {level:<8} {message}")

    def repeat(self, line: str) -> None:
        """Write a line of another log."""
        self._file.write(line + "\n")
        if self._listener is not None:
            self._listener(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
