"""Statements handed to the driver as they are, for rows by the thousand: building SQL would cost most there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

CHUNK = 5000


def execute(connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
    """Run a statement with `?` for its parameters: a tuple for one row, a list of tuples for many.

    Returns the driver's cursor, typed as Any because each driver has its own. It works in the connection's
    transaction; only the layers between are left out, which cost more than the statement.
    """
    driver: Any = connection.connection.dbapi_connection  # Any: of two drivers
    if connection.dialect.name == "sqlite":
        text = statement
        if not driver.in_transaction:
            connection.begin()
    else:
        text = _for_psycopg(statement)
        if not connection.in_transaction():
            connection.begin()
    cursor = driver.cursor()
    if isinstance(parameters, list):
        cursor.executemany(text, parameters)
    else:
        cursor.execute(text, parameters)
    return cursor


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


@lru_cache(maxsize=256)
def _for_psycopg(statement: str) -> str:
    return statement.replace("?", "%s")
