"""Metrics of a component of somebody's own: its table, held against the thresholds of the signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smalt.runtime.monitoring.failure import MonitorError
from smalt.runtime.monitoring.result import Row

_NEEDED = ("metric_name", "metric_value")


def rows_of(pieces: Iterable[Any], limits: Mapping[str, float | None]) -> list[Row]:  # Any: DataFrames
    """The values of the table. A threshold of the signal comes before one of the table.

    Raises:
        MonitorError: The table has not the columns it needs.
    """
    found = []
    for piece in pieces:
        missing = [name for name in _NEEDED if name not in piece]
        if missing:
            raise MonitorError(
                f"The table signal_metrics has no column {', '.join(missing)}. It needs group, metric_name and "
                f"metric_value; it has {', '.join(map(str, piece.columns))}."
            )
        for record in piece.to_dict(orient="records"):
            name = str(record["metric_name"])
            limit = limits.get(name)
            limit = _number(record.get("threshold_value")) if limit is None else limit
            group = record.get("group")
            feature = "" if group is None or group != group else str(group)
            found.append(Row(feature, name, _number(record["metric_value"]), limit))
    return found


def _number(value: object) -> float | None:
    try:
        found = float(value)  # type: ignore[arg-type]  # whatever a table holds
    except (TypeError, ValueError):
        return None
    return found if found == found else None
