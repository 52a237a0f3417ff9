"""What a person sees: colours, progress and questions. Colours and progress only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

import click

_BAR = 24
_REDRAW_SECONDS = 0.1


def has_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: a terminal, and NO_COLOR is not set."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def red(text: str) -> str:
    """For failures, on the standard error stream."""
    return click.style(text, fg="red", bold=True) if has_colour(sys.stderr) else text


_BY_STATUS = {"Completed": "green", "Failed": "red", "Running": "cyan", "Canceled": "yellow", "Skipped": "yellow"}


def by_status(text: str, status: str) -> str:
    """A text in the colour of a status, on the standard output."""
    return coloured(text, status) if has_colour(sys.stdout) else text


def coloured(text: str, status: str) -> str:
    """A text in the colour of a status, where that is wanted; as it is for what is no status with a colour."""
    colour = _BY_STATUS.get(status)
    return click.style(text, fg=colour) if colour else text


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream can be drawn over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def height() -> int:
    """The lines that may be drawn over: those of the screen, less one for the cursor."""
    return max(shutil.get_terminal_size().lines - 1, 2)


def warn(text: str) -> None:
    """Say something on the standard error stream that a person should know."""
    label = click.style("WARNING:", fg="yellow") if has_colour(sys.stderr) else "WARNING:"
    click.echo(f"{label} {text}", err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost.

    Raises:
        click.UsageError: Nobody is there to answer, and `--yes` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is here to confirm; pass --yes.")
    click.confirm(question, abort=True, err=True)


def tell(line: str) -> None:
    """A line about what takes a while, on the standard error stream."""
    sys.stderr.write(f"{line}\n")


def progress(title: str, total: int) -> Callable[[int, int], None]:
    """A bar on the standard error stream; nothing where that is no terminal."""
    if not sys.stderr.isatty() or not total:
        return lambda done, size: None
    return _Bar(title).show


class _Bar:
    """One line that is written over again, at most once per percent."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._last = -1
        self._lock = threading.Lock()

    def show(self, done: int, total: int) -> None:
        percent = 100 * done // total
        with self._lock:
            if percent == self._last:
                return
            self._last = percent
        filled = "#" * (_BAR * percent // 100)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{self._title} [{filled:<{_BAR}}] {percent:3d}% of {_size(total)}{end}")
        sys.stderr.flush()


class Counter:
    """A bar of things that end one by one, some of them failed; drawn at most ten times a second."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._drawn_at = 0.0

    def show(self, done: int, total: int, failed: int) -> None:
        """Draw so many of so many."""
        now = time.monotonic()
        if done < total and now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at = now
        filled = "#" * (_BAR * done // max(total, 1))
        told = f", {red(f'{failed} failed')}" if failed else ""
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r[{filled:<{_BAR}}] {done} of {total} {self._title}{told}{end}")
        sys.stderr.flush()


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
