"""MLflow models without code: the signature is enforced, then the flavour predicts."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from .. import bodies
from ..http11 import Answer
from ..openapi import describe
from ..signature import FLOATS, INTEGERS, Signature, fit, nested
from . import estimator, own_module
from .base import BadInput, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..bodies import Asked
    from ..http11 import Request
    from ..settings import Settings

_JSON = ("content-type", "application/json")
_SCHEMA_TYPES = {"double": "number", "float": "number", "long": "integer", "integer": "integer", "boolean": "boolean"}


class ModelLoader(Loader):
    """A model folder with its MLmodel file.

    Args:
        settings: `model_dir` is the folder, or holds it.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.model_dir:
            raise LoadError("A deployment without code needs a model. Name one.")
        self._folder = _find(settings.model_dir)
        self._settings = settings
        self._document: dict[str, Any] = {}
        self._signature: Signature | None = None
        self._predict: Callable[..., Any] = _nothing
        self._estimator: Any = None
        self._is_fast = False
        self._dtype = "float64"
        self._frame_rows = False
        self._events: Any = None

    def load(self) -> None:
        """Read MLmodel and load the flavour."""
        import yaml  # of the environment: MLflow needs it, too

        with open(os.path.join(self._folder, "MLmodel"), encoding="utf-8") as file:
            self._document = yaml.safe_load(file)
        flavors = self._document.get("flavors") or {}
        if "python_function" not in flavors:
            raise LoadError(
                f"The model has the flavours {', '.join(flavors) or 'none'}, and not python_function. Write a score.py."
            )
        inputs = (self._document.get("signature") or {}).get("inputs")
        self._signature = Signature(inputs) if inputs else None
        self._load_flavor(flavors)
        if self._is_table and not self._is_fast:
            import pandas  # noqa: F401  (else the first request would wait for it, and perhaps in vain)
        self._begin_events()
        self.can_batch = self._is_table
        self.is_row_wise = self._is_fast

    def score(self, request: Request) -> Answer:
        """Predict."""
        asked = bodies.read(request, is_table=self._is_table)
        given = self._given(asked)
        returned = self._call(given, asked.params)
        self._collect(request, given, returned)
        return _answer(asked, returned)

    def score_many(self, requests: Sequence[Request]) -> list[Answer | BadInput]:
        """Predict all rows of all requests at once."""
        found: list[Any] = []
        for request in requests:
            try:
                asked = bodies.read(request, is_table=self._is_table)
                found.append((asked, self._given(asked)))
            except BadInput as problem:
                found.append(problem)
        good = [each for each in found if not isinstance(each, BadInput)]
        if not good:
            return found
        if any(asked.params is not None for asked, _ in good):
            raise TypeError("requests with parameters are not put together")
        sizes = [len(given) for _, given in good]
        returned = self._call(_together([given for _, given in good]), None)
        if len(returned) != sum(sizes):
            raise TypeError("the model does not give a prediction for each row")
        start = 0
        answers: list[Answer | BadInput] = []
        for request, each in zip(requests, found):  # noqa: B905  (`strict` is newer than Python 3.8)
            if isinstance(each, BadInput):
                answers.append(each)
                continue
            asked, given = each
            part = _part(returned, start, start + len(given))
            start += len(given)
            self._collect(request, given, part)
            answers.append(_answer(asked, part))
        return answers

    def close(self) -> None:
        """Write what was collected."""
        if self._events is not None:
            self._events.close()

    def swagger(self, version: str) -> dict[str, Any] | None:
        """From the signature."""
        if self._signature is None:
            return describe(version, {"type": "object", "example": {"input_data": []}}, {"type": "array", "items": {}})
        columns = self._signature.columns
        if not columns:
            item: dict[str, Any] = {"type": "array", "items": {}}
            return describe(version, {"type": "object", "properties": {"input_data": item}}, item)
        names = [each.name if each.name is not None else str(index) for index, each in enumerate(columns)]
        kinds = {
            name: {"type": _SCHEMA_TYPES.get(each.type or "", "string" if each.type else "object")}
            for name, each in zip(names, columns)  # noqa: B905  (`strict` is newer than Python 3.8)
        }
        data = {"type": "array", "items": {"type": "array", "items": {}}}
        properties = {
            "columns": {"type": "array", "items": {"type": "string"}},
            "index": {"type": "array", "items": {}},
        }
        split = {"type": "object", "properties": {**properties, "data": data}, "x-columns": kinds}
        taken = {
            "type": "object",
            "required": ["input_data"],
            "properties": {"input_data": split},
            "example": {"input_data": {"columns": names, "index": [0], "data": [_example(columns)]}},
        }
        return describe(version, taken, {"type": "array", "items": {}})

    def describe(self) -> dict[str, Any]:
        """Flavour, signature, and how it is called."""
        flavors = self._document.get("flavors") or {}
        module = (flavors.get("python_function") or {}).get("loader_module")
        return {
            "loader": "mlflow",
            "flavors": list(flavors),
            "loader_module": module,
            "signature": self._signature.document if self._signature is not None else None,
            "direct": self._estimator is not None,
            "without_pickle": _is_without_pickle(self._folder, flavors),
        }

    @property
    def _is_table(self) -> bool:
        return self._signature is not None and bool(self._signature.columns)

    def _load_flavor(self, flavors: dict[str, Any]) -> None:
        signature = self._signature
        is_checked_here = signature is not None and signature.is_plain and signature.names is not None
        no_params = not (self._document.get("signature") or {}).get("params")
        found = None
        for load in (estimator.load, own_module.load) if is_checked_here and no_params else ():
            found = load(self._folder, flavors) if found is None else found
        if found is None:
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            import mlflow.pyfunc

            model = mlflow.pyfunc.load_model(self._folder)
            self._predict = model.predict
            return
        self._estimator = found
        self._predict = found.predict
        assert signature is not None
        kinds = {each.type for each in signature.columns}
        if kinds <= {"double"} or kinds <= {"long"}:
            self._dtype = "float64" if kinds <= {"double"} else "int64"
            required = all(each.is_required for each in signature.columns)
            self._is_fast = (
                required and estimator.takes_numbers(found) and estimator.forget_names(found, signature.names or [])
            )

    def _given(self, asked: Asked) -> Any:
        """What the flavour is given: an array of numbers, a table, arrays, or a value as it is."""
        signature = self._signature
        if asked.value is not None:
            return asked.value
        if signature is None:
            return _untyped(asked)
        if not signature.columns:
            return self._arrays(asked)
        assert asked.rows is not None
        if self._is_fast:
            array = self._numbers(asked)
            if array is not None:
                return array
        table = self._table(asked)
        return _matrix(table, self._dtype) if self._is_fast else table

    def _numbers(self, asked: Asked) -> Any:
        """Rows of numbers, made in one go; None when something is not as it should be and has to be looked at."""
        import numpy

        signature = self._signature
        assert signature is not None
        rows = asked.rows
        try:
            array = numpy.array(rows, dtype="float64" if self._dtype == "float64" else None)
        except (ValueError, TypeError, OverflowError):
            return None
        width = len(asked.names) if asked.names is not None else len(signature.columns)
        if array.ndim != 2 or array.shape[1] != width or array.dtype != self._dtype:
            return None
        if asked.names is None or asked.names == signature.names:
            return array
        places: Any = signature.order(asked.names)
        return array[:, places]

    def _table(self, asked: Asked) -> Any:
        """The rows as a table whose columns have the types of the signature."""
        import pandas

        signature, rows = self._signature, asked.rows
        assert signature is not None
        assert rows is not None
        if not rows:
            raise BadInput("The request has no rows.")
        width = len(asked.names) if asked.names is not None else len(signature.columns)
        for number, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != width:
                size = f"{len(row)} values" if isinstance(row, list) else "a single value"
                raise BadInput(f"Row {number} has {size}; the columns are {width}.")
        by_name = asked.names is not None and signature.names is not None
        places = signature.order(asked.names or []) if by_name else list(range(len(signature.columns)))
        if asked.names is not None and not by_name and width != len(signature.columns):
            raise BadInput(f"The request has {width} columns; the model takes {len(signature.columns)}.")
        found = {}
        for column, place in zip(signature.columns, places):  # noqa: B905  (`strict` is newer than Python 3.8)
            if place is not None:
                values: Any = [row[place] for row in rows]
                name = column.name if column.name is not None else place
                if column.type is None:
                    values = pandas.Series([nested(column.document, each) for each in values], dtype=object)
                found[name] = fit(column, values) if column.type is not None else values
        return pandas.DataFrame(found)

    def _arrays(self, asked: Asked) -> Any:
        signature = self._signature
        assert signature is not None
        if asked.rows is not None:
            asked.arrays = asked.rows
        tensors = signature.tensors
        if len(tensors) == 1 and tensors[0].name is None:
            if isinstance(asked.arrays, dict):
                raise BadInput("The model takes a single array, without a name.")
            return tensors[0].fit(asked.arrays)
        if not isinstance(asked.arrays, dict):
            if len(tensors) != 1:
                names = ", ".join(repr(each.name) for each in tensors)
                raise BadInput(f"The model takes several arrays; send an object with {names}.")
            asked.arrays = {tensors[0].name: asked.arrays}
        missing = [each.name for each in tensors if each.name not in asked.arrays]
        if missing:
            raise BadInput(f"The model takes arrays that are not in the request: {', '.join(map(repr, missing))}.")
        return {each.name: each.fit(asked.arrays[each.name]) for each in tensors}

    def _call(self, given: Any, params: dict[str, Any] | None) -> Any:
        if self._estimator is not None and params:
            raise BadInput("The model takes no `params`.")
        try:
            return self._predict(given) if params is None else self._predict(given, params=params)
        except (ValueError, TypeError, KeyError, IndexError) as problem:
            # Without code of the user, what the library says of the input is for the caller.
            raise BadInput(f"The model cannot take this input: {_first_line(problem)}") from problem
        except Exception as problem:
            if type(problem).__name__ == "MlflowException":
                raise BadInput(f"The model cannot take this input: {_first_line(problem)}") from problem
            raise

    def _begin_events(self) -> None:
        """Collect inputs and outputs where the deployment says so: there is no code that could."""
        if self._settings.collect:
            from ..collector import Events

            self._events = Events.for_model(self._settings)

    def _collect(self, request: Request, given: Any, returned: Any) -> None:
        if self._events is not None:
            names = self._signature.names if self._signature is not None else None
            self._events.note(request.headers.get("x-request-id", ""), given, returned, names)


