"""Which rows a model is judged by: the same for every trial of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smalt.runtime.automl.failure import DataError

Array = Any  # of numpy, which is not installed where mypy runs
Split = tuple[Array, Array]
"""Positions of the rows to train with, and of those to judge by."""

_LARGE, _SMALL = 20_000, 1_000


def splits(settings: Mapping[str, Any], target: Array, *, flags: Any = None) -> list[Split]:
    """Splits of a table without validation data of its own.

    Args:
        settings: Of the trial.
        target: Values or classes.
        flags: For each of `cv_split_column_names`, a column of 1 (train) and 0 (judge).
    """
    if flags is not None:
        return [_by_flag(name, flags[name].to_numpy()) for name in flags.columns]
    size, folds, seed = settings.get("validation_size"), settings.get("folds"), settings["seed"]
    is_classes = settings["task"] == "classification"
    count = len(target)
    if count < 4:
        raise DataError(f"The training data has {count} rows. It needs at least 4.")
    if size is None and folds in (None, "auto"):
        if count > _LARGE:
            size = 0.1
        else:
            folds = 10 if count < _SMALL else 3
    if isinstance(folds, int) and folds > 1 and size is None:
        return _folds(target, folds, seed, is_classes=is_classes)
    # Both together mean: that many draws of that size.
    draws = folds if isinstance(folds, int) else 1
    return [_draw(target, size or 0.1, seed + each, is_classes=is_classes) for each in range(draws)]


def _by_flag(name: str, flag: Array) -> Split:
    train, judge = np.flatnonzero(flag == 1), np.flatnonzero(flag == 0)
    if not len(train) or not len(judge):
        raise DataError(f"The split column {name!r} must hold 1 (train) and 0 (validate), and has not both.")
    return train, judge


def _folds(target: Array, folds: int, seed: int, *, is_classes: bool) -> list[Split]:
    from sklearn.model_selection import KFold, StratifiedKFold

    if folds > len(target):
        raise DataError(f"{folds} folds cannot be made of {len(target)} rows. Lower n_cross_validations.")
    rarest = np.bincount(target).min() if is_classes else 0
    kind = StratifiedKFold if is_classes and rarest >= folds else KFold
    return list(kind(folds, shuffle=True, random_state=seed).split(np.zeros(len(target)), target))


def _draw(target: Array, size: float, seed: int, *, is_classes: bool) -> Split:
    from sklearn.model_selection import train_test_split

    can_stratify = is_classes and np.bincount(target).min() >= 2 and size * len(target) >= len(np.unique(target))
    train, judge = train_test_split(
        np.arange(len(target)), test_size=size, random_state=seed, stratify=target if can_stratify else None
    )
    return np.sort(train), np.sort(judge)
