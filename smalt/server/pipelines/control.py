"""Steps that decide what other steps do: branches and loops. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.text import coerce_literal
from smalt.errors import InvalidRequest
from smalt.server.jobs import Problems
from smalt.server.pipelines import bindings
from smalt.server.pipelines.bindings import ParentInput, StepOutputOf
from smalt.server.pipelines.graph import Node

MOST_ITERATIONS = 1000


@dataclass(frozen=True, slots=True)
class DoWhile:
    """A loop that goes on while its body says so.

    Args:
        condition: The output of the body that is read after each iteration.
        mapping: Inputs of the next iteration by the output of the last that gives them.
        most: How many iterations there may be.
    """

    condition: str
    mapping: Mapping[str, tuple[str, ...]]
    most: int


def do_while(node: Node) -> DoWhile:
    """Read a `do_while` step.

    Raises:
        InvalidRequest: A field is missing or wrong.
    """
    fields = node.step.model_extra or {}
    limit = (fields.get("limits") or {}).get("max_iteration_count") if isinstance(fields.get("limits"), dict) else None
    if not isinstance(limit, int) or not 1 <= limit <= MOST_ITERATIONS:
        raise InvalidRequest(f"limits.max_iteration_count is {limit!r}. Write a number from 1 to {MOST_ITERATIONS}.")
    condition = fields.get("condition")
    if not isinstance(condition, str):
        raise InvalidRequest("condition is missing. Name the output of the body that tells whether to go on.")
    mapping = fields.get("mapping") or {}
    if not isinstance(mapping, dict):
        raise InvalidRequest("mapping must be a mapping of outputs of the body to its inputs.")
    read = {_output_name(key): tuple(_names(value)) for key, value in mapping.items()}
    return DoWhile(_output_name(condition), read, limit)


def condition_of(node: Node) -> Any:  # Any: a truth value or a binding
    """What an `if_else` step decides by."""
    return (node.step.model_extra or {}).get("condition")


def max_concurrency(node: Node) -> int | None:
    """How many iterations of a `parallel_for` may run at once."""
    found = (node.step.model_extra or {}).get("max_concurrency")
    return found if isinstance(found, int) and found > 0 else None


def raw_items(node: Node) -> Any:  # Any: a list, a mapping, JSON text or a binding
    """The items of a `parallel_for` step as they were written."""
    return (node.step.model_extra or {}).get("items")


def items(value: Any) -> list[dict[str, Any]]:  # Any: see raw_items
    """One mapping of inputs for each iteration.

    Raises:
        InvalidRequest: It is nothing of the kind.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise InvalidRequest(f"items is {value[:80]!r}, which is no JSON list of mappings.") from None
    found = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InvalidRequest("items must be a list of mappings of input names to values.")
    return found


def truth(value: object) -> bool:
    """A truth value however it was written.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        return bool(coerce_literal(value, "boolean"))
    except ValueError as error:
        raise InvalidRequest(f"The condition is {error}") from None


def check(node: Node, inputs: Collection[str], problems: Problems) -> None:
    """Look at one of these steps; mistakes go to `problems`."""
    place = f"jobs.{node.name}"
    if node.kind == "do_while":
        with problems.at(place):
            do_while(node)
    if node.kind == "parallel_for":
        with problems.at(f"{place}.items"):
            given = raw_items(node)
            if bindings.whole(given) is None:
                items(given)
            else:
                _check_source(given, inputs)
    if node.kind == "if_else":
        with problems.at(f"{place}.condition"):
            given = condition_of(node)
            if bindings.whole(given) is None:
                truth(given)
            else:
                _check_source(given, inputs)


def _check_source(text: str, inputs: Collection[str]) -> None:
    binding = bindings.whole(text)
    if isinstance(binding, ParentInput) and binding.name not in inputs:
        raise InvalidRequest(f"The pipeline has no input {binding.name!r}. Its inputs: {', '.join(inputs) or 'none'}.")
    if not isinstance(binding, ParentInput | StepOutputOf):
        raise InvalidRequest(f"{text!r} gives no value. Name an input of the pipeline or an output of a step.")


def _output_name(text: str) -> str:
    binding = bindings.whole(text)
    return binding.name if isinstance(binding, StepOutputOf) else str(text).rpartition(".")[2]


def _names(value: Any) -> list[str]:  # Any: one name or several
    given = value if isinstance(value, list) else [value]
    return [str(name).strip("${} ").rpartition(".")[2] for name in given]
