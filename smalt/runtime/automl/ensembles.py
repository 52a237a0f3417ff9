"""Models made of the best trials: a weighted vote, and a learner over their predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from smalt.runtime.automl.judging import Judged
from smalt.runtime.automl.models import Model, StackModel, VotingModel, columns_of, stacked

Array = Any  # of numpy, which is not installed where mypy runs

_ROUNDS = 10


def vote(
    models: Sequence[Model], judged: Sequence[Judged], score: Callable[[Judged], float]
) -> tuple[VotingModel, Judged]:
    """Weights by greedy selection with replacement: each round takes the model that helps most.

    Args:
        models: The members, the best first.
        judged: What each predicted for the same rows.
        score: How good predictions are; larger is better.
    """
    counts = np.zeros(len(models), dtype=int)
    counts[0] = 1
    for _ in range(_ROUNDS):
        tried = [counts + (np.arange(len(models)) == each) for each in range(len(models))]
        gains = [score(_mean(judged, weights / weights.sum())) for weights in tried]
        counts = tried[int(np.argmax(gains))]
    weights = counts / counts.sum()
    chosen = [each for each in range(len(models)) if weights[each] > 0]
    model = VotingModel([models[each] for each in chosen], [float(weights[each]) for each in chosen])
    return model, _mean(judged, weights)


def stack(models: Sequence[Model], judged: Sequence[Judged], settings: Mapping[str, Any]) -> tuple[StackModel, Judged]:
    """A meta learner over the members' predictions for unseen rows; it is judged by cross-validation over them."""
    from sklearn.base import clone
    from sklearn.model_selection import KFold

    first = judged[0]
    classes = models[0].classes_
    columns = columns_of([each.numbers for each in judged])
    meta = _meta(settings, is_classifier=classes is not None)
    numbers = np.zeros_like(first.numbers)
    for train, rest in KFold(5, shuffle=True, random_state=settings["seed"]).split(columns):
        fitted = clone(meta).fit(columns[train], first.truth[train])
        numbers[rest] = stacked(fitted, columns[rest], classes)
    meta.fit(columns, first.truth)
    return StackModel(list(models), meta), Judged(first.truth, numbers, first.fold, first.weight)


def _mean(judged: Sequence[Judged], weights: Array) -> Judged:
    first = judged[0]
    numbers = sum(weight * each.numbers for weight, each in zip(weights, judged, strict=True))
    return Judged(first.truth, numbers, first.fold, first.weight)


def _meta(settings: Mapping[str, Any], *, is_classifier: bool) -> Any:  # Any: an estimator
    from sklearn import linear_model

    stack = settings["stack"]
    wanted = str(stack.get("stackmetalearnertype") or "none").lower().replace("_", "")
    given = dict(stack.get("stackmetalearnerkwargs") or {})
    seed = settings["seed"]
    if wanted in {"lightgbmclassifier", "lightgbmregressor"}:
        import lightgbm

        kind = lightgbm.LGBMClassifier if is_classifier else lightgbm.LGBMRegressor
        return kind(**{"n_estimators": 50, "verbose": -1, "random_state": seed, "n_jobs": 1, **given})
    if is_classifier:
        if wanted == "logisticregressioncv":
            return linear_model.LogisticRegressionCV(**{"max_iter": 1000, **given})
        return linear_model.LogisticRegression(**{"max_iter": 1000, **given})
    if wanted == "linearregression":
        return linear_model.LinearRegression(**given)
    if wanted == "elasticnet":
        return linear_model.ElasticNet(**{"random_state": seed, **given})
    return linear_model.ElasticNetCV(**{"random_state": seed, **given})
