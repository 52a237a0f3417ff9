"""`@group`: several inputs of a pipeline declared as one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform, get_type_hints

from smalt.sdk.pipelines.ports import Group

JsonObject = dict[str, Any]  # Any: JSON
T = TypeVar("T")
_MARK = "__smalt_group__"


@dataclass_transform(kw_only_default=True)
def group(cls: type[T]) -> type[T]:
    """Make a group of inputs of a class: its annotated fields are the inputs, its values their defaults."""
    made = dataclass(cls, kw_only=True)
    setattr(made, _MARK, True)
    found: type[T] = made
    return found


def is_group(cls: object) -> bool:
    """Whether a class was made by `group`."""
    return isinstance(cls, type) and getattr(cls, _MARK, False) is True


def group_inputs(cls: type, port: Callable[[Any, Any, Any], JsonObject]) -> dict[str, JsonObject]:
    # Any: annotation, default and value
    """The declared inputs of a group."""
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError):
        hints = {each.name: each.type for each in fields(cls)}
    found = {}
    for each in fields(cls):
        default = None if each.default is MISSING else each.default
        found[each.name] = port(hints.get(each.name, each.type), default, None)
    return found


def values_of(value: Any) -> Mapping[str, Any]:  # Any: an instance of a group, a mapping, or nothing
    """The values of a group by name."""
    if value is None:
        return {}
    if isinstance(value, Group):
        return dict(value._items)
    if isinstance(value, Mapping):
        return value
    return dict(vars(value))
