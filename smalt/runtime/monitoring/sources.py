"""The rows behind a path, piece by piece: what the data collector wrote, an MLTable, or a folder of tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from smalt.runtime.monitoring.failure import MonitorError
from smalt.runtime.tables import TableError, open_table

Frame = Any
"""A DataFrame; pandas brings no types."""

CORRELATION = "correlation_id"
"""The column that says which request a collected row belongs to."""

PIECE_ROWS = 100_000
_PIECE_BYTES = float(32 << 20)
_FOLDERS = re.compile(r"(?:^|/)(\d{4})(?:/(\d{2})(?:/(\d{2})(?:/(\d{2})(?:/(\d{2}))?)?)?)?/[^/]+$")
_SPANS = (timedelta(days=366), timedelta(days=31), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
_TABLES = {".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".json"}


@dataclass(frozen=True)
class Window:
    """A span of time; the end is not part of it."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    @staticmethod
    def of(pair: list[str] | None) -> Window | None:
        """The window that settings name."""
        if pair is None:
            return None
        start, end = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in pair)
        return Window(start, end)


@dataclass(frozen=True)
class Source:
    """Data of a signal.

    Args:
        path: Where it lies.
        context: What it is to the model, e.g. `model_inputs`.
        columns: Which column holds what.
        window: Of which time rows are taken; the collector's by their time, others by the column `timestamp`.
    """

    path: str
    context: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    window: Window | None = None

    @staticmethod
    def of(settings: dict[str, Any]) -> Source:
        """The source that settings name."""
        window = Window.of(settings.get("window"))
        return Source(settings["path"], settings.get("context") or "", dict(settings.get("columns") or {}), window)

    @property
    def correlation(self) -> str:
        """The column by which rows are joined."""
        return self.columns.get("correlation_id", CORRELATION)

    @property
    def aside(self) -> set[str]:
        """Columns that are no features."""
        named = (self.columns.get(key) for key in ("correlation_id", "timestamp"))
        return {CORRELATION, *filter(None, named)}


def pieces(source: Source) -> Iterator[Frame]:
    """The rows of a source, some at a time; none is empty.

    Raises:
        MonitorError: There are none, or they cannot be read.
    """
    has_rows = False
    for piece in _pieces(source):
        if len(piece):
            has_rows = True
            yield piece
    if not has_rows:
        when = f" from {source.window}" if source.window is not None else ""
        what = source.context.replace("_", " ") or "data"
        raise MonitorError(f"There are no rows of {what}{when}. Check the window, and that data is collected.")


def _pieces(source: Source) -> Iterator[Frame]:
    place = Path(source.path)
    if (place / "MLTable").is_file() or place.name == "MLTable":
        yield from _timed(_described(source.path), source)
        return
    files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
    files = [each for each in files if each.suffix.lower() in _TABLES and each.is_file()]
    if any(is_collected(each) for each in files[:3]):
        yield from _collected(place, files, source.window)
        return
    for file in files:
        yield from _timed(_table(file), source)


def is_collected(file: Path) -> bool:
    """Whether the data collector wrote this file: a CloudEvent a line."""
    if file.suffix.lower() != ".jsonl":
        return False
    with file.open(encoding="utf-8", errors="replace") as lines:
        first = lines.readline(1 << 20)
    return '"specversion"' in first


def _collected(root: Path, files: list[Path], window: Window | None) -> Iterator[Frame]:
    rows: list[dict[str, Any]] = []
    for file in files:
        if window is not None and not _may_hold(file.relative_to(root).as_posix(), window):
            continue
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                rows += _rows_of(line, window)
                if len(rows) >= PIECE_ROWS:
                    yield pd.DataFrame(rows)
                    rows = []
    if rows:
        yield pd.DataFrame(rows)


def _may_hold(path: str, window: Window) -> bool:
    """Whether a file may have events of the window, by the folders that tell its hour, day, month or year."""
    found = _FOLDERS.search(path)
    if found is None:
        return True
    parts = [int(each) for each in found.groups() if each is not None]
    try:
        year, month, day, hour, minute = [*parts, *(1, 1, 1, 0, 0)[len(parts) :]]
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return True
    return start < window.end and start + _SPANS[len(parts) - 1] > window.start


def _rows_of(line: str, window: Window | None) -> list[dict[str, Any]]:
    """The rows of one event; what is no event, not of the window, or kept elsewhere has none."""
    try:
        event = json.loads(line)
        moment = datetime.fromisoformat(str(event["time"]).replace("Z", "+00:00"))
    except (ValueError, KeyError, TypeError):
        return []
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if window is not None and not window.start <= moment < window.end:
        return []
    content = event.get("data")
    given = content if isinstance(content, list) else [content]
    name = str(event.get("correlationid") or event.get("id") or "")
    many = len(given) > 1
    return [
        {**row, CORRELATION: f"{name}_{number}" if many else name}
        for number, row in enumerate(given)
        if isinstance(row, dict)
    ]


def _described(path: str) -> Iterator[Frame]:
    try:
        table = open_table(path)
        if not table.has_rows:
            raise MonitorError("The MLTable says how no file is read. Add a reader, e.g. `- read_delimited:`.")
        if not table.is_divisible:
            yield table.frame()
            return
        for piece in table.pieces(_PIECE_BYTES):
            yield table.load(piece)
    except TableError as failure:
        raise MonitorError(str(failure)) from None


def _table(file: Path) -> Iterator[Frame]:
    kind = file.suffix.lower()
    if kind == ".parquet":
        from pyarrow.parquet import ParquetFile

        for batch in ParquetFile(file).iter_batches(PIECE_ROWS):
            yield batch.to_pandas()
    elif kind in {".csv", ".tsv"}:
        yield from pd.read_csv(file, sep="\t" if kind == ".tsv" else ",", chunksize=PIECE_ROWS)
    else:
        yield from pd.read_json(file, lines=True, chunksize=PIECE_ROWS)


def _timed(frames: Iterator[Frame], source: Source) -> Iterator[Frame]:
    """Only the rows of the window, where a column tells their time."""
    column = source.columns.get("timestamp")
    for frame in frames:
        if column is None or source.window is None:
            yield frame
            continue
        if column not in frame:
            raise MonitorError(f"There is no column {column!r}, which data_column_names calls the timestamp.")
        moments = pd.to_datetime(frame[column], utc=True, errors="coerce", format="ISO8601")
        yield frame[(moments >= source.window.start) & (moments < source.window.end)]