def _find(folder: str) -> str:
    """The folder of the model: the one given, or the only one in it that has an MLmodel file."""
    if os.path.isfile(os.path.join(folder, "MLmodel")):
        return folder
    found = []
    for root, folders, files in os.walk(folder):
        if "MLmodel" in files:
            found.append(root)
        if root.count(os.sep) - folder.count(os.sep) >= 2:
            folders.clear()
    if len(found) != 1:
        raise LoadError(f"{folder} holds {len(found)} MLflow models. It takes one, with its MLmodel file.")
    return found[0]


def _is_without_pickle(folder: str, flavors: dict[str, Any]) -> bool:
    """Whether loading runs no pickle: the formats of these flavours hold data only."""
    if "sklearn" in flavors:
        return bool((flavors["sklearn"] or {}).get("serialization_format") == "skops")
    if "transformers" in flavors:
        endings = {os.path.splitext(name)[1] for _, _, names in os.walk(folder) for name in names}
        return ".safetensors" in endings and not endings & {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
    return any(each in flavors for each in ("onnx", "xgboost", "lightgbm", "catboost", "tensorflow"))


def _untyped(asked: Asked) -> Any:
    """What a model without a signature gets: a table where the request says names, else arrays."""
    if asked.rows is not None:
        import pandas

        try:
            return pandas.DataFrame(asked.rows, columns=asked.names)
        except (ValueError, TypeError) as failure:
            raise BadInput(f"The rows are no table: {failure}.") from None
    import numpy

    try:
        if isinstance(asked.arrays, dict):
            return {name: numpy.asarray(each) for name, each in asked.arrays.items()}
        return numpy.asarray(asked.arrays)
    except (ValueError, TypeError) as failure:
        raise BadInput(f"The input is no array: {failure}.") from None


def _matrix(table: Any, dtype: str) -> Any:
    return table.to_numpy(dtype=dtype)


def _together(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(parts[0], pandas.DataFrame):
        return pandas.concat(parts, ignore_index=True)
    import numpy

    return numpy.concatenate(parts)


def _part(returned: Any, start: int, end: int) -> Any:
    if hasattr(returned, "iloc"):
        return returned.iloc[start:end].reset_index(drop=True)
    return returned[start:end]


def _answer(asked: Asked, returned: Any) -> Answer:
    found = _plain(returned)
    content = {"predictions": found} if asked.wraps else found
    try:
        body = json.dumps(content, allow_nan=False)
    except ValueError:
        body = json.dumps(_without_nan(content))  # JSON has no word for it.
    return Answer(200, body.encode(), [_JSON])


def _plain(value: Any) -> Any:
    """A prediction as JSON has it: tables as records, arrays as lists."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "iloc"):
        is_table = hasattr(value, "columns")
        return [_plain(each) for each in (value.to_dict(orient="records") if is_table else value.tolist())]
    if hasattr(value, "tolist"):
        found = value.tolist()
        return found if getattr(value, "dtype", None) is not None and value.dtype.kind in "iufb" else _plain(found)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        import base64

        return base64.b64encode(value).decode()
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if asyncio.iscoroutine(value) or hasattr(value, "__next__"):
        return [_plain(each) for each in value]
    return str(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    return value


def _example(columns: Sequence[Any]) -> list[Any]:
    samples = {"string": "text", "boolean": True, "binary": "", "datetime": "2024-01-01T00:00:00"}
    return [0.0 if each.type in FLOATS else 0 if each.type in INTEGERS else samples.get(each.type) for each in columns]


def _first_line(problem: BaseException) -> str:
    # MLflow shows the whole table before it comes to the point.
    text = str(problem).strip().rpartition("Error: ")[2] or str(problem)
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    return (lines[0] if lines else type(problem).__name__)[:500]


def _nothing(*_: Any) -> Any:
    raise AssertionError("the model is not loaded")
