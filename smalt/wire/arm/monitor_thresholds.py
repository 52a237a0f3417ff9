"""The ARM spelling of thresholds: lists of metrics, where YAML has a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.monitor.thresholds import JUDGED
from smalt.entities.text import normal_form
from smalt.wire.arm.shape import Both, JsonObject, Words, camel, snake

TASKS = Words({"classification": "Classification", "regression": "Regression"})
_FAMILIES = Words({"numerical": "Numerical", "categorical": "Categorical"})
_LONG = {"mae": "MeanAbsoluteError", "mse": "MeanSquaredError", "rmse": "RootMeanSquaredError"}


def _pascal(name: str) -> str:
    return name[:1].upper() + camel(name)[1:]


def _map(value: Any) -> Mapping[str, Any]:  # Any: JSON
    return value if isinstance(value, dict) else {}


def _metric(name: Any, value: Any) -> JsonObject:  # Any: JSON
    return {"metric": name, "threshold": {"value": value}}


def _value_of(entry: Any) -> Any:  # Any: JSON
    threshold = entry.get("threshold") if isinstance(entry, dict) else None
    return threshold.get("value") if isinstance(threshold, dict) else None


def _entries(value: Any) -> list[JsonObject]:  # Any: JSON
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _families_to_arm(value: Any) -> Any:  # Any: JSON
    """Metrics by the type of the feature, each with a threshold."""
    if not isinstance(value, dict):
        return value
    return [
        {"dataType": _FAMILIES.to_arm(family), **_metric(camel(name), threshold)}
        for family, metrics in value.items()
        if isinstance(metrics, dict)
        for name, threshold in metrics.items()
    ]


def _families_from_arm(value: Any) -> Any:  # Any: JSON
    found: dict[str, dict[str, Any]] = {}
    for entry in _entries(value):
        name = snake(str(entry.get("metric")))
        found.setdefault(str(_FAMILIES.from_arm(entry.get("dataType"))), {})[name.lower()] = _value_of(entry)
    return found


def _performance_to_arm(value: Any) -> Any:  # Any: JSON
    return [
        {"modelType": task, **_metric(_LONG.get(name, _pascal(name)), threshold)}
        for task, metrics in _map(value).items()
        if isinstance(metrics, dict)
        for name, threshold in metrics.items()
    ]


def _performance_from_arm(entries: Any) -> Any:  # Any: JSON
    short = {normal_form(wire): name for name, wire in _LONG.items()}
    found: dict[str, dict[str, Any]] = {}
    for entry in _entries(entries):
        task = str(TASKS.from_arm(entry.get("modelType")))
        name = snake(str(entry.get("metric")))
        found.setdefault(task, {})[short.get(normal_form(name), name.lower())] = _value_of(entry)
    return found


def _judged_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    return [_metric(_pascal(name), score) for metrics in value.values() for name, score in _map(metrics).items()]


def _judged_from_arm(value: Any) -> Any:  # Any: JSON
    found: dict[str, dict[str, Any]] = {}
    for entry in _entries(value):
        name = snake(str(entry.get("metric"))).lower()
        judged = next((each for each in JUDGED if each in name), name)
        found.setdefault(judged, {})[name] = _value_of(entry)
    return found


def _tokens_to_arm(value: Any) -> Any:  # Any: JSON
    counts = value.get("totaltoken") if isinstance(value, dict) else None
    return [_metric(_pascal(name), count) for name, count in _map(counts).items()]


def _tokens_from_arm(value: Any) -> Any:  # Any: JSON
    found = {snake(str(each.get("metric"))).lower(): _value_of(each) for each in _entries(value)}
    return {"totaltoken": found} if found else {}


def _gain_to_arm(value: Any) -> Any:  # Any: JSON
    name = "normalized_discounted_cumulative_gain"
    return _metric(camel(name), value[name]) if isinstance(value, dict) and name in value else {"metric": camel(name)}


def _gain_from_arm(value: Any) -> Any:  # Any: JSON
    gain = _value_of(value)
    return {} if gain is None else {"normalized_discounted_cumulative_gain": gain}


def _own_to_arm(value: Any) -> Any:  # Any: JSON
    return [
        _metric(each.get("metric_name"), each["threshold"]) if "threshold" in each
        else {"metric": each.get("metric_name")}
        for each in _entries(value)
    ]  # fmt: skip


def _own_from_arm(value: Any) -> Any:  # Any: JSON
    return [
        {"metric_name": each.get("metric")} | ({} if _value_of(each) is None else {"threshold": _value_of(each)})
        for each in _entries(value)
    ]


FAMILIES = Both(_families_to_arm, _families_from_arm)
"""Of drift and quality: by the type of the feature."""

PERFORMANCE = Both(_performance_to_arm, _performance_from_arm)
"""Of models: by their task."""

PASSING = Both(_judged_to_arm, _judged_from_arm)
"""Of judged answers."""

TOKENS = Both(_tokens_to_arm, _tokens_from_arm)
"""Of token counts."""

GAIN = Both(_gain_to_arm, _gain_from_arm)
"""Of the likeness of two orders: one metric, no list."""

OWN = Both(_own_to_arm, _own_from_arm)
"""Of a component of one's own."""
