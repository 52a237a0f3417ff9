"""documents in their order."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ORDERED = {
    "jobs": ("document", "pinned"),
    "asset_versions": ("document",),
    "schedules": ("document", "definition"),
}


def upgrade() -> None:
    """Forward."""
    _retype("json")


def downgrade() -> None:
    """Back."""
    _retype("jsonb")


def _retype(kind: str) -> None:
    # SQLite keeps either as the text that it was given.
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in _ORDERED.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {kind} USING {column}::{kind}" for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
