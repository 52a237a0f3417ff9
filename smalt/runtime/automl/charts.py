"""What a trial shows of its predictions for unseen rows, in the JSON in which Azure logs charts.

A document names its `schema_type` and has its numbers in `data`. Each is an artifact of the run under the name that
Azure gives it, without an ending.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # of numpy, which is not installed where mypy runs
Json = dict[str, Any]  # Any: JSON

_THRESHOLDS = 101
_BINS = 20
_MOST_CLASSES = 100


def charts(truth: Array, numbers: Array, classes: Array | None) -> dict[str, Json]:
    """The charts by their names; of more than a hundred classes none can be read, and none is made.

    Args:
        truth: What was to be predicted: numbers, or the places of classes.
        numbers: What was: numbers, or the probability of each class, by row.
        classes: What the classes are called; None for numbers.
    """
    if classes is None:
        return {"residuals": _residuals(truth, numbers), "predicted_true": _predicted(truth, numbers)}
    if len(classes) > _MOST_CLASSES:
        return {}
    labels = [str(each) for each in classes]
    return {
        "confusion_matrix": _confusion(truth, numbers.argmax(axis=1), labels),
        "accuracy_table": _accuracy(truth, numbers, labels),
    }


def _confusion(truth: Array, guess: Array, labels: list[str]) -> Json:
    """How often each class (a row) was taken for each (a column)."""
    count = len(labels)
    matrix = np.bincount(truth.astype(int) * count + guess, minlength=count * count).reshape(count, count)
    return _document("confusion_matrix", {"class_labels": labels, "matrix": matrix.tolist()})


def _accuracy(truth: Array, shares: Array, labels: list[str]) -> Json:
    """For each class, what a cut at each threshold would find: true and false positives, true and false negatives."""
    even = np.linspace(0, 1, _THRESHOLDS)
    tables: dict[str, list[Any]] = {"probability_tables": [], "percentile_tables": []}
    for number in range(len(labels)):
        is_it, share = truth == number, shares[:, number]
        tables["probability_tables"].append(_cuts(is_it, share, even))
        tables["percentile_tables"].append(_cuts(is_it, share, np.quantile(share, even)))
    thresholds = {"probability_thresholds": even.tolist(), "percentile_thresholds": even.tolist()}
    return _document("accuracy_table", {"class_labels": labels, **thresholds, **tables})


def _cuts(is_it: Array, share: Array, thresholds: Array) -> list[list[int]]:
    hits, misses = np.sort(share[is_it]), np.sort(share[~is_it])
    true_positives = len(hits) - np.searchsorted(hits, thresholds)
    false_positives = len(misses) - np.searchsorted(misses, thresholds)
    found = (true_positives, false_positives, len(misses) - false_positives, len(hits) - true_positives)
    return np.stack(found, axis=1).tolist()  # type: ignore[no-any-return]  # as numpy types it


def _residuals(truth: Array, guess: Array) -> Json:
    """How often the prediction lies how far from the truth."""
    rest = guess - truth
    counts, edges = np.histogram(rest, bins=_BINS)
    facts = {"mean": float(rest.mean()), "stddev": float(rest.std()), "res_count": len(rest)}
    return _document("residuals", {"bin_edges": edges.tolist(), "bin_counts": counts.tolist(), **facts})


def _predicted(truth: Array, guess: Array) -> Json:
    """What was predicted where the truth lies in each of equal parts: its mean, how it varies, and of how many rows."""
    counts, edges = np.histogram(truth, bins=_BINS)
    # The last part holds its upper edge as well.
    part = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, _BINS - 1)
    own = [guess[part == number] for number in range(_BINS)]
    averages = [float(each.mean()) if len(each) else 0.0 for each in own]
    errors = [float(each.std()) if len(each) else 0.0 for each in own]
    numbers = {"bin_averages": averages, "bin_errors": errors, "bin_counts": counts.tolist()}
    return _document("predictions", {**numbers, "bin_edges": edges.tolist()})


def _document(schema: str, numbers: Json) -> Json:
    return {"schema_type": schema, "schema_version": "v1", "data": numbers}
