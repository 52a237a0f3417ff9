"""Types of columns: inferred from a sample, so that all pieces of a table agree, or as the table asks."""

from __future__ import annotations

import re

from .failure import TableError, needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_INTEGER = re.compile(r"\s*[+-]?\d{1,18}\s*")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?")
_TRUTH = {"true": True, "false": False}
TYPES = ("int", "float", "string", "boolean", "datetime")


def infer(sample: Any) -> dict[str, str]:  # Any: a DataFrame of text
    """The type of each column of a sample."""
    return {name: _type_of([each for each in sample[name] if isinstance(each, str)]) for name in sample.columns}


def _type_of(values: list[str]) -> str:
    filled = [each for each in values if each.strip()]
    if not filled:
        return "string"
    if all(_INTEGER.fullmatch(each) for each in filled):
        return "int"
    if all(_is_number(each) for each in filled):
        return "float"
    if all(each.strip().lower() in _TRUTH for each in filled):
        return "boolean"
    return "datetime" if all(_MOMENT.fullmatch(each.strip()) for each in filled) else "string"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


class Columns:
    """The types of some columns."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.types = dict(types)

    def text_columns(self, names: Iterable[str]) -> dict[str, type]:
        """The columns that must not be read as numbers on the way."""
        return {name: str for name in names if self.types.get(name, "string") not in ("int", "float")}

    def convert(self, frame: Any) -> Any:  # Any: a DataFrame
        """The frame with its columns in these types."""
        for name, kind in self.types.items():
            if name in frame.columns:
                frame[name] = converted(frame[name], kind)
        return frame


def converted(column: Any, kind: str, options: Mapping[str, Any] | None = None) -> Any:  # Any: a Series
    """A column in another type; values that do not fit are missing in the result.

    Raises:
        TableError: There is no such type, or a value fits no boolean and the table says that is an error.
    """
    pandas = needed("pandas", "A table of rows")
    given = options or {}
    if kind == "string":
        return column.where(column.isna(), column.astype(str)).astype(object).where(~column.isna(), None)
    if kind == "float":
        return pandas.to_numeric(column, errors="coerce").astype("float64")
    if kind == "int":
        numbers = pandas.to_numeric(column, errors="coerce")
        is_exact = not numbers.isna().any() and (numbers == numbers.round()).all()
        return numbers.astype("int64") if is_exact else numbers
    if kind == "boolean":
        return _booleans(column, given)
    if kind == "datetime":
        return _moments(column, given)
    raise TableError(f"column_type {kind!r} is unknown. Write one of: {', '.join(TYPES)}.")


def _booleans(column: Any, options: Mapping[str, Any]) -> Any:  # Any: a Series
    yes = {str(each).lower() for each in _several(options.get("true_values") or ["true", "1"])}
    no = {str(each).lower() for each in _several(options.get("false_values") or ["false", "0"])}
    mismatch = str(options.get("mismatch_as", "")).lower()

    def truth(value: Any) -> Any:  # Any: a value of the table
        word = str(value).strip().lower()
        if word in yes or word in no:
            return word in yes
        if value is None or value != value or not mismatch:
            return None
        if mismatch == "error":
            raise TableError(f"{value!r} in column {column.name!r} is neither true nor false.")
        return mismatch == "true"

    found = column.map(truth)
    return found.astype(bool) if not found.isna().any() else found.astype(object)


def _moments(column: Any, options: Mapping[str, Any]) -> Any:  # Any: a Series
    pandas = needed("pandas", "A table of rows")
    formats = _several(options.get("formats") or [])
    if not formats:
        return pandas.to_datetime(column, errors="coerce")
    found = pandas.to_datetime(column, format=formats[0], errors="coerce")
    for each in formats[1:]:
        found = found.fillna(pandas.to_datetime(column, format=each, errors="coerce"))
    return found


def _several(value: Any) -> list[Any]:  # Any: YAML
    return list(value) if isinstance(value, (list, tuple)) else [value]
