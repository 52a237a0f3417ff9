"""Rows of schedules, and of the times they fired."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint

from smalt.server.database import Moment, Ordered, metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("key", String(255), nullable=False, comment="the name in lower case"),
    Column("action", String(32), nullable=False),
    Column("document", Ordered, nullable=False, comment="the entity as it was sent"),
    Column("definition", Ordered, nullable=False, comment="what is done, as it was when that was written"),
    Column("enabled", Boolean, nullable=False),
    Column("owner_id", String(64), nullable=False, comment="in whose name it fires"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("created_by_type", String(32), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    Column("revision", Integer, nullable=False),
    # What the loop keeps.
    Column("next_at", Moment, comment="the next time it fires"),
    Column("watch_from", Moment, comment="what happened since then may not have been answered yet"),
    Column("due_at", Moment, comment="when the loop looks at it next"),
    Column("attempts", Integer, nullable=False),
    Column("lease", String(64)),
    Column("lease_until", Moment),
    UniqueConstraint("workspace_id", "key"),
    Index("ix_schedules_due", "due_at"),
)

fires = Table(
    "schedule_fires",
    metadata,
    Column("schedule_id", String(32), nullable=False),
    Column("cause", String(600), nullable=False, comment="what it fired for; it fires once for each"),
    Column("fire_at", Moment, nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("job", String(255)),
    Column("reason", Text),
    PrimaryKeyConstraint("schedule_id", "cause"),
    Index("ix_schedule_fires_listing", "schedule_id", "happened_at"),
)
