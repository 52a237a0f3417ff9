"""How good a model is: predictions for rows it has not seen, and the metrics of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalt.runtime.automl import metrics
from smalt.runtime.automl.data import Data, Rows, positive_of
from smalt.runtime.automl.models import Model
from smalt.runtime.automl.splits import splits

Array = Any  # of numpy, which is not installed where mypy runs


@dataclass
class Judged:
    """Predictions for unseen rows; row by row the same rows for every trial of a job.

    Attributes:
        truth: What was to be predicted.
        numbers: What was.
        fold: Which split a row belongs to.
        weight: Of each row.
    """

    truth: Array
    numbers: Array
    fold: Array
    weight: Array | None = None

    def save(self, path: Path) -> None:
        """Write them for the ensembles that may come."""
        weight = {} if self.weight is None else {"weight": self.weight}
        np.savez_compressed(path, truth=self.truth, numbers=self.numbers, fold=self.fold, **weight)

    @classmethod
    def load(cls, path: Path) -> Judged:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as found:
            return cls(found["truth"], found["numbers"], found["fold"], found.get("weight"))


def judge(data: Data, settings: Mapping[str, Any], make: Callable[[], Any]) -> tuple[Model, Judged]:
    """A model trained with all training rows, and how it is judged: by validation data, or split by split.

    Args:
        data: Of the job.
        settings: Of the trial.
        make: Makes a model that is not trained yet.
    """
    if data.validation is not None:
        return _judged(make(), data.train, data.validation, 0)
    parts = []
    for number, (train, rest) in enumerate(splits(settings, data.train.target, flags=data.flags)):
        parts.append(_judged(make(), data.train.at(train), data.train.at(rest), number)[1])
    return make().fit(data.train.table, data.train.target, data.train.weight), joined(parts)


def joined(parts: list[Judged]) -> Judged:
    """The predictions of several splits together."""
    weights = [part.weight for part in parts if part.weight is not None]
    return Judged(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.fold for part in parts]),
        np.concatenate(weights) if weights else None,
    )


def score(judged: Judged, data: Data, settings: Mapping[str, Any]) -> dict[str, float]:
    """Every metric, as the mean over the splits."""
    found = []
    for number in np.unique(judged.fold):
        here = judged.fold == number
        weight = None if judged.weight is None else judged.weight[here]
        found.append(measure(judged.truth[here], judged.numbers[here], weight, data, settings))
    names = set.intersection(*(set(each) for each in found))
    return {name: float(np.mean([each[name] for each in found])) for name in sorted(names)}


def primary(judged: Judged, data: Data, settings: Mapping[str, Any]) -> float:
    """The primary metric alone, as the mean over the splits."""
    found = []
    for number in np.unique(judged.fold):
        here = judged.fold == number
        weight = None if judged.weight is None else judged.weight[here]
        truth, numbers = judged.truth[here], judged.numbers[here]
        found.append(metrics.primary(settings["metric"], truth, numbers, weight, spread=data.spread))
    return float(np.mean(found))


def measure(
    truth: Array, numbers: Array, weight: Array | None, data: Data, settings: Mapping[str, Any]
) -> dict[str, float]:
    """Every metric of one set of rows."""
    if data.classes is None:
        return metrics.regression(truth, numbers, weight, spread=data.spread)
    return metrics.classification(truth, numbers, weight, positive=positive_of(settings, data.classes))


def _judged(model: Any, train: Rows, rest: Rows, number: int) -> tuple[Model, Judged]:
    fitted = model.fit(train.table, train.target, train.weight)
    return fitted, Judged(rest.target, fitted.numbers(rest.table), np.full(len(rest.target), number), rest.weight)
