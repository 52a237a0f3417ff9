"""What workers of an environment import, noted for the process that imports it before they are forked."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_FILE = "imports.json"
_QUIET = frozenset(
    ("cloudpickle", "dateutil", "joblib", "lightgbm", "mlflow", "numpy", "pandas", "pytz", "scipy", "skops", "sklearn",
     "threadpoolctl", "xgboost", "yaml")
)  # fmt: skip
"""What may be imported before a fork: no thread is begun by it that would be missing after one."""


def present() -> list[str]:
    """What this process has imported and may be imported before a fork, in the order in which that was done."""
    return [name for name, module in list(sys.modules.items()) if _is_quiet(name) and _is_of_environment(module)]


def note(folder: str, names: Sequence[str]) -> None:
    """Remember what a worker has imported, beside what others have."""
    path = os.path.join(folder, _FILE)
    known = noted(folder)
    fresh = [each for each in names if each not in set(known)]
    if not fresh or not os.path.isdir(folder):
        return
    written = f"{path}.{os.getpid()}"
    with open(written, "w", encoding="utf-8") as file:
        json.dump([*known, *fresh], file)
    os.replace(written, path)


def noted(folder: str) -> list[str]:
    """What was noted."""
    try:
        with open(os.path.join(folder, _FILE), encoding="utf-8") as file:
            return [str(each) for each in json.load(file)]
    except (OSError, ValueError, TypeError):
        return []


def repeat(folder: str) -> None:
    """Import what was noted."""
    for name in noted(folder):
        if _is_quiet(name):
            with contextlib.suppress(Exception):  # What cannot be imported any more, no worker will get either.
                importlib.import_module(name)


def _is_quiet(name: str) -> bool:
    return name.partition(".")[0] in _QUIET


def _is_of_environment(module: Any) -> bool:
    where = getattr(module, "__file__", None)
    return isinstance(where, str) and where.startswith((sys.prefix, sys.base_prefix))
