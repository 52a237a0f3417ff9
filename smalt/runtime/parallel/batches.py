"""Splits an input into mini-batches: groups of files, pieces of a table, or the rows that share a key."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile

from ..tables import Places, Table, TableError, open_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .settings import Settings

_DEFAULT_FILES = 1
_DEFAULT_BYTES = float(1 << 20)


class MiniBatch:
    """One mini-batch, as it is handed to a worker.

    Args:
        content: What to load: `{"files": [..]}`, `{"piece": [file, start, end]}` or `{"rows": path}`.
        identity: What it is made of. Equal contents of the same files have equal keys, in another job as well.
        items: How many items it has, where that is known before it is loaded.
        partition: The values that its rows share.
    """

    def __init__(
        self,
        content: dict[str, Any],
        identity: Any,  # Any: JSON
        *,
        items: int | None = None,
        partition: dict[str, str] | None = None,
    ) -> None:
        self.content = content
        self.key = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()[:32]
        self.items = items
        self.partition = partition
        self.index = -1


class Split:
    """All mini-batches of a job.

    Args:
        batches: In order.
        table: The table they are pieces of, if they are.
    """

    def __init__(self, batches: Sequence[MiniBatch], table: Table | None) -> None:
        self.batches = list(batches)
        self.table = table
        for index, batch in enumerate(self.batches):
            batch.index = index


def split(settings: Settings) -> Split:
    """Split the input of a job.

    Raises:
        TableError: The table cannot be read, or there is nothing to split.
    """
    if not settings.is_table:
        return Split(list(_of_files(_listed(settings.input_path), settings)), None)
    places = Places(scratch=settings.scratch)
    table = open_table(settings.input_path, places=places, yaml_package=settings.yaml_package)
    if not table.has_rows:
        return Split(list(_of_path_table(table, settings)), table)
    if settings.partition_keys:
        return Split(list(_of_groups(table, settings)), table)
    if not table.is_divisible:
        return Split(list(_of_rows(table, settings)), table)
    return Split(list(_of_pieces(table, settings)), table)


def _listed(path: str) -> list[tuple[str, str]]:
    """Files with the names by which they are known: the input itself, or all below it in name order."""
    if os.path.isfile(path):
        return [(path, os.path.basename(path))]
    if not os.path.isdir(path):
        raise TableError(f"The input {path} is neither a file nor a folder.")
    found = []
    for parent, folders, names in os.walk(path):
        folders.sort()
        found += [os.path.join(parent, name) for name in sorted(names)]
    return [(each, os.path.relpath(each, path)) for each in found if os.path.isfile(each)]


def _of_files(files: Sequence[tuple[str, str]], settings: Settings) -> Iterator[MiniBatch]:
    group: list[tuple[str, str]] = []
    held = 0
    limit = settings.size or _DEFAULT_FILES
    for path, name in files:
        weight = os.path.getsize(path) if settings.is_size_in_bytes else 1
        if group and held + weight > limit:
            yield _file_batch(group)
            group, held = [], 0
        group.append((path, name))
        held += weight
    if group:
        yield _file_batch(group)


def _file_batch(group: Sequence[tuple[str, str]], partition: dict[str, str] | None = None) -> MiniBatch:
    identity = [[name, *_stamp(path)] for path, name in group]
    paths = [path for path, _ in group]
    return MiniBatch({"files": paths}, [identity, partition], items=len(paths), partition=partition)


def _stamp(path: str) -> list[int]:
    about = os.stat(path)
    return [about.st_size, about.st_mtime_ns]


def _of_path_table(table: Table, settings: Settings) -> Iterator[MiniBatch]:
    rows = table.paths()
    keys = settings.partition_keys
    if not keys:
        yield from _of_files([(row.source.path, row.source.shown) for row in rows], settings)
        return
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in rows:
        missing = [key for key in keys if key not in row.columns]
        if missing:
            raise TableError(f"partition_keys {missing} are no columns of the paths. There are: {sorted(row.columns)}.")
        groups.setdefault(tuple(str(row.columns[key]) for key in keys), []).append((row.source.path, row.source.shown))
    for values, group in sorted(groups.items()):
        partition = {key: values[place] for place, key in enumerate(keys)}
        yield _file_batch(group, partition)


def _of_pieces(table: Table, settings: Settings) -> Iterator[MiniBatch]:
    stamps = [_stamp(source.path) for source in table.sources]
    for piece in table.pieces(settings.size or _DEFAULT_BYTES):
        name = table.sources[piece.number].shown
        identity = [name, *stamps[piece.number], piece.start, piece.end, table.steps_text]
        yield MiniBatch({"piece": [piece.number, piece.start, piece.end]}, identity)


def _of_rows(table: Table, settings: Settings) -> Iterator[MiniBatch]:
    """Equal numbers of rows, for a table whose rows depend on each other; it is read once, here."""
    frame = table.frame()
    size = sum(os.path.getsize(source.path) for source in table.sources)
    count = max(1, round(size / (settings.size or _DEFAULT_BYTES)))
    step = max(1, -(-len(frame) // count))
    folder = tempfile.mkdtemp(prefix="rows-", dir=settings.scratch)
    for start in range(0, len(frame), step):
        rows = frame.iloc[start : start + step].reset_index(drop=True)
        yield _kept(folder, table, rows, [start, start + len(rows)], None)


def _of_groups(table: Table, settings: Settings) -> Iterator[MiniBatch]:
    keys = settings.partition_keys or []
    frame = table.frame()
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        raise TableError(f"partition_keys {missing} are no columns of the table. It has: {list(frame.columns)}.")
    folder = tempfile.mkdtemp(prefix="rows-", dir=settings.scratch)
    for found, rows in frame.groupby(keys if len(keys) > 1 else keys[0], sort=True, dropna=False):
        values = found if isinstance(found, tuple) else (found,)
        partition = {key: values[place] for place, key in enumerate(keys)}
        yield _kept(folder, table, rows.reset_index(drop=True), None, partition)


def _kept(
    folder: str, table: Table, rows: Any, place: list[int] | None, partition: dict[str, Any] | None
) -> MiniBatch:  # Any: a DataFrame
    """Rows put aside for a worker."""
    handle, path = tempfile.mkstemp(suffix=".pickle", dir=folder)
    with open(handle, "wb") as stream:
        pickle.dump((rows, partition), stream, protocol=4)
    stamps = [[source.shown, *_stamp(source.path)] for source in table.sources]
    shown = None if partition is None else {key: str(value) for key, value in partition.items()}
    return MiniBatch(
        {"rows": path}, [stamps, table.steps_text, place, shown, len(rows)], items=len(rows), partition=shown
    )
