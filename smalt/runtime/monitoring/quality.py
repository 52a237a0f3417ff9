"""Which share of values is missing, of another type than in the reference, or outside of what it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.monitoring.features import NUMERICAL

MOST_CATEGORIES = 10_000
"""A feature with more of them in the reference has no bounds."""


@dataclass
class Bounds:
    """What a feature holds in the reference; every row is looked at.

    Args:
        kind: `numerical` or `categorical`.
    """

    kind: str
    low: float = float("inf")
    high: float = float("-inf")
    words: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    def learn(self, values: Any) -> None:  # Any: a Series
        """Look at further values of the reference."""
        if self.kind == NUMERICAL:
            found = _as_numbers(values)
            found = found[np.isfinite(found)]
            if len(found):
                self.low, self.high = min(self.low, float(found.min())), max(self.high, float(found.max()))
            return
        present = values.dropna()
        self.types |= {_family(each) for each in present.head(1000)}
        if len(self.words) <= MOST_CATEGORIES:
            self.words |= set(present.astype(str).unique())

    @property
    def has_any(self) -> bool:
        """Whether anything can be outside of them."""
        return self.low <= self.high if self.kind == NUMERICAL else 0 < len(self.words) <= MOST_CATEGORIES


@dataclass
class Rates:
    """Counts of one feature in production; every row is looked at."""

    bounds: Bounds
    rows: int = 0
    nulls: int = 0
    type_errors: int = 0
    outside: int = 0

    def add(self, values: Any) -> None:  # Any: a Series
        """Look at further values."""
        missing = values.isna().to_numpy()
        self.rows += len(values)
        self.nulls += int(missing.sum())
        if self.bounds.kind == NUMERICAL:
            found = _as_numbers(values)
            wrong = np.isnan(found) & ~missing
            beyond = (found < self.bounds.low) | (found > self.bounds.high)
        else:
            wrong = ~missing & ~values.map(_family).isin(self.bounds.types).to_numpy()
            beyond = ~missing & ~wrong & ~values.astype(str).isin(self.bounds.words).to_numpy()
        self.type_errors += int(wrong.sum())
        self.outside += int(beyond.sum()) if self.bounds.has_any else 0

    def add_missing(self, rows: int) -> None:
        """Rows in which the feature is not there at all."""
        self.rows += rows
        self.nulls += rows

    def shares(self) -> dict[str, float]:
        """The metrics."""
        counts = {
            "null_value_rate": self.nulls,
            "data_type_error_rate": self.type_errors,
            "out_of_bounds_rate": self.outside,
        }
        return {name: count / self.rows for name, count in counts.items()}


def _as_numbers(values: Any) -> Any:  # Any: an array of numpy
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _family(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "truth"
    return "number" if isinstance(value, int | float | np.number) else "text"
