"""The bodies that MLflow models are asked with, whatever their spelling, as rows, arrays or a value."""

from __future__ import annotations

import json

from .loaders.base import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .http11 import Request

FORMS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs")
_CHAT = ("messages", "prompt", "input")
_ONE_OF = f"Send a JSON object with one of {', '.join(FORMS)}."


class Asked:
    """What a request asks.

    Attributes:
        rows: Rows of values, for a table.
        names: Names of their columns, if the request says them.
        arrays: Nested lists by name, or one without a name.
        value: A body that is handed to the model as it is.
        params: Parameters of the prediction.
        wraps: Whether the answer is `{"predictions": ...}`, as MLflow's own server says it; Azure's is bare.
    """

    __slots__ = ("arrays", "names", "params", "rows", "value", "wraps")

    def __init__(self) -> None:
        self.rows: list[Any] | None = None
        self.names: list[Any] | None = None
        self.arrays: Any = None
        self.value: Any = None
        self.params: dict[str, Any] | None = None
        self.wraps = True


def read(request: Request, *, is_table: bool) -> Asked:
    """What a request asks.

    Args:
        request: The request.
        is_table: Whether the model takes a table rather than arrays, where a body could be both.

    Raises:
        BadInput: It is in none of the forms.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind == "text/csv":
        return _csv(request.body)
    if kind not in ("application/json", "", "text/plain", "application/x-www-form-urlencoded"):
        raise BadInput(f"A body of the type {kind[:60]!r} cannot be read. Send application/json or text/csv.", 415)
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as failure:
        raise BadInput(f"The body is no valid JSON: {failure}. {_ONE_OF}") from None
    asked = Asked()
    if isinstance(found, list):
        asked.wraps = False
        _table_or_arrays(asked, found, is_table)
        return asked
    if not isinstance(found, dict):
        raise BadInput(f"The body is a single value. {_ONE_OF}")
    params = found.get("params")
    if params is not None and not isinstance(params, dict):
        raise BadInput("`params` is no JSON object.")
    forms = [each for each in FORMS if each in found]
    if len(forms) > 1:
        raise BadInput(f"The body has both {forms[0]!r} and {forms[1]!r}. {_ONE_OF}")
    if forms:
        asked.params = params
        _fill(asked, forms[0], found[forms[0]], is_table)
        return asked
    asked.wraps = False
    if "data" in found and ("columns" in found or set(found) <= {"data", "index", "params"}):
        asked.params = params
        _split(asked, found, "The body")
        return asked
    if any(each in found for each in _CHAT):
        asked.value = found
        return asked
    keys = ", ".join(repr(str(each)[:40]) for each in list(found)[:5])
    raise BadInput(f"The body has {keys or 'nothing'}. {_ONE_OF}")


def _fill(asked: Asked, form: str, content: Any, is_table: bool) -> None:
    if form == "input_data":
        asked.wraps = False
        if isinstance(content, dict) and "data" in content:
            _split(asked, content, "`input_data`")
        elif isinstance(content, dict):
            _named(asked, content, is_table, "`input_data`")
        else:
            _table_or_arrays(asked, content, is_table)
    elif form == "dataframe_split":
        if not isinstance(content, dict) or "data" not in content:
            raise BadInput("`dataframe_split` is no JSON object with `columns` and `data`.")
        _split(asked, content, "`dataframe_split`")
    elif form == "dataframe_records":
        if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
            raise BadInput("`dataframe_records` is no list of JSON objects.")
        _records(asked, content)
    elif form == "inputs" and isinstance(content, dict):
        _named(asked, content, is_table, "`inputs`")
    elif form == "instances" and not isinstance(content, list):
        raise BadInput("`instances` is no list.")
    elif form == "instances" and content and isinstance(content[0], dict) and not is_table:
        asked.arrays = _stacked(content)
    else:
        _table_or_arrays(asked, content, is_table)


def _table_or_arrays(asked: Asked, content: Any, is_table: bool) -> None:
    if not is_table:
        asked.arrays = content
    elif not isinstance(content, list):
        asked.rows = [[content]]
    elif content and all(isinstance(each, dict) for each in content):
        _records(asked, content)
    elif content and not any(isinstance(each, (list, dict)) for each in content):
        asked.rows = [[each] for each in content]  # Values of the only column.
    else:
        asked.rows = content


def _split(asked: Asked, content: dict[str, Any], what: str) -> None:
    rows, names = content["data"], content.get("columns")
    if not isinstance(rows, list):
        raise BadInput(f"`data` of {what} is no list.")
    if names is not None and not isinstance(names, list):
        raise BadInput(f"`columns` of {what} is no list.")
    if names is not None and any(isinstance(each, (list, dict)) for each in names):
        raise BadInput(f"`columns` of {what} holds something that is no name.")
    if rows and not any(isinstance(each, list) for each in rows):
        rows = [[each] for each in rows]
    asked.rows, asked.names = rows, names


def _records(asked: Asked, records: list[dict[str, Any]]) -> None:
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    asked.names = list(names)
    asked.rows = [[record.get(name) for name in names] for record in records]


def _named(asked: Asked, content: dict[str, Any], is_table: bool, what: str) -> None:
    if not is_table:
        asked.arrays = content
        return
    columns = {name: each if isinstance(each, list) else [each] for name, each in content.items()}
    lengths = {len(each) for each in columns.values()}
    if len(lengths) > 1:
        raise BadInput(f"The columns of {what} have different lengths: {sorted(lengths)[:5]}.")
    asked.names = list(columns)
    asked.rows = [list(each) for each in zip(*columns.values())]  # noqa: B905  (`strict` is newer than Python 3.8)


def _stacked(instances: list[Any]) -> dict[str, list[Any]]:
    names = list(instances[0])
    if not all(isinstance(each, dict) and set(each) == set(names) for each in instances):
        raise BadInput("The objects in `instances` do not have the same names.")
    return {name: [each[name] for each in instances] for name in names}


def _csv(body: bytes) -> Asked:
    import csv
    import io

    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as failure:
        raise BadInput(f"The body is no valid CSV in UTF-8: {failure}.") from None
    if not lines:
        raise BadInput("The body is empty. Send a line of column names, then rows.")
    asked = Asked()
    asked.names = lines[0]
    asked.rows = [[None if each == "" else each for each in line] for line in lines[1:]]
    return asked
