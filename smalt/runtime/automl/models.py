"""What a trial trains: a model from the raw columns of a table to classes or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from smalt.runtime.automl.features import Featurizer
from smalt.runtime.automl.learners import build

Array = Any  # of numpy, which is not installed where mypy runs


class Model(BaseEstimator):  # type: ignore[misc]  # scikit-learn is not installed where mypy runs
    """Predicts from raw columns.

    Attributes:
        classes_: The classes in order, for a classifier; None otherwise.
    """

    classes_: Array | None = None

    def numbers(self, table: Any) -> Array:  # Any: a DataFrame
        """Probabilities by row and class, or one number a row."""
        raise NotImplementedError

    def predict(self, table: Any) -> Array:  # Any: a DataFrame
        """Classes or numbers."""
        found = self.numbers(table)
        return found if self.classes_ is None else self.classes_[found.argmax(axis=1)]

    def predict_proba(self, table: Any) -> Array:  # Any: a DataFrame
        """Probabilities in the order of `classes_`."""
        if self.classes_ is None:
            raise AttributeError("A model that predicts numbers has no probabilities.")
        return self.numbers(table)


class TabularModel(Model):
    """A featurizer and a learner.

    Args:
        task: `classification` or `regression`.
        learner: As in YAML.
        params: Of the learner.
        featurization: Of the job.
        seed: For whatever draws.
        cores: For learners that use several.
        classes: In order, for a classifier.
    """

    def __init__(
        self,
        task: str = "regression",
        learner: str = "light_gbm",
        params: Mapping[str, Any] | None = None,
        featurization: Mapping[str, Any] | None = None,
        seed: int = 0,
        cores: int = 1,
        classes: Array | None = None,
    ) -> None:
        self.task = task
        self.learner = learner
        self.params = params
        self.featurization = featurization
        self.seed = seed
        self.cores = cores
        self.classes = classes

    def fit(self, table: Any, target: Array, weight: Array | None = None) -> TabularModel:  # Any: a DataFrame
        """Train. Classes are given by their number."""
        self.classes_ = self.classes
        self.featurizer_ = Featurizer(self.featurization, self.seed, self.task)
        matrix = self.featurizer_.fit_transform(table, target)
        self.estimator_ = build(self.task, self.learner, self.params or {}, seed=self.seed, cores=self.cores)
        self.estimator_.fit(matrix, target, **_weighted(self.estimator_, weight))
        return self

    def numbers(self, table: Any) -> Array:  # Any: a DataFrame
        """See `Model.numbers`."""
        matrix = self.featurizer_.transform(table)
        if self.classes_ is None:
            return np.asarray(self.estimator_.predict(matrix), dtype=float)
        # A class that no training row of a fold had has no column.
        shares = np.zeros((table.shape[0], len(self.classes_)))
        shares[:, np.asarray(self.estimator_.classes_, dtype=int)] = self.estimator_.predict_proba(matrix)
        return shares


class VotingModel(Model):
    """The weighted mean of what other models predict."""

    def __init__(self, models: Sequence[Model] = (), weights: Sequence[float] = ()) -> None:
        self.models = models
        self.weights = weights

    @property
    def classes_(self) -> Array | None:  # type: ignore[override]  # they are the members'
        """The members' classes."""
        return self.models[0].classes_

    def numbers(self, table: Any) -> Array:  # Any: a DataFrame
        """See `Model.numbers`."""
        return sum(weight * model.numbers(table) for weight, model in zip(self.weights, self.models, strict=True))


class StackModel(Model):
    """A learner over what other models predict."""

    def __init__(self, models: Sequence[Model] = (), meta: Any = None) -> None:  # Any: an estimator
        self.models = models
        self.meta = meta

    @property
    def classes_(self) -> Array | None:  # type: ignore[override]  # they are the members'
        """The members' classes."""
        return self.models[0].classes_

    def numbers(self, table: Any) -> Array:  # Any: a DataFrame
        """See `Model.numbers`."""
        return stacked(self.meta, columns_of([model.numbers(table) for model in self.models]), self.classes_)


def columns_of(predictions: Sequence[Array]) -> Array:
    """Predictions of several models side by side."""
    return np.hstack([each if each.ndim == 2 else each[:, None] for each in predictions])


def stacked(meta: Any, columns: Array, classes: Array | None) -> Array:  # Any: an estimator
    """What a meta learner makes of them."""
    if classes is None:
        return np.asarray(meta.predict(columns), dtype=float)
    shares = np.zeros((len(columns), len(classes)))
    shares[:, np.asarray(meta.classes_, dtype=int)] = meta.predict_proba(columns)
    return shares


def _weighted(estimator: Any, weight: Array | None) -> dict[str, Array]:
    if weight is None:
        return {}
    steps = getattr(getattr(estimator, "regressor", estimator), "steps", None)
    return {f"{steps[-1][0]}__sample_weight" if steps else "sample_weight": weight}
