"""Rows for trees: categories by their codes, everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Frame = Any
"""A DataFrame; pandas brings no types."""


def categories(frames: Sequence[Frame], names: Sequence[str]) -> dict[str, list[Any]]:
    """The values of each categorical column in order, over all tables."""
    found = {}
    for name in names:
        values = pd.unique(pd.concat([frame[name] for frame in frames]).dropna())
        found[name] = sorted(values.tolist(), key=lambda value: (isinstance(value, str), value))
    return found


def encoded(frame: Frame, known: Mapping[str, Sequence[Any]]) -> Frame:
    """The table with numbers only; what is missing stays missing."""
    columns = {}
    for name in frame.columns:
        if name in known:
            codes = pd.Categorical(frame[name], categories=list(known[name])).codes.astype(float)
            columns[name] = np.where(codes < 0, np.nan, codes)
        else:
            columns[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    return pd.DataFrame(columns, index=frame.index)
