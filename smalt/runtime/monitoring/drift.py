"""How far two samples of a feature are apart.

Bins are fixed: numbers fall into ten bins with borders at the deciles of both samples together, each sample weighing
one half, so that it does not matter which is which; up to ten different numbers, and categories, are a bin each. Shares
below `LEAST` count as that in the population stability index, which an empty bin would make infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

Array = Any
"""An array of numpy, which brings no types here."""

BINS = 10
LEAST = 1e-4
SHOWN_CATEGORIES = 50
_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class Counts:
    """How many values of each sample fall into each bin.

    Args:
        labels: Of the bins.
        reference: Counts of the reference.
        production: Counts of production.
        edges: Borders between the bins, for numbers.
    """

    labels: list[str]
    reference: Array
    production: Array
    edges: list[float] | None = None

    def shown(self) -> dict[str, Any]:
        """As JSON; of many categories the most frequent, and the others together."""
        labels, reference, production = self.labels, self.reference, self.production
        if self.edges is None and len(labels) > SHOWN_CATEGORIES:
            order = np.argsort(-(reference + production), kind="stable")
            first, rest = order[:SHOWN_CATEGORIES], order[SHOWN_CATEGORIES:]
            labels = [*(labels[each] for each in first), "…"]
            reference = np.append(reference[first], reference[rest].sum())
            production = np.append(production[first], production[rest].sum())
        return {
            "labels": labels,
            "edges": self.edges,
            "reference": [int(each) for each in reference],
            "production": [int(each) for each in production],
        }


def numbers(values: Any) -> Array:  # Any: a Series
    """The numbers of a column, without what is none."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return found[np.isfinite(found)]


def words(values: Any) -> Any:  # Any: Series
    """The categories of a column as text, without missing ones."""
    return values.dropna().astype(str)


def count_numbers(reference: Array, production: Array) -> Counts:
    """Both samples in the bins that both of them make."""
    distinct = np.unique(np.concatenate([np.unique(reference), np.unique(production)]))
    if len(distinct) <= BINS:
        one, other = (_bincount(np.searchsorted(distinct, each), len(distinct)) for each in (reference, production))
        return Counts([_short(each) for each in distinct], one, other)
    borders = _borders(reference, production)
    one, other = (
        _bincount(np.searchsorted(borders, each, side="left"), len(borders) + 1) for each in (reference, production)
    )
    edges = [float(distinct[0]), *map(float, borders), float(distinct[-1])]
    labels = [f"{_short(low)} … {_short(high)}" for low, high in pairwise(edges)]
    return Counts(labels, one, other, edges)


def _bincount(places: Array, bins: int) -> Array:
    return np.bincount(places, minlength=bins)


def _borders(reference: Array, production: Array) -> Array:
    """The deciles of both samples, each weighing one half."""
    values = np.concatenate([reference, production])
    weights = np.concatenate([np.full(len(each), 0.5 / len(each)) for each in (reference, production)])
    order = np.argsort(values, kind="stable")
    values, reached = values[order], np.cumsum(weights[order])
    # Sums of many small weights are a little off; a border must not depend on that.
    places = np.searchsorted(reached, np.arange(1, BINS) / BINS - 1e-9)
    borders = np.unique(values[np.minimum(places, len(values) - 1)])
    return borders[borders < values[-1]]


def count_words(reference: Any, production: Any) -> Counts:  # Any: Series
    """How often each category is in both samples."""
    one, other = reference.value_counts(), production.value_counts()
    labels = sorted({*one.index, *other.index})
    return Counts(labels, *(each.reindex(labels, fill_value=0).to_numpy() for each in (one, other)))


def jensen_shannon_distance(counts: Counts) -> float:
    """From 0 (equal) to 1 (nothing in common); to the base 2."""
    from scipy.spatial import distance

    found = float(distance.jensenshannon(counts.reference, counts.production, base=2))
    return 0.0 if np.isnan(found) else found


def population_stability_index(counts: Counts) -> float:
    """From 0 (equal) on; above 0.25 is commonly called a large change."""
    one, other = (np.maximum(each / each.sum(), LEAST) for each in (counts.reference, counts.production))
    return float(np.sum((other - one) * np.log(other / one)))


def pearsons_chi_squared_test(counts: Counts) -> float:
    """The probability of such a difference between samples of one distribution."""
    from scipy.stats import chi2_contingency

    table = np.array([counts.reference, counts.production])
    table = table[:, table.sum(axis=0) > 0]
    return 1.0 if table.shape[1] < 2 else float(chi2_contingency(table, correction=False).pvalue)


def normalized_wasserstein_distance(reference: Array, production: Array) -> float:
    """How far values were moved on average, in standard deviations of the reference."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(reference, production) / max(float(np.std(reference)), _SMALLEST_SPREAD))


def two_sample_kolmogorov_smirnov_test(reference: Array, production: Array) -> float:
    """The probability of such a difference between samples of one distribution."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(reference, production).pvalue)


OF_COUNTS: Mapping[str, Callable[[Counts], float]] = {
    each.__name__: each for each in (jensen_shannon_distance, population_stability_index, pearsons_chi_squared_test)
}
OF_NUMBERS: Mapping[str, Callable[[Array, Array], float]] = {
    each.__name__: each for each in (normalized_wasserstein_distance, two_sample_kolmogorov_smirnov_test)
}


def _short(value: float) -> str:
    return f"{value:.4g}"
