"""The ARM spelling of search spaces: `["uniform", [0, 1]]` for `{type: uniform, min_value: 0, max_value: 1}`."""

from __future__ import annotations

from typing import Any

from smalt.entities.job.search_space import ARGUMENTS, is_range
from smalt.entities.text import normal_form
from smalt.wire.arm.shape import Both


def _to_arm(value: Any) -> Any:  # Any: JSON
    kind = normal_form(str(value.get("type", ""))) if isinstance(value, dict) else ""
    names = ARGUMENTS.get(kind)
    if names is None or value.keys() - {"type", *names}:
        return value
    return [kind, [_choices(value.get(name), _inner_to_arm) for name in names]]


def _from_arm(value: Any) -> Any:  # Any: JSON
    if not _is_pair(value):
        return value
    kind = normal_form(value[0])
    names = ARGUMENTS.get(kind)
    if names is None:
        return {"type": value[0], "values": value[1]}  # Kept, and refused by name at submit.
    return {
        "type": kind,
        **{name: _choices(item, _inner_from_arm) for name, item in zip(names, value[1], strict=False)},
    }


def _is_pair(value: Any) -> bool:  # Any: JSON
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], list)


def _choices(value: Any, inner: Any) -> Any:  # Any: JSON, and a function over it
    """A mapping among choices may hold further expressions."""
    if not isinstance(value, list):
        return value
    return [{k: inner(v) for k, v in each.items()} if isinstance(each, dict) else each for each in value]


def _inner_to_arm(value: Any) -> Any:  # Any: JSON
    return _to_arm(value) if is_range(value) else value


def _inner_from_arm(value: Any) -> Any:  # Any: JSON
    return _from_arm(value) if _is_pair(value) and normal_form(value[0]) in ARGUMENTS else value


SEARCH_SPACE = Both(_to_arm, _from_arm)
