"""Whether a model does as well by one group of people as by another, measured with fairlearn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_negative_rate,
    false_positive_rate,
)

from smalt.runtime.responsible import metrics
from smalt.runtime.responsible.subject import Subject

_BINS = 3
DIFFERENCE, RATIO = "difference", "ratio"


@dataclass(frozen=True)
class Disparity:
    """A metric by the groups of one feature.

    Args:
        feature: By which people are told apart.
        metric: Its name.
        groups: The value of each group, and how many rows it has.
        difference: Between the largest and the smallest value.
        ratio: Of the smallest to the largest.
    """

    feature: str
    metric: str
    groups: dict[str, tuple[float, int]]
    difference: float
    ratio: float


def groups_of(what: Subject, feature: str) -> Any:  # Any: a column of names
    """The group of each test row: its category, or the third of the numbers that it is in."""
    column = what.test[feature]
    if feature in what.columns.categorical or column.nunique() <= _BINS:
        return column.astype(str)
    return pd.qcut(column, _BINS, duplicates="drop").astype(str)


def disparities(what: Subject, feature: str, names: Sequence[str]) -> list[Disparity]:
    """Metrics by the groups of a feature; of two classes also the rates of false answers."""
    count = len(what.columns.classes or [])
    measured: dict[str, Any] = {
        name: lambda truth, said, name=name: metrics.measure(name, truth, said, classes=count) for name in names
    }
    if what.is_classified and count == 2:
        measured |= {"false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate}
    frame = MetricFrame(
        metrics=measured, y_true=what.truth, y_pred=what.predicted, sensitive_features=groups_of(what, feature)
    )
    sizes = groups_of(what, feature).value_counts()
    differences, ratios = frame.difference(method="between_groups"), frame.ratio(method="between_groups")
    return [
        Disparity(
            feature,
            name,
            {str(group): (float(value), int(sizes[group])) for group, value in frame.by_group[name].items()},
            float(differences[name]),
            float(ratios[name]),
        )
        for name in measured
    ]


def parities(what: Subject, feature: str) -> dict[str, float]:
    """Whether groups are chosen alike, and whether the truth makes no difference to that; of two classes only."""
    if not what.is_classified or len(what.columns.classes or []) != 2:
        return {}
    of = {"sensitive_features": groups_of(what, feature)}
    return {
        "Demographic parity difference": float(demographic_parity_difference(what.truth, what.predicted, **of)),
        "Demographic parity ratio": float(demographic_parity_ratio(what.truth, what.predicted, **of)),
        "Equalized odds difference": float(equalized_odds_difference(what.truth, what.predicted, **of)),
        "Equalized odds ratio": float(equalized_odds_ratio(what.truth, what.predicted, **of)),
    }
