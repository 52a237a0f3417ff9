"""What turns a mini-batch into rows: a user's entry script, or an MLflow model."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .context import MiniBatchContext


class ScorerError(Exception):
    """The scorer cannot be used; the message is for the person who wrote it."""


class Scorer:
    """Scores mini-batches in one worker process."""

    def start(self) -> None:
        """Prepare, once."""
        raise NotImplementedError

    def score(self, mini_batch: Any, context: MiniBatchContext) -> Any:
        """The rows for a mini-batch: a list of paths, or a DataFrame."""
        raise NotImplementedError

    def stop(self) -> None:
        """Give everything back, once, after the last mini-batch."""


class ScriptScorer(Scorer):
    """A script with `init()`, `run(mini_batch)` and perhaps `shutdown()`.

    Args:
        path: The script, relative to the code.
        arguments: Its program arguments.
    """

    def __init__(self, path: str, arguments: Sequence[str]) -> None:
        self._path = os.path.abspath(path)
        self._arguments = list(arguments)
        self._module: Any = None
        self._takes: str | None = None

    def start(self) -> None:
        """Load the script and call its `init`."""
        if not os.path.isfile(self._path):
            raise ScorerError(f"The entry script {self._path} does not exist. Check `code` and `entry_script`.")
        sys.argv = [self._path, *self._arguments]
        for folder in (os.getcwd(), os.path.dirname(self._path)):
            if folder not in sys.path:
                sys.path.insert(0, folder)
        name = os.path.splitext(os.path.basename(self._path))[0]
        spec = importlib.util.spec_from_file_location(name, self._path)
        if spec is None or spec.loader is None:
            raise ScorerError(f"The entry script {self._path} is no Python file.")
        self._module = importlib.util.module_from_spec(spec)
        sys.modules[name] = self._module
        spec.loader.exec_module(self._module)
        run = getattr(self._module, "run", None)
        if not callable(run):
            raise ScorerError(f"The entry script {self._path} has no function run(mini_batch). Add it.")
        self._takes = _context_parameter(run)
        self._call("init")

    def score(self, mini_batch: Any, context: MiniBatchContext) -> Any:
        """Call `run`."""
        if self._takes is None:
            return self._module.run(mini_batch)
        if not self._takes:
            return self._module.run(mini_batch, context)
        return self._module.run(mini_batch, **{self._takes: context})

    def stop(self) -> None:
        """Call `shutdown`, if there is one."""
        self._call("shutdown")

    def _call(self, name: str) -> None:
        function = getattr(self._module, name, None)
        if callable(function):
            function()


class ModelScorer(Scorer):
    """An MLflow model; files are read as tables by their suffix.

    Args:
        path: The folder of the model.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._model: Any = None

    def start(self) -> None:
        """Load the model."""
        self._model = _needed("mlflow.pyfunc", "mlflow").load_model(self._path)

    def score(self, mini_batch: Any, context: MiniBatchContext) -> Any:
        """A row for each row of a table; for files, rows of number, prediction and file name."""
        if not isinstance(mini_batch, list):
            return _frame(self._model.predict(mini_batch))
        frames = []
        for path in mini_batch:
            found = _frame(self._model.predict(_read(path)))
            found.insert(0, "row", range(len(found)))
            frames.append(found.assign(file=os.path.basename(path)))
        return _needed("pandas", "pandas").concat(frames, ignore_index=True)


def _frame(predicted: Any) -> Any:
    pandas = _needed("pandas", "pandas")
    if isinstance(predicted, pandas.DataFrame):
        return predicted.reset_index(drop=True)
    return pandas.DataFrame(predicted).reset_index(drop=True)


def _read(path: str) -> Any:
    pandas = _needed("pandas", "pandas")
    suffix = os.path.splitext(path)[1].lower()
    readers = {
        ".csv": pandas.read_csv,
        ".parquet": pandas.read_parquet,
        ".json": pandas.read_json,
        ".jsonl": lambda each: pandas.read_json(each, lines=True),
    }
    if suffix not in readers:
        raise ScorerError(f"A model reads files of the types {', '.join(readers)}, and not {os.path.basename(path)}.")
    return readers[suffix](path)


def _needed(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as failure:
        raise ScorerError(
            f"A task of type model needs the package {package!r}, which the environment lacks ({failure}). Add it."
        ) from None


def _context_parameter(run: Any) -> str | None:
    """How `run` takes the context: by that name, as its second argument (the empty text), or not at all."""
    try:
        parameters = list(inspect.signature(run).parameters.values())
    except (TypeError, ValueError):
        return None
    named = [each.name for each in parameters if each.name == "mini_batch_context"]
    if named:
        return named[0]
    plain = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needs_two = len([each for each in plain if each.default is each.empty]) > 1
    return "" if needs_two else None
