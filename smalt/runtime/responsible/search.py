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
        return self._rounds(rows, self._changed)

    def kdtree(self, rows: Frame) -> list[Frame]:
        """The nearest rows that really were and end as wanted."""
        return self._kept(rows, self._nearest(rows))

    def genetic(self, rows: Frame) -> list[Frame]:
        """Begin with rows that really were and random ones, and cross them with the row itself, again and again."""
        best = [pd.concat(pair) for pair in zip(self._nearest(rows), self.random(rows), strict=True)]
        random = np.random.default_rng(0)
        for _ in range(_GENERATIONS):
            proposed = [self._crossed(rows, each, found, random) for each, found in enumerate(best)]
            best = self._kept(rows, [pd.concat(pair) for pair in zip(best, self._wanted(proposed), strict=True)])
        return best

    def _rounds(self, rows: Frame, propose: Callable[..., Frame]) -> list[Frame]:
        found: list[Frame] = [rows.iloc[:0]] * len(rows)
        random = np.random.default_rng(0)
        for width in _widths(len(self.space.vary)):
            open_ = [each for each in range(len(rows)) if len(found[each]) < self.count]
            if not open_:
                break
            step = max(1, _MOST_AT_ONCE // _TRIES)
            for start in range(0, len(open_), step):
                some = open_[start : start + step]
                tried = propose(rows.iloc[some], width, random)
                wanted = np.asarray(self.is_wanted(tried)).reshape(len(some), _TRIES)
                for place, each in enumerate(some):
                    own = tried.iloc[place * _TRIES : (place + 1) * _TRIES][wanted[place]]
                    found[each] = pd.concat([found[each], own]).drop_duplicates().head(self.count)
        return found

    def _changed(self, rows: Frame, width: int, random: Any) -> Frame:
        """Each row many times, with so many of its features changed."""
        tried = rows.loc[rows.index.repeat(_TRIES)].reset_index(drop=True)
        vary = list(self.space.vary)
        # The columns with the smallest random numbers of a row are those that change.
        chosen = random.random((len(tried), len(vary))).argsort(axis=1)[:, :width]
        for place, name in enumerate(vary):
            values = self.space.values(name)
            if len(values):
                here = (chosen == place).any(axis=1)
                column = tried[name].to_numpy(copy=True)
                column[here] = random.choice(values, here.sum())
                tried[name] = column
        return tried

    def _nearest(self, rows: Frame) -> list[Frame]:
        """The nearest rows of the pool that end as wanted, with what may not change taken from the row."""
        pool = self.space.pool
        allowed = np.ones(len(pool), dtype=bool)
        for name in self.space.vary:
            allowed &= self.space.allows(name, pool[name].to_numpy())
        pool = pool[allowed]
        pool = pool[np.asarray(self.is_wanted(pool))] if len(pool) else pool
        if not len(pool):
            return [rows.iloc[:0]] * len(rows)
        measured = self._measured(pd.concat([pool, rows]))
        near = NearestNeighbors(n_neighbors=min(len(pool), 2 * self.count)).fit(measured[: len(pool)])
        _, places = near.kneighbors(measured[len(pool) :])
        fixed = [name for name in rows.columns if name not in self.space.vary]
        proposed = []
        for each in range(len(rows)):
            own = pool.iloc[places[each]].reset_index(drop=True)
            for name in fixed:
                own[name] = pd.Series([rows[name].iloc[each]] * len(own), dtype=rows[name].dtype)
            proposed.append(own)
        return self._wanted(proposed) if fixed else proposed

    def _wanted(self, proposed: list[Frame]) -> list[Frame]:
        """Of each, those that end as wanted; the model is asked once."""
        together = pd.concat(proposed)
        wanted = np.asarray(self.is_wanted(together)) if len(together) else np.zeros(0, dtype=bool)
        ends = np.cumsum([len(each) for each in proposed])[:-1]
        return [each[mask] for each, mask in zip(proposed, np.split(wanted, ends), strict=True)]

    def _crossed(self, rows: Frame, place: int, found: Frame, random: Any) -> Frame:
        """Children of a row and what was found for it: some of the changes are taken back."""
        if not len(found):
            return found
        children = found.reset_index(drop=True).copy()
        for name in self.space.vary:
            back = random.random(len(children)) < 0.5
            column = children[name].to_numpy(copy=True)
            column[back] = rows[name].iloc[place]
            children[name] = column
        return children

    def _kept(self, rows: Frame, proposed: list[Frame]) -> list[Frame]:
        """The best of each: the fewest changes, then the smallest ones."""
        kept = []
        for place, found in enumerate(proposed):
            unlike = found.drop_duplicates()
            own = rows.iloc[[place]]
            changes = (unlike.to_numpy() != own.to_numpy()).sum(axis=1)
            measured = self._measured(pd.concat([own, unlike]))
            far = np.abs(measured[1:] - measured[0]).sum(axis=1)
            kept.append(unlike.iloc[np.lexsort((far, changes))].head(self.count))
        return kept

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


def _widths(most: int) -> list[int]:
    """How many features change in each round: one, two, three, then more."""
    return sorted(
        {*range(1, min(most, 3) + 1), *(max(1, round(most * part / _ROUNDS)) for part in range(1, _ROUNDS + 1))}
    )
