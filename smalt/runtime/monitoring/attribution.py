"""What features matter, and how alike two such orders are.

The model itself is a black box that may live anywhere, so a model of the same behaviour is trained on features and
answers (gradient boosting), and a feature matters as much as that model gets worse when its values are shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.monitoring.failure import MonitorError

_MOST_ROWS = 20_000
_FEWEST_ROWS = 20
_MOST_SHUFFLED = 4_000
_REPEATS = 5


def importances(table: Any, target: Any, *, is_classification: bool) -> dict[str, float]:  # Any: frame, Series
    """How much each feature matters, from 0 on.

    Raises:
        MonitorError: There is nothing to learn from.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.inspection import permutation_importance

    known = target.notna().to_numpy()
    table, target = table[known], target[known]
    if len(table) < _FEWEST_ROWS or target.nunique() < 2:
        raise MonitorError(
            f"What features matter cannot be told from {len(table)} rows with {target.nunique()} different answers. "
            "Give it more data, or list the features."
        )
    if len(table) > _MOST_ROWS:
        drawn = table.sample(_MOST_ROWS, random_state=0).index
        table, target = table.loc[drawn], target.loc[drawn]
    encoded = pd.DataFrame({name: _encoded(table[name]) for name in table.columns})
    answers = target.astype(str).to_numpy() if is_classification else target.to_numpy(dtype=float)
    kind = HistGradientBoostingClassifier if is_classification else HistGradientBoostingRegressor
    model = kind(max_iter=60, random_state=0).fit(encoded.to_numpy(), answers)
    found = permutation_importance(
        model,
        encoded.to_numpy()[:_MOST_SHUFFLED],
        answers[:_MOST_SHUFFLED],
        n_repeats=_REPEATS,
        random_state=0,
        scoring="neg_log_loss" if is_classification else "neg_mean_squared_error",
    )
    return {name: max(float(each), 0.0) for name, each in zip(table.columns, found.importances_mean, strict=True)}


def most_important(weights: dict[str, float], count: int) -> list[str]:
    """The features that matter most."""
    return sorted(weights, key=lambda name: (-weights[name], name))[:count]


def normalized_discounted_cumulative_gain(reference: dict[str, float], production: dict[str, float]) -> float:
    """1 when features matter in the same order in both; the less what mattered is at the top, the nearer to 0.

    Raises:
        MonitorError: No feature mattered in the reference.
    """
    names = list(reference)
    best = _gain(sorted(reference.values(), reverse=True))
    if best == 0:
        raise MonitorError("No feature matters in the reference: its answers cannot be told from its features.")
    return _gain([reference[name] for name in most_important(production, len(names))]) / best


def _gain(weights: Sequence[float]) -> float:
    return float(sum(weight / np.log2(place + 2) for place, weight in enumerate(weights)))


def _encoded(values: Any) -> Any:  # Any: a Series
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype(float).reset_index(drop=True)
    codes = pd.Series(pd.factorize(values.astype(str), sort=True)[0], dtype=float)
    return codes.where(values.notna().to_numpy())
