"""Search spaces: the values each parameter of a sweep may take, and what can be wrong with them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from smalt.entities.base import Entity
from smalt.entities.text import Text, normal_form
from smalt.errors import InvalidRequest

_BOUNDS = ("min_value", "max_value")
_BELL = ("mu", "sigma")
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
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
"""Expressions, and what each is written with, in the order of the wire."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class SearchRange(Entity):
    """The values one parameter may take."""

    type: Text
    values: list[Any] | None = None  # Any: choices of any kind
    upper: int | None = None
    min_value: int | float | None = None
    max_value: int | float | None = None
    mu: int | float | None = None
    sigma: int | float | None = None
    q: int | float | None = None

    @property
    def kind(self) -> str:
        """The expression in its plain spelling, e.g. `qloguniform`."""
        return normal_form(self.type)


def inner_ranges(choice: object) -> dict[str, SearchRange]:
    """The ranges inside one value of a choice, when it is a mapping with parameters of its own."""
    if not isinstance(choice, dict):
        return {}
    return {str(name): SearchRange.parse(item) for name, item in choice.items() if is_range(item)}


def is_range(value: object) -> bool:
    """Whether a value inside a choice is a range of its own rather than a constant."""
    return isinstance(value, dict) and normal_form(str(value.get("type", ""))) in ARGUMENTS


def dotted_names(space: Mapping[str, SearchRange], prefix: str = "") -> dict[str, bool]:
    """All names by which a command can use values of a space, and whether every trial has them."""
    found: dict[str, bool] = {}
    for name, given in space.items():
        place = f"{prefix}{name}"
        parts = [_names_inside(choice, f"{place}.") for choice in given.values or ()]
        found[place] = True
        found |= {key: all(other.get(key, False) for other in parts) for inner in parts for key in inner}
    return found


def _names_inside(choice: object, prefix: str) -> dict[str, bool]:
    if not isinstance(choice, dict):
        return {}
    ranges = inner_ranges(choice)
    return {f"{prefix}{name}": True for name in choice if name not in ranges} | dotted_names(ranges, prefix)


def space_mistakes(space: Mapping[str, SearchRange], place: str = "search_space") -> Iterator[InvalidRequest]:
    """Everything that is wrong with a space, each at its place."""
    for name, given in space.items():
        target = f"{place}.{name}"
        if not _NAME.fullmatch(name):
            yield InvalidRequest(f"The name {name!r} may have letters, digits and '_' only.", target=target)
        arguments = ARGUMENTS.get(given.kind)
        if arguments is None:
            known = ", ".join(ARGUMENTS)
            yield InvalidRequest(f"The expression {given.type!r} is unknown. Write one of: {known}.", target=target)
            continue
        missing = [argument for argument in arguments if getattr(given, argument) is None]
        if missing:
            yield InvalidRequest(f"A {given.kind} needs {' and '.join(missing)}. Add it.", target=target)
            continue
        found = _choice_mistakes(given, target) if given.kind == "choice" else _number_mistakes(given)
        for mistake in found:
            yield mistake if isinstance(mistake, InvalidRequest) else InvalidRequest(mistake, target=target)


def _number_mistakes(given: SearchRange) -> Iterator[str]:
    if given.upper is not None and given.kind == "randint" and given.upper < 1:
        yield f"upper is {given.upper}; values go from 0 to upper - 1. Write 1 or more."
    for argument in ARGUMENTS[given.kind]:
        if not math.isfinite(getattr(given, argument)):
            yield f"{argument} is not finite. Write a number."
            return
    if given.min_value is not None and given.max_value is not None and given.min_value >= given.max_value:
        yield f"min_value {given.min_value} is not below max_value {given.max_value}. Swap or widen them."
    if given.sigma is not None and given.sigma <= 0:
        yield f"sigma is {given.sigma}. Write a number above 0."
    if given.kind.startswith("q") and given.q is not None and given.q <= 0:
        yield f"q is {given.q}. Write a number above 0."


def _choice_mistakes(given: SearchRange, target: str) -> Iterator[InvalidRequest | str]:
    if not given.values:
        yield "values is empty. Name at least one."
    for index, value in enumerate(given.values or ()):
        if value is None or value == {}:
            yield InvalidRequest("A choice cannot be empty. Write a value.", target=f"{target}.values.{index}")
        if not isinstance(value, dict):
            continue
        ranges: dict[str, SearchRange] = {}
        for name, item in value.items():
            try:
                ranges |= inner_ranges({name: item})
            except InvalidRequest as error:
                yield InvalidRequest(error.message, target=f"{target}.values.{index}.{name}")
        yield from space_mistakes(ranges, f"{target}.values.{index}")
