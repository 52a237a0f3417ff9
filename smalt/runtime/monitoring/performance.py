"""How right a model is, by what turned out to be true."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
"""An array of numpy, which brings no types here."""

CLASSIFICATION = ("accuracy", "precision", "recall")
REGRESSION = ("mae", "mse", "rmse")


def of_classes(truth: Array, answers: Array) -> dict[str, float]:
    """Accuracy, and precision and recall averaged over the classes that are true or answered."""
    classes = np.unique(np.concatenate([truth, answers]))
    hits = [int(((truth == each) & (answers == each)).sum()) for each in classes]
    precision = [hit / max(int((answers == each).sum()), 1) for each, hit in zip(classes, hits, strict=True)]
    recall = [hit / max(int((truth == each).sum()), 1) for each, hit in zip(classes, hits, strict=True)]
    return {
        "accuracy": float((truth == answers).mean()),
        "precision": float(np.mean(precision)),
        "recall": float(np.mean(recall)),
    }


def of_numbers(truth: Array, answers: Array) -> dict[str, float]:
    """Mean absolute and squared errors, and the root of the latter."""
    errors = answers - truth
    squared = float(np.mean(errors**2))
    return {"mae": float(np.mean(np.abs(errors))), "mse": squared, "rmse": squared**0.5}
