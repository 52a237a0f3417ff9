"""Comparisons as SQL conditions that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func

from smalt.server.tracking.search.grammar import Comparison

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(connection: Connection, column: Any, clause: Comparison) -> ColumnElement[bool]:
    """`column <operator> value`. Typed as Any because columns of all value types come here."""
    if clause.operator in _COMPARE:
        found: ColumnElement[bool] = _COMPARE[clause.operator](column, clause.value)
        return found
    if clause.operator == "IN":
        return column.in_(clause.value)  # type: ignore[no-any-return]  # a method of an Any
    if clause.operator == "NOT IN":
        return column.not_in(clause.value)  # type: ignore[no-any-return]  # a method of an Any
    return _like(connection, column, clause)


def _like(connection: Connection, column: Any, clause: Comparison) -> ColumnElement[bool]:
    pattern = str(clause.value)
    if connection.dialect.name == "postgresql":
        name = "LIKE" if clause.operator == "LIKE" else "ILIKE"
        # A backslash is an ordinary character in MLflow's patterns.
        return column.op(name)(pattern.replace("\\", "\\\\"))  # type: ignore[no-any-return]  # a method of an Any
    if clause.operator == "ILIKE":
        return func.lower(column).op("LIKE")(pattern.lower())
    # LIKE ignores case in SQLite; GLOB does not.
    globbed = "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(char, char) for char in pattern)
    return column.op("GLOB")(globbed)  # type: ignore[no-any-return]  # a method of an Any
