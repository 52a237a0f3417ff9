"""`INSERT ... ON CONFLICT` under one name for both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or(connection: Connection, table: Table) -> Any:
    """An insert that offers `on_conflict_do_nothing` and `on_conflict_do_update`.

    Typed as Any because the two dialects have no common class for it.
    """
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Any:
    """As `insert_or`, of the dialect of this name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
