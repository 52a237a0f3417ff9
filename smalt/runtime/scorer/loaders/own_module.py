"""MLflow models that bring their loader along, without MLflow's own layers: importing those takes seconds."""

from __future__ import annotations

import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_KNOWN = frozenset(("loader_module", "code", "data", "env", "python_version", "predict_fn"))


def load(folder: str, flavors: Mapping[str, Any]) -> Any | None:
    """The model that a module of the model's own code gives; None where MLflow would do more than call it."""
    general = flavors.get("python_function") or {}
    module = str(general.get("loader_module") or "")
    if not module or module.partition(".")[0] == "mlflow" or not general.get("code") or set(general) - _KNOWN:
        return None
    if general.get("predict_fn", "predict") != "predict":
        return None
    sys.path.insert(0, os.path.join(folder, str(general["code"])))
    data = os.path.join(folder, str(general["data"])) if general.get("data") else folder
    return importlib.import_module(module)._load_pyfunc(data)
