"""What Alembic runs: the connection comes from `smalt.server.database.migrate`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

from smalt.server.database import Moment, Ordered, metadata


def _plain_types(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """A migration must mean the same for ever, so it names no class of ours."""
    if kind == "type" and isinstance(value, Moment):
        return "sa.BigInteger()"
    if kind == "type" and value is Ordered:
        return "sa.JSON()"
    if kind == "type" and isinstance(value, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    render_item=_plain_types,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
