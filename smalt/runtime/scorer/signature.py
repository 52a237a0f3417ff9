"""The signature of an MLflow model, and values made to fit it; what does not fit is told by column and row."""

from __future__ import annotations

import base64
import json
import math

from .loaders.base import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

FLOATS = {"float": "float32", "double": "float64"}
INTEGERS = {"integer": "int32", "long": "int64"}
_PLAIN = {*FLOATS, *INTEGERS, "boolean", "string", "binary", "datetime"}
_SHOWN_COLUMNS = 20


class Column:
    """One column of a signature; `type` is None for nested ones, which MLflow itself checks."""

    def __init__(self, document: Mapping[str, Any], index: int) -> None:
        self.name: str | None = document.get("name")
        self.shown = repr(self.name) if self.name is not None else f"number {index}"
        kind = document.get("type")
        self.document = document
        self.type: str | None = kind if kind in _PLAIN else None
        self.is_required = bool(document.get("required", not document.get("optional", False)))


class Tensor:
    """One tensor of a signature."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.name: str | None = document.get("name")
        self.dtype: str = document["tensor-spec"]["dtype"]
        self.shape: list[int] = document["tensor-spec"]["shape"]

    def fit(self, value: Any) -> Any:
        """The value as an array of this type and shape."""
        import numpy

        what = f"Input {self.name!r}" if self.name is not None else "The input"
        try:
            array = numpy.asarray(value, dtype=self.dtype if self.dtype != "object" else None)
        except (ValueError, TypeError, OverflowError) as failure:
            raise BadInput(f"{what} cannot be read as an array of {self.dtype}: {failure}.") from None
        wanted = self.shape
        fits = len(array.shape) == len(wanted) and all(
            each in (-1, found)
            for each, found in zip(wanted, array.shape)  # noqa: B905  (`strict` is newer than Python 3.8)
        )
        if not fits:
            raise BadInput(f"{what} has the shape {list(array.shape)}; the model takes {wanted} (-1 is any).")
        return array


class Signature:
    """What a model takes.

    Args:
        inputs: The text of `signature.inputs` in MLmodel.
    """

    def __init__(self, inputs: str) -> None:
        found = json.loads(inputs)
        is_tensor = bool(found) and all(each.get("type") == "tensor" for each in found)
        self.tensors = [Tensor(each) for each in found] if is_tensor else []
        self.columns = [] if is_tensor else [Column(each, index) for index, each in enumerate(found)]
        self.document: list[dict[str, Any]] = found

    @property
    def is_plain(self) -> bool:
        """Whether all columns are of types that are checked here."""
        return bool(self.columns) and all(each.type is not None for each in self.columns)

    @property
    def names(self) -> list[str] | None:
        """Names of the columns; None where they have none."""
        names = [each.name for each in self.columns]
        return None if not names or None in names else [str(each) for each in names]

    def order(self, given: Sequence[Any]) -> list[int | None]:
        """Where each column is among the given names; None for optional ones that are not.

        Raises:
            BadInput: A required one is missing.
        """
        places = {name: index for index, name in enumerate(given)}
        found = [places.get(each.name) for each in self.columns]
        missing = [
            each.shown
            for each, place in zip(self.columns, found)  # noqa: B905  (`strict` is newer than Python 3.8)
            if place is None and each.is_required
        ]
        if missing:
            more = f" and {len(missing) - _SHOWN_COLUMNS} more" if len(missing) > _SHOWN_COLUMNS else ""
            extra = [repr(name) for name in given if all(name != each.name for each in self.columns)][:_SHOWN_COLUMNS]
            hint = f" Not known: {', '.join(extra)}." if extra else ""
            shown = ", ".join(missing[:_SHOWN_COLUMNS])
            raise BadInput(f"The model takes columns that are not in the request: {shown}{more}.{hint}")
        return found


def fit(column: Column, values: Sequence[Any]) -> Any:
    """The values of a column as a numpy array of its type.

    Raises:
        BadInput: One of them is of another type.
    """
    import numpy

    if column.type in FLOATS:
        return numpy.array([_float(column, row, each) for row, each in enumerate(values)], dtype=FLOATS[column.type])
    if column.type in INTEGERS:
        numbers = [_integer(column, row, each) for row, each in enumerate(values)]
        if not column.is_required and None in numbers:
            return numpy.array([math.nan if each is None else each for each in numbers], dtype="float64")
        return numpy.array(numbers, dtype=INTEGERS[column.type])
    array = numpy.empty(len(values), dtype=object)
    readers = {"boolean": _boolean, "string": _text, "binary": _binary, "datetime": _moment}
    read = readers[column.type or "string"]
    array[:] = [read(column, row, each) for row, each in enumerate(values)]
    if column.type == "boolean" and all(each is not None for each in array):
        return array.astype(bool)
    return _moments(column, array) if column.type == "datetime" else array


def nested(document: Mapping[str, Any], value: Any) -> Any:
    """A nested value whose whole numbers are floats where the type asks for them, as JSON does not tell them apart."""
    kind = document.get("type")
    if kind in FLOATS and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == "array" and isinstance(value, list):
        return [nested(document.get("items") or {}, each) for each in value]
    if kind == "map" and isinstance(value, dict):
        return {name: nested(document.get("values") or {}, each) for name, each in value.items()}
    if kind == "object" and isinstance(value, dict):
        properties = document.get("properties") or {}
        return {name: nested(properties.get(name) or {}, each) for name, each in value.items()}
    return value


def _problem(column: Column, row: int, value: Any, what: str) -> BadInput:
    shown = json.dumps(value, default=str)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return BadInput(f"Column {column.shown} takes {what}, and row {row} has {shown}.")


def _float(column: Column, row: int, value: Any) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _problem(column, row, value, f"numbers ({column.type})") from None


def _integer(column: Column, row: int, value: Any) -> int | None:
    if value is None and not column.is_required:
        return None
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise _problem(column, row, value, f"whole numbers ({column.type})") from None
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    bits = 31 if column.type == "integer" else 63
    if not is_whole or not -(2**bits) <= value < 2**bits:
        raise _problem(column, row, value, f"whole numbers ({column.type})")
    return int(value)


def _boolean(column: Column, row: int, value: Any) -> bool | None:
    if value is None and not column.is_required:
        return None
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise _problem(column, row, value, "true and false")


def _text(column: Column, row: int, value: Any) -> Any:
    """The value; a number stays one, since MLflow passes it on where text is declared, and requests rely on that."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise _problem(column, row, value, "text")


def _moment(column: Column, row: int, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _problem(column, row, value, "moments as text")


def _binary(column: Column, row: int, value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise _problem(column, row, value, "bytes in base64") from None


def _moments(column: Column, values: Any) -> Any:
    import pandas

    try:
        return pandas.to_datetime(pandas.Series(values), format="ISO8601").astype("datetime64[ns]")
    except (ValueError, TypeError) as failure:
        raise BadInput(f"Column {column.shown} takes moments (ISO 8601): {failure}.") from None
