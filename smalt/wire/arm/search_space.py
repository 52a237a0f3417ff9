"""The ARM spelling of search spaces: `["uniform", [0, 1]]` for `{type: uniform, min_value: 0, max_value: 1}`."""

from __future__ import annotations

from typing import Any

from smalt.entities.text import normal_form
from smalt.wire.arm.shape import Both

_BOUNDS = ("min_value", "max_value")
_BELL = ("mu", "sigma")
_ARGUMENTS = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": _BOUNDS,
    "loguniform": _BOUNDS,
    "quniform": (*_BOUNDS, "q"),
    "qloguniform": (*_BOUNDS, "q"),
    "normal": _BELL,
    "lognormal": _BELL,
    "qnormal": (*_BELL, "q"),
    "qlognormal": (*_BELL, "q"),
}


def _to_arm(value: Any) -> Any:  # Any: JSON
    kind = normal_form(str(value.get("type", ""))) if isinstance(value, dict) else ""
    names = _ARGUMENTS.get(kind)
    if names is None or value.keys() - {"type", *names}:
        return value
    return [kind, [value.get(name) for name in names]]


def _from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], list):
        return value
    names = _ARGUMENTS.get(normal_form(str(value[0])))
    return value if names is None else {"type": normal_form(str(value[0])), **dict(zip(names, value[1], strict=False))}


SEARCH_SPACE = Both(_to_arm, _from_arm)
