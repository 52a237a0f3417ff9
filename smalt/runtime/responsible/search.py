"""Rows that are nearly the same and end otherwise: how they are looked for.

All three ways propose rows, ask the model about many at once, and keep those that change the fewest features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

Frame = Any
"""A DataFrame; pandas brings no types."""

_TRIES = 40
_ROUNDS = 6
_GENERATIONS = 6
_MOST_AT_ONCE = 100_000
_OWNER = "\0owner"
"""No column of a table is called so."""


@dataclass(frozen=True)
class Space:
    """Where is looked.

    Args:
        pool: Rows that really were; values are taken from them.
        vary: The features that may change.
        permitted: For some of them the range, or the values, that are allowed.
        categorical: Those that are no numbers.
    """

    pool: Frame
    vary: Sequence[str]
    permitted: Mapping[str, Sequence[Any]]
    categorical: Sequence[str]

    def allows(self, name: str, values: Any) -> Any:  # Any: arrays
        """Which values a feature may take."""
        terms = self.permitted.get(name)
        if terms is None:
            return np.ones(len(values), dtype=bool)
        if name in self.categorical:
            return pd.Series(values).isin(list(terms)).to_numpy()
        low, high = terms
        return (values >= low) & (values <= high)

    def values(self, name: str) -> Any:
        """The values of a feature that rows have had and that are allowed."""
        column = self.pool[name].dropna().to_numpy()
        return column[self.allows(name, column)]


@dataclass(frozen=True)
class _Proposals:
    """Rows that were proposed, and for which row each."""

    frame: Frame
    owner: Any  # Any: an array of places

    def where(self, mask: Any) -> _Proposals:
        return _Proposals(self.frame[mask], self.owner[mask])

    def __add__(self, other: _Proposals) -> _Proposals:
        if not len(self.frame) or not len(other.frame):
            return self if len(self.frame) else other
        return _Proposals(pd.concat([self.frame, other.frame]), np.concatenate([self.owner, other.owner]))


@dataclass(frozen=True)
class Search:
    """A search for rows that end otherwise.

    Args:
        space: Where is looked.
        is_wanted: Which of some rows end as wanted.
        count: How many are wanted for each row.
    """

    space: Space
    is_wanted: Callable[[Frame], Any]
    count: int

    def random(self, rows: Frame) -> list[Frame]:
        """Change one feature, then two, then more, by values that rows have had."""
        return _apart(self._random(rows), len(rows))

    def kdtree(self, rows: Frame) -> list[Frame]:
        """The nearest rows that really were and end as wanted."""
        return _apart(self._best(rows, self._nearest(rows)), len(rows))

    def genetic(self, rows: Frame) -> list[Frame]:
        """Begin with rows that really were and random ones, and cross them with the row itself, again and again."""
        best = self._nearest(rows) + self._random(rows)
        random = np.random.default_rng(0)
        for _ in range(_GENERATIONS):
            best = self._best(rows, best + self._wanted(self._crossed(rows, best, random)))
        return _apart(best, len(rows))

    def _random(self, rows: Frame) -> _Proposals:
        found = _Proposals(rows.iloc[:0], np.zeros(0, dtype=int))
        random = np.random.default_rng(0)
        step = max(1, _MOST_AT_ONCE // _TRIES)
        for width in _widths(len(self.space.vary)):
            lacking = np.flatnonzero(np.bincount(found.owner, minlength=len(rows)) < self.count)
            for start in range(0, len(lacking), step):
                owner = np.repeat(lacking[start : start + step], _TRIES)
                found = self._best(rows, found + self._wanted(self._changed(rows, owner, width, random)))
        return found

    def _changed(self, rows: Frame, owner: Any, width: int, random: Any) -> _Proposals:
        """Rows with so many of their features changed."""
        tried = rows.iloc[owner].reset_index(drop=True)
        # The columns with the smallest random numbers of a row are those that change.
        chosen = random.random((len(tried), len(self.space.vary))).argsort(axis=1)[:, :width]
        for place, name in enumerate(self.space.vary):
            values = self.space.values(name)
            if len(values):
                here = (chosen == place).any(axis=1)
                tried[name] = np.where(here, random.choice(values, len(tried)), tried[name].to_numpy())
        return _Proposals(tried, owner)

    def _nearest(self, rows: Frame) -> _Proposals:
        """The nearest rows of the pool that end as wanted, with what may not change taken from the row."""
        pool = self.space.pool
        allowed = np.ones(len(pool), dtype=bool)
        for name in self.space.vary:
            allowed &= self.space.allows(name, pool[name].to_numpy())
        pool = pool[allowed]
        pool = pool[np.asarray(self.is_wanted(pool), dtype=bool)] if len(pool) else pool
        if not len(pool):
            return _Proposals(rows.iloc[:0], np.zeros(0, dtype=int))
        near = NearestNeighbors(n_neighbors=min(len(pool), 2 * self.count)).fit(self._measured(pool))
        _, places = near.kneighbors(self._measured(rows))
        owner = np.repeat(np.arange(len(rows)), places.shape[1])
        found = pool.iloc[places.ravel()].reset_index(drop=True)
        for name in rows.columns:
            if name not in self.space.vary:
                found[name] = rows[name].to_numpy()[owner]
        return self._wanted(_Proposals(found, owner))

    def _crossed(self, rows: Frame, found: _Proposals, random: Any) -> _Proposals:
        """Children of rows and of what was found for them: some of the changes are taken back."""
        children = found.frame.reset_index(drop=True)
        for name in self.space.vary:
            back = random.random(len(children)) < 0.5
            children[name] = np.where(back, rows[name].to_numpy()[found.owner], children[name].to_numpy())
        return _Proposals(children, found.owner)

    def _wanted(self, proposed: _Proposals) -> _Proposals:
        """Those that end as wanted; the model is asked once."""
        return (
            proposed.where(np.asarray(self.is_wanted(proposed.frame), dtype=bool)) if len(proposed.owner) else proposed
        )

    def _best(self, rows: Frame, proposed: _Proposals) -> _Proposals:
        """The best for each row: the fewest changes, then the smallest ones."""
        if not len(proposed.owner):
            return proposed
        seen = proposed.frame.reset_index(drop=True).assign(**{_OWNER: proposed.owner}).duplicated().to_numpy()
        unlike = proposed.where(~seen)
        own = rows.iloc[unlike.owner]
        changes = (unlike.frame.to_numpy() != own.to_numpy()).sum(axis=1)
        far = np.abs(self._measured(unlike.frame) - self._measured(own)).sum(axis=1)
        order = np.lexsort((far, changes, unlike.owner))
        ranked = _Proposals(unlike.frame.iloc[order], unlike.owner[order])
        rank = np.arange(len(order)) - np.searchsorted(ranked.owner, ranked.owner)
        return ranked.where(rank < self.count)

    def _measured(self, frame: Frame) -> Any:
        """Rows as points: numbers by the spread they have in the pool, categories apart or not."""
        columns = []
        for name in frame.columns:
            if name in self.space.categorical:
                columns += [(frame[name] == value).to_numpy(dtype=float) for value in pd.unique(self.space.pool[name])]
            else:
                spread = float(self.space.pool[name].std()) or 1.0
                columns.append(frame[name].astype(float).fillna(0.0).to_numpy() / spread)
        return np.column_stack(columns)


def _apart(found: _Proposals, count: int) -> list[Frame]:
    """What was found, for each row by itself."""
    ends = np.searchsorted(found.owner, np.arange(count + 1))
    return [found.frame.iloc[ends[place] : ends[place + 1]] for place in range(count)]


def _widths(most: int) -> list[int]:
    """How many features change in each round: one, two, three, then more."""
    return sorted(
        {*range(1, min(most, 3) + 1), *(max(1, round(most * part / _ROUNDS)) for part in range(1, _ROUNDS + 1))}
    )
