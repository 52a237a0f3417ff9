"""Which columns are features, and of which type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pandas.api import types

from smalt.runtime.monitoring.failure import MonitorError

NUMERICAL, CATEGORICAL = "numerical", "categorical"


def type_of(values: Any, *, whole_numbers: str = NUMERICAL) -> str:  # Any: a Series
    """Numbers are compared as numbers, everything else (text, truth values) as categories.

    Args:
        values: A column.
        whole_numbers: What whole numbers are: those that a classifier answers are categories.
    """
    if types.is_bool_dtype(values) or not types.is_numeric_dtype(values):
        return CATEGORICAL
    return whole_numbers if types.is_integer_dtype(values) else NUMERICAL


def chosen(columns: Iterable[str], wanted: Any, *, aside: set[str]) -> list[str]:  # Any: settings
    """The features that are looked at, in the order of the table.

    Raises:
        MonitorError: One that is named is not there.
    """
    here = [str(name) for name in columns if name not in aside]
    if not isinstance(wanted, list):
        return here
    missing = [name for name in wanted if name not in here]
    if missing:
        shown = ", ".join(here[:20])
        raise MonitorError(f"The reference has no feature {', '.join(missing)}. Its columns: {shown}.")
    return [name for name in here if name in wanted]


def segment(frame: Any, asked: Mapping[str, Any] | None) -> Any:  # Any: a DataFrame
    """The rows of a segment; all without one.

    Raises:
        MonitorError: Its feature is not there.
    """
    if not asked:
        return frame
    name, values = asked["feature_name"], set(map(str, asked["feature_values"]))
    if name not in frame:
        raise MonitorError(f"There is no feature {name!r}, by which data_segment takes rows.")
    return frame[frame[name].astype(str).isin(values)]
