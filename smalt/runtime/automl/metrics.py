"""The metrics of a trial, under the names that Azure gives them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn import metrics as sk

Array = Any  # of numpy, which is not installed where mypy runs


def classification(
    truth: Array, shares: Array, weight: Array | None = None, *, positive: int | None = None
) -> dict[str, float]:
    """Metrics of predicted probabilities.

    Args:
        truth: The number of the class of each row.
        shares: The probability of each class, by row.
        weight: Of each row.
        positive: The number of the class that binary metrics are about.
    """
    count = shares.shape[1]
    guess = shares.argmax(axis=1)
    classes = np.arange(count)
    found: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that is never predicted has precision 0, and is no reason to talk
        for average in ("macro", "micro", "weighted"):
            precision, recall, f1, _ = sk.precision_recall_fscore_support(
                truth, guess, labels=classes, average=average, sample_weight=weight, zero_division=0
            )
            found |= {
                f"precision_score_{average}": precision,
                f"recall_score_{average}": recall,
                f"f1_score_{average}": f1,
                f"AUC_{average}": _area(sk.roc_auc_score, truth, shares, average, weight),
                f"average_precision_score_{average}": _area(sk.average_precision_score, truth, shares, average, weight),
            }
        found |= {
            "accuracy": sk.accuracy_score(truth, guess, sample_weight=weight),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, guess, sample_weight=weight),
            "norm_macro_recall": _normal_recall(truth, guess, weight),
            "log_loss": sk.log_loss(truth, np.clip(shares, 1e-15, 1), labels=classes, sample_weight=weight),
            "matthews_correlation": sk.matthews_corrcoef(truth, guess, sample_weight=weight),
            "weighted_accuracy": _weighted_accuracy(truth, guess),
        }
        if positive is not None:
            found |= _binary(truth == positive, guess == positive, shares[:, positive], weight)
    return _numbers(found)


def regression(truth: Array, guess: Array, weight: Array | None = None, *, spread: float) -> dict[str, float]:
    """Metrics of predicted numbers.

    Args:
        truth: The numbers.
        guess: What was predicted.
        weight: Of each row.
        spread: Between the least and the greatest number, by which errors are normalised.
    """
    errors = {
        "root_mean_squared_error": float(np.sqrt(sk.mean_squared_error(truth, guess, sample_weight=weight))),
        "mean_absolute_error": sk.mean_absolute_error(truth, guess, sample_weight=weight),
        "median_absolute_error": sk.median_absolute_error(truth, guess),
    }
    found = {
        **errors,
        **{f"normalized_{name}": value / spread if spread else value for name, value in errors.items()},
        "r2_score": sk.r2_score(truth, guess, sample_weight=weight) if len(truth) > 1 else float("nan"),
        "explained_variance": sk.explained_variance_score(truth, guess, sample_weight=weight),
        "mean_absolute_percentage_error": _percentage(truth, guess),
        "spearman_correlation": _spearman(truth, guess),
    }
    if (truth > -1).all() and (guess > -1).all():
        logarithmic = float(np.sqrt(np.mean((np.log1p(truth) - np.log1p(guess)) ** 2)))
        span = np.log1p(truth).max() - np.log1p(truth).min()
        found |= {
            "root_mean_squared_log_error": logarithmic,
            "normalized_root_mean_squared_log_error": logarithmic / span if span else logarithmic,
        }
    return _numbers(found)


def primary(name: str, truth: Array, numbers: Array, weight: Array | None = None, *, spread: float) -> float:
    """One primary metric alone, for those who ask many times: all metrics together take some forty times as long."""
    guess = numbers.argmax(axis=1) if numbers.ndim == 2 else numbers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name == "accuracy":
            return float(sk.accuracy_score(truth, guess, sample_weight=weight))
        if name == "norm_macro_recall":
            return _normal_recall(truth, guess, weight)
        if name == "precision_score_weighted":
            return float(sk.precision_score(truth, guess, average="weighted", sample_weight=weight, zero_division=0))
        if name == "AUC_weighted":
            return _area(sk.roc_auc_score, truth, numbers, "weighted", weight)
        if name == "average_precision_score_weighted":
            return _area(sk.average_precision_score, truth, numbers, "weighted", weight)
    return regression(truth, guess, weight, spread=spread).get(name, float("nan"))


def _normal_recall(truth: Array, guess: Array, weight: Array | None) -> float:
    """Recall averaged over the classes, where guessing at random is 0."""
    by_chance = 1 / max(len(np.unique(truth)), 2)
    return float((sk.balanced_accuracy_score(truth, guess, sample_weight=weight) - by_chance) / (1 - by_chance))


def _area(score: Any, truth: Array, shares: Array, average: str, weight: Array | None) -> float:
    """The area under a curve, over the classes that occur."""
    present = [each for each in range(shares.shape[1]) if 0 < (truth == each).sum() < len(truth)]
    if not present:
        return float("nan")
    hot = np.stack([truth == each for each in present], axis=1)
    if hot.shape[1] == 1:
        return float(score(hot[:, 0], shares[:, present[0]], sample_weight=weight))
    return float(score(hot, shares[:, present], average=average, sample_weight=weight))


def _weighted_accuracy(truth: Array, guess: Array) -> float:
    """Accuracy in which each row counts as much as its class is frequent."""
    weight = np.bincount(truth)[truth]
    return float(sk.accuracy_score(truth, guess, sample_weight=weight))


def _binary(truth: Array, guess: Array, share: Array, weight: Array | None) -> dict[str, float]:
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        truth, guess, average="binary", sample_weight=weight, zero_division=0
    )
    both = 0 < truth.sum() < len(truth)
    return {
        "precision_score_binary": precision,
        "recall_score_binary": recall,
        "f1_score_binary": f1,
        "AUC_binary": sk.roc_auc_score(truth, share, sample_weight=weight) if both else float("nan"),
        "average_precision_score_binary": (
            sk.average_precision_score(truth, share, sample_weight=weight) if both else float("nan")
        ),
    }


def _percentage(truth: Array, guess: Array) -> float:
    known = truth != 0
    return float(np.mean(np.abs((truth[known] - guess[known]) / truth[known])) * 100) if known.any() else float("nan")


def _spearman(truth: Array, guess: Array) -> float:
    from scipy.stats import rankdata

    first, second = rankdata(truth), rankdata(guess)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _numbers(found: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}
