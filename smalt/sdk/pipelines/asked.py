"""What the server says of a pipeline that still names things on this machine, beside what was found here. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from smalt.errors import InvalidRequest, SmaltError
from smalt.sdk.anchor import JsonObject
from smalt.sdk.pipelines import check

Ask = Callable[[JsonObject, str], Iterable[InvalidRequest]]
"""Gives what the server finds wrong with the document of a pipeline of a kind, `job` or `component`."""


_UNTOLD = frozenset({"compute", "environment", "inputs"})
"""Of these the file of a component with mistakes has told nothing yet."""


def not_told(
    found: Iterable[InvalidRequest], document: JsonObject, told: Collection[str], apart: Collection[str] = ()
) -> Iterator[InvalidRequest]:
    """Those that are news to somebody who is told the mistakes of the files.

    Args:
        found: What the server found.
        document: The pipeline that it was asked about. It cannot see what is on this machine, and says so in vain.
        told: Places of mistakes that were found here.
        apart: Steps whose component has mistakes of its own, told with the component's file.
    """
    places = [*told, *_here(document)]
    for each in found:
        place = each.target or ""
        if not (_is_apart(place, apart) or any(_is_one(place, other) for other in places)):
            yield each


def places_in(source: str, mistakes: Iterable[SmaltError]) -> list[str]:
    """Where in a file mistakes are that are told with its lines."""
    return [each.target for each in mistakes if each.target and each.message.startswith(f"{source}:")]


def _here(document: JsonObject, place: str = "") -> Iterator[str]:
    """Where a pipeline names something on this machine, as the server names the places."""
    yield from (where for where, text in check.local_paths(document, place) if check.is_here(text))
    for name, step in (document.get("jobs") or {}).items():
        for key in ("component", "trial"):
            if isinstance(step.get(key), dict):
                yield from _here(step[key], f"{place}jobs.{name}.")


def _is_apart(place: str, apart: Collection[str]) -> bool:
    """Whether a place is of the component of one of these steps, and of what is looked at in its file."""
    steps = (step for step in apart if place.startswith(f"{step}."))
    return any(place.removeprefix(f"{step}.").partition(".")[0] not in _UNTOLD for step in steps)


def _is_one(place: str, other: str) -> bool:
    return f"{place}.".startswith(f"{other}.") or f"{other}.".startswith(f"{place}.")
