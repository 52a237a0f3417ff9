"""Reading a table: an MLTable folder, a folder of files, or one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from smalt.runtime.automl.failure import DataError
from smalt.runtime.tables import TableError, open_table


def read_table(path: str) -> Any:  # Any: a DataFrame
    """The rows behind a path.

    Raises:
        DataError: There is no table, or it cannot be read.
    """
    place = Path(path)
    if (place / "MLTable").is_file():
        return _described(path)
    files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
    if not files:
        raise DataError(f"The folder {place.name!r} has no files. Put a table there.")
    return pd.concat([_by_suffix(each) for each in files], ignore_index=True)


def _described(path: str) -> Any:  # Any: a DataFrame
    try:
        table = open_table(path)
        if not table.has_rows:
            raise DataError("The MLTable says how no file is read. Add a reader, e.g. `- read_delimited:`.")
        return table.frame()
    except TableError as failure:
        raise DataError(str(failure)) from None


def _by_suffix(path: Path) -> Any:  # Any: a DataFrame
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix in {".jsonl", ".ndjson", ".json"}:
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
