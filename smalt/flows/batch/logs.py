"""Logs of a run: its own words in `logs.txt`, and what the flow prints with the node and the line that printed it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO, cast

from smalt.flows.running.results import Printed
from smalt.flows.tracing import spans
from smalt.flows.tracing.secrets import struck

Pieces = list[tuple[str, str]]
"""What was printed in a line, in turn: who printed, and the text."""

_line: ContextVar[Pieces | None] = ContextVar("smalt_flow_line_log", default=None)


@contextlib.contextmanager
def line_log() -> Iterator[Pieces]:
    """Collect what is printed meanwhile in this context, and in threads that run a copy of it."""
    pieces: Pieces = []
    token = _line.set(pieces)
    try:
        yield pieces
    finally:
        _line.reset(token)


def text_of(pieces: Pieces, number: int) -> str:
    """The log of a line: whole lines, each with the node that printed it. Secrets are struck out."""
    lines: list[str] = []
    begun: dict[str, str] = {}
    for source, text in pieces:
        *whole, begun[source] = (begun.get(source, "") + text).split("\n")
        lines += [_line_of(source, each, number) for each in whole]
    lines += [_line_of(source, rest, number) for source, rest in begun.items() if rest]
    return struck("".join(lines))


def _line_of(source: str, text: str, number: int) -> str:
    node, dot, stream = source.rpartition(".")
    return f"[{node} in line {number} (index starts from 0)] {stream}> {text}\n" if dot else f"{text}\n"


class _Sorted:
    """A standard stream that gives what is printed to the node and to the log of the line that printed it."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def write(self, text: str) -> int:
        node = spans.node()
        if node is not None:
            node.printed.append(Printed(self._name, text, time.time()))
        pieces = _line.get()
        if pieces is None:
            return self._stream.write(text)
        pieces.append((f"{node.name}.{self._name}" if node is not None else "", text))
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
                pieces.append(("log", f"{record.levelname} {record.name}: {record.getMessage()}\n"))


@contextlib.contextmanager
def captured() -> Iterator[None]:
    """What flows print meanwhile is kept with their nodes, and in the logs of their lines where there are some."""
    kept = sys.stdout, sys.stderr
    handler = _OfLines(logging.INFO)
    logging.getLogger().addHandler(handler)
    sys.stdout = cast("TextIO", _Sorted(kept[0], "stdout"))
    sys.stderr = cast("TextIO", _Sorted(kept[1], "stderr"))
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
