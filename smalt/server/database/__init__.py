"""Where rows are kept: SQLite for one machine, PostgreSQL for many. Slices bring their own tables and queries."""

from smalt.server.database.columns import Document, Moment, Ordered
from smalt.server.database.engine import Database, metadata
from smalt.server.database.promises import Rows, Statement
from smalt.server.database.sql import execute
from smalt.server.database.upsert import insert_of, insert_or

__all__ = [
    "Database",
    "Document",
    "Moment",
    "Ordered",
    "Rows",
    "Statement",
    "execute",
    "insert_of",
    "insert_or",
    "metadata",
]
