"""Bindings between steps: `${{parent.inputs.x}}`, `${{parent.jobs.a.outputs.y}}`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from smalt.wire import expressions


@dataclass(frozen=True, slots=True)
class ParentInput:
    """An input of the pipeline."""

    name: str


@dataclass(frozen=True, slots=True)
class ParentOutput:
    """An output of the pipeline."""

    name: str


@dataclass(frozen=True, slots=True)
class StepOutputOf:
    """An output of another step."""

    step: str
    name: str


@dataclass(frozen=True, slots=True)
class StepInputOf:
    """The same value as an input of another step."""

    step: str
    name: str


@dataclass(frozen=True, slots=True)
class WholeStep:
    """Another step itself, as loops and branches name it."""

    step: str


_MOST_REMEMBERED = 1 << 14  # A large pipeline asks the same of each text several times.

Binding = ParentInput | ParentOutput | StepOutputOf | StepInputOf | WholeStep


def of_name(name: str) -> Binding | None:
    """The binding that an expression's dotted name means; None for one of another place, such as `inputs.x`."""
    match name.split("."):
        case ["parent", "inputs", *rest] if rest:
            return ParentInput(".".join(rest))
        case ["parent", "outputs", *rest] if rest:
            return ParentOutput(".".join(rest))
        case ["parent", "jobs", step]:
            return WholeStep(step)
        case ["parent", "jobs", step, "outputs", *rest] if rest:
            return StepOutputOf(step, ".".join(rest))
        case ["parent", "jobs", step, "inputs", *rest] if rest:
            return StepInputOf(step, ".".join(rest))
    return None


def whole(text: object) -> Binding | None:
    """The binding that a text is and nothing else, or None."""
    return _whole(text.strip()) if isinstance(text, str) and "${{" in text else None


@lru_cache(_MOST_REMEMBERED)
def _whole(text: str) -> Binding | None:
    if not text.startswith("${{"):
        return None
    found = expressions.find(text)
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(text)):
        return None
    return of_name(found[0].name)


def within(value: Any) -> Iterator[Binding]:  # Any: JSON
    """Every binding anywhere in a document."""
    if isinstance(value, str):
        if "${{" in value:
            yield from _in_text(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from within(item)
    elif isinstance(value, list):
        for item in value:
            yield from within(item)


@lru_cache(_MOST_REMEMBERED)
def _in_text(text: str) -> tuple[Binding, ...]:
    found = (of_name(expression.name) for expression in expressions.find(text))
    return tuple(binding for binding in found if binding is not None)


def fill(value: Any, resolve: Callable[[Binding], Any]) -> Any:  # Any: JSON
    """A document with every binding replaced by its value.

    A text that is one binding becomes the value whatever its type; a binding among other text becomes its text.
    Expressions of other places, such as `${{inputs.x}}`, stay.
    """
    if isinstance(value, dict):
        return {key: fill(item, resolve) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, resolve) for item in value]
    if not isinstance(value, str) or "${{" not in value:
        return value
    binding = whole(value)
    if binding is not None:
        return resolve(binding)
    pieces, last = [], 0
    for expression in expressions.find(value):
        found = of_name(expression.name)
        if found is not None:
            pieces += [value[last : expression.start], str(resolve(found))]
            last = expression.end
    return "".join([*pieces, value[last:]])
