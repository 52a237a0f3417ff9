"""Traces as a person reads them in a terminal: a waterfall of spans, and rows of a table."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from smalt.cli.console import has_colour

Document = Mapping[str, Any]  # Any: JSON

_COLOURS = {"LLM": "magenta", "Embedding": "magenta", "Tool": "cyan", "Retrieval": "yellow", "Flow": "blue"}
_BAR, _PART = "█", "▏"
_LEAST_NAME, _LEAST_BAR = 24, 20
_FIGURES = 26


def lines(trace: Document) -> Iterator[str]:
    """The trace: what it is, then a line for each span, under the one that called it."""
    yield f"{_printable(trace['name'])}  {_status(trace)}  {_seconds(trace['seconds'])}  {_taken(trace)}".rstrip()
    for name in ("traceId", "startedAt", "flow", "session", "job", "run", "endpoint", "deployment"):
        if trace[name]:
            yield f"  {name}: {_printable(str(trace[name]))}"
    spans = _in_order(trace["spans"])
    if not spans:
        return
    start = min(span["start"] for span, _ in spans)
    whole = max(max(_end(span) for span, _ in spans) - start, 1e-9)
    names = [f"{'  ' * depth}{_printable(span['name'])}" for span, depth in spans]
    free = shutil.get_terminal_size((120, 24)).columns - _FIGURES
    width = max(min(max(map(len, names)), free // 2), _LEAST_NAME)
    track = max(free - width - 12, _LEAST_BAR)
    yield ""
    for (span, _), name in zip(spans, names, strict=True):
        yield _line(span, _fitted(name, width), start=start, whole=whole, track=track)
        if span["status"] == "ERROR" and span["message"]:
            yield f"{'':{width}}  {_coloured(_printable(span['message'].splitlines()[0][:free]), 'red')}"


def row(trace: Document) -> dict[str, Any]:  # Any: values of cells
    """A trace as a row of a table."""
    return {
        "id": trace["traceId"],
        "started": trace["startedAt"][:19],
        "kind": trace["kind"],
        "status": trace["status"],
        "seconds": _seconds(trace["seconds"]),
        "tokens": _of(trace["tokens"], "total"),
        "cost": _money(trace["cost"]),
        "spans": trace["spanCount"],
        "name": trace["name"],
    }


def figures(found: Document, by: str) -> dict[str, Any]:  # Any: values of cells
    """Figures as a row of a table."""
    seconds = found["seconds"]
    return {
        by: found[by],
        "requests": found["requests"],
        "errors": found["errors"],
        **{name: _seconds(seconds[name]) for name in ("p50", "p90", "p99")},
        "tokens": _of(found["tokens"], "total"),
        "cost": _money(found["cost"]),
    }


def _line(span: Document, name: str, *, start: float, whole: float, track: int) -> str:
    begin = round((span["start"] - start) / whole * track)
    size = round((_end(span) - span["start"]) / whole * track)
    begin = min(begin, track - 1)
    bar = _BAR * min(size, track - begin) or _PART
    colour = "red" if span["status"] == "ERROR" else _COLOURS.get(span["kind"], "white")
    shown = f"{' ' * begin}{_coloured(bar, colour)}{' ' * (track - begin - len(bar))}"
    tokens = f"{_of(span['tokens'], 'total')} tok" if span["tokens"] else ""
    took = _seconds(_end(span) - span["start"])
    return f"{name}  {_printable(span['kind'][:9]):9} {shown} {took:>9} {tokens:>11}".rstrip()


def _in_order(spans: Sequence[Document]) -> list[tuple[Document, int]]:
    """Every span with its depth, each under its parent; those whose parent is not there stand at the top."""
    known = {span["id"] for span in spans}
    below: dict[str | None, list[Document]] = {}
    for span in sorted(spans, key=lambda span: span["start"]):
        parent = span["parent"] if span["parent"] in known and span["parent"] != span["id"] else None
        below.setdefault(parent, []).append(span)
    found: list[tuple[Document, int]] = []
    waiting = [(span, 0) for span in reversed(below.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        found.append((span, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(span["id"], []))]
    return found


def _end(span: Document) -> float:
    return float(span["start"] if span["end"] is None else span["end"])


def _printable(text: str) -> str:
    """Text that tells the terminal nothing: names and messages are whatever an application has sent."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _fitted(name: str, width: int) -> str:
    return name.ljust(width) if len(name) <= width else f"{name[: width - 1]}…"


def _status(trace: Document) -> str:
    status = str(trace["status"])
    return _coloured(status, {"OK": "green", "ERROR": "red"}.get(status, "cyan"))


def _taken(trace: Document) -> str:
    parts = [f"{_of(trace['tokens'], 'total')} tokens" if trace["tokens"] else "", _money(trace["cost"])]
    return "  ".join(part for part in parts if part)


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _of(tokens: Document | None, name: str) -> str:
    return "" if tokens is None else str(tokens[name])


def _money(cost: float | None) -> str:
    return "" if cost is None else f"${cost:.4f}" if cost < 1 else f"${cost:.2f}"


def _coloured(text: str, colour: str) -> str:
    return click.style(text, fg=colour) if has_colour(sys.stdout) else text
