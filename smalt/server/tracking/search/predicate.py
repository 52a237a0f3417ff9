"""Comparisons and orders applied to entities in memory: for the registry, whose rows belong to another slice."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from smalt.server.tracking.search.grammar import Comparison, Order
from smalt.server.tracking.search.nouns import Kind

_IS_PROMPT = "mlflow.prompt.is_prompt"


@lru_cache(maxsize=256)
def _pattern(text: str, *, exact_case: bool) -> re.Pattern[str]:
    parts = [".*" if char == "%" else "." if char == "_" else re.escape(char) for char in text]
    flags = re.DOTALL if exact_case else re.DOTALL | re.IGNORECASE
    return re.compile("".join(parts) + r"\Z", flags)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "LIKE": lambda text, pattern: _pattern(pattern, exact_case=True).match(text) is not None,
    "ILIKE": lambda text, pattern: _pattern(pattern, exact_case=False).match(text) is not None,
    "IN": lambda value, values: value in values,
    "NOT IN": lambda value, values: value not in values,
}


def matches(clauses: Sequence[Comparison], attributes: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Whether every clause holds."""
    return all(_holds(clause, attributes, tags) for clause in clauses)


def _holds(clause: Comparison, attributes: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    value = tags.get(clause.key) if clause.kind is Kind.TAG else attributes.get(clause.key)
    if value is None and clause.kind is Kind.TAG and clause.key == _IS_PROMPT:
        # Models carry no such tag; clients ask for "not a prompt" and mean them.
        return (clause.operator, clause.value) in {("=", "false"), ("!=", "true")}
    if clause.operator in {"IS NULL", "IS NOT NULL"}:
        return (value is None) == (clause.operator == "IS NULL")
    return value is not None and _COMPARE[clause.operator](value, clause.value)


def ordered(items: list[Any], orders: Sequence[Order], attribute: Callable[[Any, str], Any]) -> list[Any]:
    """The items in order; what lacks the attribute stands last."""
    for order in reversed(orders):
        with_value = [item for item in items if attribute(item, order.key) is not None]
        without = [item for item in items if attribute(item, order.key) is None]
        with_value.sort(key=lambda item: attribute(item, order.key), reverse=not order.ascending)
        items = with_value + without
    return items
