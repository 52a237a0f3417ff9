"""Rows of jobs."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from smalt.server.database import Document, Moment, Ordered, metadata

# Few jobs of all that there are; a query has to say the same in the same words for an index of them to be taken.
_RUN = {
    "sqlite": text("active IS 1 AND handle IS NOT NULL"),
    "postgresql": text("active IS true AND handle IS NOT NULL"),
}
_WAIT = {
    "sqlite": text("active IS 1 AND status = 'Queued' AND handle IS NULL"),
    "postgresql": text("active IS true AND status = 'Queued' AND handle IS NULL"),
}

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("document", Ordered, nullable=False, comment="the entity with pinned references, without what may change"),
    Column("pinned", Ordered, nullable=False, comment="what every reference came to at submit"),
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
    Column("priority", Integer, nullable=False, server_default="2", comment="1 is low, 2 is usual, 3 is high"),
    Column(
        "arrival", Moment, nullable=False, server_default="0", comment="since when it counts as waiting for a place"
    ),
    UniqueConstraint("workspace_id", "name"),
    Index("ix_jobs_due", "active", "due_at"),
    Index("ix_jobs_listing", "workspace_id", "created_at", "id"),
    Index("ix_jobs_status", "workspace_id", "status", "created_at", "id"),
    Index("ix_jobs_parent", "workspace_id", "parent"),
    Index("ix_jobs_ended", "workspace_id", "ended_at"),
    Index(
        "ix_jobs_running", "active", "site", "worker", sqlite_where=_RUN["sqlite"], postgresql_where=_RUN["postgresql"]
    ),
    Index(
        "ix_jobs_in_line",
        "active",
        "site",
        "workspace_id",
        "root",
        "arrival",
        "id",
        sqlite_where=_WAIT["sqlite"],
        postgresql_where=_WAIT["postgresql"],
    ),
)

families_in_line = Table(
    "families_in_line",
    metadata,
    Column("site", String(255), nullable=False, comment="the cluster; empty for the machine of a worker"),
    Column("interactive", Boolean, nullable=False),
    Column("workspace_id", String(64), nullable=False),
    Column("root", String(255), nullable=False),
    Column("since", Moment, nullable=False, comment="when a job of it came, or was given a place, last"),
    PrimaryKeyConstraint("site", "interactive", "workspace_id", "root"),
    Index("ix_families_in_line_since", "site", "interactive", "since"),
)
"""Families that have jobs in line. One that has none any more may stand here until somebody comes to it."""
