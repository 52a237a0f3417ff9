"""An evenly drawn sample of rows that come piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

SIZE = 200_000
"""How many rows are kept at most."""


class Sample:
    """Keeps every row as likely as any other: each draws a number, and those with the smallest stay.

    Args:
        size: How many rows are kept.
        seed: Of the numbers; the same rows give the same sample.
    """

    def __init__(self, *, size: int = SIZE, seed: int = 0) -> None:
        self.rows_seen = 0
        self._size = size
        self._random = np.random.default_rng(seed)
        self._keys: Any = np.empty(0)
        self._kept: Any = None

    def add(self, piece: Any) -> None:  # Any: a DataFrame
        """Look at further rows."""
        self.rows_seen += len(piece)
        keys = self._random.random(len(piece))
        if len(self._keys) >= self._size:
            # Most rows of a long table can be told off before anything is copied.
            wanted = keys < self._keys.max()
            piece, keys = piece[wanted], keys[wanted]
        if not len(piece):
            return
        whole = piece if self._kept is None else pd.concat([self._kept, piece], ignore_index=True)
        every = np.concatenate([self._keys, keys])
        if len(every) > self._size:
            best = np.sort(np.argpartition(every, self._size - 1)[: self._size])
            whole, every = whole.iloc[best], every[best]
        self._kept, self._keys = whole.reset_index(drop=True), every

    @property
    def frame(self) -> Any:  # Any: a DataFrame
        """The rows that were kept."""
        return pd.DataFrame() if self._kept is None else self._kept


def sampled(pieces: Iterable[Any], *, size: int = SIZE) -> Sample:  # Any: DataFrames
    """A sample of all pieces."""
    found = Sample(size=size)
    for piece in pieces:
        found.add(piece)
    return found
