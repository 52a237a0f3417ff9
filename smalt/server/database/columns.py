"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Document = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value: an entity in its own spelling, a map of tags. PostgreSQL sorts the keys of its mappings."""

Ordered = JSON()
"""A JSON value whose keys stay in their order: steps, inputs and outputs as they stand in somebody's file."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since the epoch so that both databases order it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To microseconds."""
        if value is None:
            return None
        return round(value.timestamp() * 1_000_000)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """From microseconds."""
        if value is None:
            return None
        return datetime.fromtimestamp(value / 1_000_000, UTC)
