"""Reading a table: an MLTable folder, a folder of files, or one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from smalt.runtime.automl.failure import DataError

_TYPES = ("int", "float", "string", "boolean", "datetime")
_READERS = ("read_delimited", "read_parquet", "read_json_lines")


def read_table(path: str) -> Any:  # Any: a DataFrame
    """The rows behind a path.

    Raises:
        DataError: There is no table, or it is described by something that is not read here.
    """
    place = Path(path)
    description = place / "MLTable"
    if description.is_file():
        return _described(place, description)
    files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
    if not files:
        raise DataError(f"The folder {place.name!r} has no files. Put a table there.")
    return pd.concat([_by_suffix(each) for each in files], ignore_index=True)


def _by_suffix(path: Path) -> Any:  # Any: a DataFrame
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix in {".jsonl", ".ndjson", ".json"}:
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")


def _described(folder: Path, description: Path) -> Any:  # Any: a DataFrame
    import yaml

    document = yaml.safe_load(description.read_text(encoding="utf-8")) or {}
    steps = [next(iter(step.items())) if isinstance(step, dict) else (step, None)
             for step in document.get("transformations") or []]  # fmt: skip
    files = [file for entry in document.get("paths") or [] for file in _files(folder, entry)]
    if not files:
        raise DataError(f"The MLTable names no files below {folder.name!r}. Check its paths.")
    reader = next((step for step in steps if step[0] in _READERS), None)
    frame = pd.concat([_read(file, reader) for file in files], ignore_index=True)
    for name, options in steps:
        if name not in _READERS:
            frame = _changed(frame, name, options)
    return frame


def _files(folder: Path, entry: Any) -> list[Path]:  # Any: YAML
    kind, path = next(iter(entry.items()))
    if "://" in str(path):
        raise DataError(f"The MLTable names {path!r}, which is not in its folder. Put the file beside it.")
    if kind == "pattern":
        return sorted(each for each in folder.glob(str(path).removeprefix("./")) if each.is_file())
    found = folder / str(path)
    if not found.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"The MLTable names {path!r}, which leads out of its folder.")
    return sorted(each for each in found.rglob("*") if each.is_file()) if found.is_dir() else [found]


def _read(path: Path, reader: tuple[str, Any] | None) -> Any:  # Any: YAML; a DataFrame
    if reader is None:
        return _by_suffix(path)
    name, options = reader[0], reader[1] or {}
    if name == "read_parquet":
        return pd.read_parquet(path)
    if name == "read_json_lines":
        return pd.read_json(path, lines=True)
    header = None if options.get("header") in {"no_header", False} else 0
    return pd.read_csv(
        path,
        sep=options.get("delimiter", ","),
        # Files that call themselves ascii often are not; utf-8 reads both.
        encoding={"ascii": "utf-8"}.get(options.get("encoding", "utf-8"), options.get("encoding", "utf-8")),
        header=header,
        skipinitialspace=True,
        keep_default_na=not options.get("empty_as_string", False),
    )


def _changed(frame: Any, name: str, options: Any) -> Any:  # Any: a DataFrame and YAML
    columns = [options] if isinstance(options, str) else options
    if name == "convert_column_types":
        for each in options:
            for column in [each["columns"]] if isinstance(each["columns"], str) else each["columns"]:
                frame[column] = _converted(frame[column], each["column_type"])
        return frame
    if name == "drop_columns":
        return frame.drop(columns=columns)
    if name == "keep_columns":
        return frame[columns]
    if name == "take":
        return frame.head(int(options))
    raise DataError(f"The MLTable's step {name!r} is not read by AutoML. Apply it to the files beforehand.")


def _converted(column: Any, kind: Any) -> Any:  # Any: a Series and YAML
    if isinstance(kind, dict) and "datetime" in kind:
        formats = (kind["datetime"] or {}).get("formats") or [None]
        return pd.to_datetime(column, format=formats[0], errors="coerce")
    if kind == "datetime":
        return pd.to_datetime(column, errors="coerce")
    if kind == "int":
        numbers = pd.to_numeric(column, errors="coerce")
        return numbers if numbers.isna().any() else numbers.astype("int64")
    if kind == "float":
        return pd.to_numeric(column, errors="coerce").astype("float64")
    if kind == "string":
        return column.where(column.isna(), column.astype(str))
    if kind == "boolean":
        return column.map(lambda value: value if value != value else str(value).lower() in {"true", "1"})
    raise DataError(f"The MLTable converts to {kind!r}, which is no known type. Write one of: {', '.join(_TYPES)}.")
