"""Values from a search space: for coordinates between 0 and 1, or for the number of a combination. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from smalt.entities.job.search_space import SearchRange, inner_ranges
from smalt.entities.text import literal_text

Values = dict[str, Any]
"""What one trial is run with, by parameter. Any: what a choice offers; a choice of a mapping is a mapping."""

Path = tuple[str | int, ...]
Space = Mapping[str, SearchRange]

# Coordinates 0 and 1 would be infinitely far out on a bell.
_EDGE = 2.0**-53


def paths(space: Space, root: Path = ()) -> Iterator[Path]:
    """The place of every range, those inside choices too, always in the same order."""
    for name, given in space.items():
        yield (*root, name)
        for index, choice in enumerate(given.values or ()):
            yield from paths(inner_ranges(choice), (*root, name, index))


def at_coordinates(space: Space, coordinates: Mapping[Path, float], *, base: float, root: Path = ()) -> Values:
    """The values at a point of the unit cube, which has one coordinate for each of `paths`."""
    found: Values = {}
    for name, given in space.items():
        place = (*root, name)
        coordinate = coordinates[place]
        if given.kind != "choice":
            found[name] = number_at(given, coordinate, base=base)
            continue
        assert given.values is not None
        index = min(int(coordinate * len(given.values)), len(given.values) - 1)
        inner = at_coordinates(inner_ranges(given.values[index]), coordinates, base=base, root=(*place, index))
        found[name] = filled(given.values[index], inner)
    return found


def filled(choice: Any, inner: Values) -> Any:  # Any: see `Values`
    """A choice with the values of the ranges inside it."""
    return {**choice, **inner} if isinstance(choice, dict) else choice


def number_at(given: SearchRange, coordinate: float, *, base: float = math.e) -> int | float:
    """The number of a range at a coordinate: the inverse of its distribution function."""
    kind = given.kind
    if kind == "randint":
        assert given.upper is not None
        return min(int(coordinate * given.upper), given.upper - 1)
    if kind.endswith("normal"):
        assert given.mu is not None
        assert given.sigma is not None
        value = NormalDist(given.mu, given.sigma).inv_cdf(min(max(coordinate, _EDGE), 1 - _EDGE))
    else:
        assert given.min_value is not None
        assert given.max_value is not None
        value = given.min_value + coordinate * (given.max_value - given.min_value)
    if "log" in kind:
        value = base**value
    return stepped(value, given.q) if kind.startswith("q") and given.q is not None else float(value)


def stepped(value: float, step: int | float) -> int | float:
    """The multiple of a step next to a value; a whole one is an integer, so that a program can read it as one."""
    multiple = round(value / step)
    if float(step).is_integer():
        return multiple * int(step)
    # Through text, so that three steps of 0.1 are 0.3 and not 0.30000000000000004.
    return float(f"{multiple * step:.12g}")


def combinations(space: Space) -> int:
    """How many combinations a space of choices has."""
    return math.prod(
        sum(combinations(inner_ranges(choice)) for choice in given.values or ()) for given in space.values()
    )


def combination(space: Space, number: int) -> Values:
    """One combination of a space of choices; the last parameter changes fastest."""
    found: Values = {}
    for name, given in reversed(list(space.items())):
        sizes = [combinations(inner_ranges(choice)) for choice in given.values or ()]
        number, rest = divmod(number, sum(sizes))
        index = 0
        while rest >= sizes[index]:
            rest -= sizes[index]
            index += 1
        assert given.values is not None
        choice = given.values[index]
        found[name] = filled(choice, combination(inner_ranges(choice), rest))
    return dict(reversed(list(found.items())))


def texts(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:  # Any: see `Values`
    """Values as text by dotted name: a mapping as JSON, and each of its parts as well."""
    found: dict[str, str] = {}
    for name, value in values.items():
        found[f"{prefix}{name}"] = literal_text(value)
        if isinstance(value, dict):
            found |= texts(value, f"{prefix}{name}.")
    return found
