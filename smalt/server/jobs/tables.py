"""Rows of jobs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from smalt.server.database import Document, Moment, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("document", Document, nullable=False, comment="the entity with pinned references, without what may change"),
    Column("pinned", Document, nullable=False, comment="what every reference came to at submit"),
    Column("display_name", Text, nullable=False),
    Column("description", Text),
    Column("experiment", Text, nullable=False),
    Column("tags", Document, nullable=False),
    Column("properties", Document, nullable=False),
    Column("parent", String(255)),
    Column("root", String(255), nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False, comment="gone for everyone, but its name stays taken"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("created_by_type", String(32), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("error", Document),
    Column("registered", Document, nullable=False, comment="asset ids by the name of the output"),
    Column("written", Document, nullable=False, server_default="{}", comment="path, size and digest by output"),
    # What the loop keeps.
    Column("active", Boolean, nullable=False),
    Column("workload", String(255), nullable=False, unique=True, comment="its name on the executor"),
    Column("handle", Text),
    Column("worker", String(255), comment="where its workload was started"),
    Column("site", String(255), comment="the cluster it runs on; null is the machine of its worker"),
    Column("environment_key", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment),
    Column("lease", String(64)),
    Column("lease_until", Moment),
    UniqueConstraint("workspace_id", "name"),
    Index("ix_jobs_due", "active", "due_at"),
    Index("ix_jobs_listing", "workspace_id", "created_at", "id"),
    Index("ix_jobs_status", "workspace_id", "status", "created_at", "id"),
    Index("ix_jobs_parent", "workspace_id", "parent"),
    Index("ix_jobs_ended", "workspace_id", "ended_at"),
)
