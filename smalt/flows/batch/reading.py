"""Data of a batch: rows of a csv, tsv, json, jsonl or parquet file, or of every such file in a folder.

Values are taken as they stand; the flow converts them to the types of its inputs.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.flows.batch import records

Row = dict[str, Any]  # Any: as in the file

_log = logging.getLogger(__name__)
_IMAGE = "data:image/"


def read(path: Path | str) -> list[Row]:
    """All rows of a file or a folder, files in the order of their names.

    Paths of images in the rows are taken from the folder of their file.

    Raises:
        NotFound: There is no such path.
        InvalidRequest: A file cannot be read; the message says where.
    """
    source = Path(path).expanduser()
    if source.is_dir():
        files = sorted(each for each in source.rglob("*") if each.is_file() and not each.name.startswith("."))
        return [row for each in files for row in _rows(each, is_alone=False)]
    if not source.is_file():
        raise NotFound(f"There is no data at {str(path)!r}. Give a csv, tsv, json, jsonl or parquet file, or a folder.")
    return _rows(source, is_alone=True)


def _rows(source: Path, *, is_alone: bool) -> list[Row]:
    if source.stat().st_size == 0:
        return []
    reader = _READERS.get(source.suffix.lower())
    try:
        rows = list((reader or _jsonl)(source))
    except (ValueError, csv.Error) as error:
        if reader is None and not is_alone:
            _log.warning("%s is not a csv, tsv, json, jsonl or parquet file; it is left out.", source)
            return []
        raise InvalidRequest(
            f"{source} cannot be read as {source.suffix or 'jsonl'}: {error}. Mend the file."
        ) from None
    folder = source.parent.absolute()
    return [_with_images(row, folder) for row in rows]


def _separated(separator: str) -> Callable[[Path], Iterator[Row]]:
    def read_separated(source: Path) -> Iterator[Row]:
        with source.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter=separator):
                yield {key: value or "" for key, value in row.items() if key is not None}

    return read_separated


def _jsonl(source: Path) -> Iterator[Row]:
    with source.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    row = records.decode(line)
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from None
                if not isinstance(row, dict):
                    raise ValueError(f"line {number} is no JSON object but {line.strip()[:60]!r}")
                yield row


def _json(source: Path) -> Iterator[Row]:
    document = json.loads(source.read_text(encoding="utf-8-sig"))
    if isinstance(document, dict):
        columns = document.values()
        # The other shape of tables in JSON: a mapping of columns, each a list or a mapping by row.
        if columns and all(isinstance(each, list) for each in columns):
            yield from (dict(zip(document, values, strict=False)) for values in zip(*columns, strict=False))
            return
        if columns and all(isinstance(each, dict) for each in columns):
            keys = dict.fromkeys(key for each in columns for key in each)
            yield from ({name: each.get(key) for name, each in document.items()} for key in keys)
            return
        yield document
        return
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise ValueError("it is no list of objects")
    yield from document


def _parquet(source: Path) -> Iterator[Row]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped,unused-ignore]  # no types, where it is there at all
    except ImportError:
        raise Unsupported(
            f"{source} is a parquet file, which needs the package pyarrow. Install it: pip install pyarrow."
        ) from None
    yield from parquet.read_table(source).to_pylist()


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".json": _json,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}


def _with_images(value: Any, folder: Path) -> Any:  # Any: JSON
    """The value with paths of images made absolute."""
    if isinstance(value, list):
        return [_with_images(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _image_path(key, each, folder) for key, each in value.items()}


def _image_path(key: str, value: Any, folder: Path) -> Any:  # Any: JSON
    if key == "image_file" and isinstance(value, dict) and isinstance(value.get("path"), str):
        return value | {"path": str(folder / value["path"])}
    if key.startswith(_IMAGE) and key.endswith(";path") and isinstance(value, str):
        return str(folder / value)
    return _with_images(value, folder)
