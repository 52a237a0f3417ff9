"""scikit-learn models of MLflow without the layers between: the same `predict`, on the same numbers."""

from __future__ import annotations

import os
import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MODULES = (
    "sklearn.linear_model.", "sklearn.ensemble.", "sklearn.tree.", "sklearn.svm.", "sklearn.neighbors.",
    "sklearn.naive_bayes.", "sklearn.neural_network.", "sklearn.discriminant_analysis.", "sklearn.cluster.",
    "sklearn.preprocessing.", "sklearn.decomposition.", "sklearn.gaussian_process.", "sklearn.dummy.",
)  # fmt: skip
_SELECTING = ("ColumnTransformer", "TransformedTargetRegressor", "FunctionTransformer", "StackingClassifier",
              "StackingRegressor", "VotingClassifier", "VotingRegressor")  # fmt: skip


def load(folder: str, flavors: Mapping[str, Any]) -> Any | None:
    """The estimator in a model folder, read as the flavour itself reads it; None where it would do more than that."""
    general, own = flavors.get("python_function") or {}, flavors.get("sklearn") or {}
    is_allowed = os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true").lower() in ("true", "1")
    if general.get("loader_module") != "mlflow.sklearn" or general.get("predict_fn", "predict") != "predict":
        return None
    if general.get("code") or own.get("code") or not is_allowed:
        return None
    path = os.path.join(folder, own.get("pickled_model") or general.get("model_path") or "model.pkl")
    kind = own.get("serialization_format", "pickle")
    if not os.path.isfile(path):
        return None
    if kind == "skops":
        import skops.io  # type: ignore[import-not-found]  # of the environment of the model

        return skops.io.load(path, trusted=own.get("skops_trusted_types"))
    if kind == "cloudpickle":
        import cloudpickle  # noqa: F401  (what was pickled by it needs it)
    elif kind != "pickle":
        return None
    with open(path, "rb") as file:
        return pickle.load(file)  # noqa: S301  (what may be served was decided when it was deployed)


def takes_numbers(estimator: Any) -> bool:
    """Whether a table of numbers may come without its names: the names would be checked, and then left out."""
    kind = type(estimator)
    if kind.__module__.startswith("sklearn.pipeline") and kind.__name__ == "Pipeline":
        return all(each in (None, "passthrough") or takes_numbers(each) for _, each in estimator.steps)
    return kind.__module__.startswith(_MODULES) and kind.__name__ not in _SELECTING


def forget_names(estimator: Any, names: list[str]) -> bool:
    """Take the names from an estimator and its steps, so that it does not ask for them; False if it has others."""
    found = getattr(estimator, "feature_names_in_", None)
    if found is None:
        return True
    if list(found) != names:
        return False
    for each in [estimator, *(step for _, step in getattr(estimator, "steps", ()))]:
        vars(each).pop("feature_names_in_", None)
    return True
