"""How well a model does, by the names that dashboards and scorecards use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics as skm

Array = Any
"""An array; numpy is not installed where types are checked."""

ERROR_RATE, SQUARED = "error_rate", "mean_squared_error"
TITLES = {
    "accuracy_score": "Accuracy score",
    "error_rate": "Error rate",
    "f1_score": "F1 score",
    "false_negative": "False negatives",
    "false_positive": "False positives",
    "mean_absolute_error": "Mean absolute error",
    "mean_squared_error": "Mean squared error",
    "median_absolute_error": "Median absolute error",
    "precision_score": "Precision score",
    "r2_score": "R2 score",
    "recall_score": "Recall score",
    "selection_rate": "Selection rate",
}
LESS_IS_BETTER = frozenset(name for name in TITLES if "error" in name or name.startswith("false"))
_NUMBERS: dict[str, Callable[[Array, Array], float]] = {
    "mean_absolute_error": skm.mean_absolute_error,
    "mean_squared_error": skm.mean_squared_error,
    "median_absolute_error": skm.median_absolute_error,
    "r2_score": lambda truth, said: skm.r2_score(truth, said) if len(truth) > 1 else float("nan"),
}


def names(*, is_classified: bool) -> list[str]:
    """The metrics of a task."""
    return [name for name in TITLES if (name in _NUMBERS) is not is_classified]


def measure(name: str, truth: Array, said: Array, *, classes: int = 2) -> float:
    """One metric.

    Args:
        name: One of `names`.
        truth: What is right.
        said: What the model says.
        classes: How many there are. Of two the second one counts as positive, of more all count alike.
    """
    if not len(truth):
        return float("nan")
    if name in _NUMBERS:
        return float(_NUMBERS[name](truth, said))
    return float(_of_classes(name, np.asarray(truth), np.asarray(said), classes))


def _of_classes(name: str, truth: Array, said: Array, classes: int) -> float:
    wrong = truth != said
    if name == ERROR_RATE:
        return float(np.mean(wrong))
    if name == "accuracy_score":
        return float(1 - np.mean(wrong))
    if name == "selection_rate":
        return float(np.mean(said == 1))
    if name == "false_positive":
        return float(np.sum(wrong & (said == 1)))
    if name == "false_negative":
        return float(np.sum(wrong & (truth == 1)))
    how = {"average": "binary", "pos_label": 1} if classes == 2 else {"average": "macro"}
    return float(getattr(skm, name)(truth, said, zero_division=0, **how))
