"""Rows of notebook sessions. Whether one still runs is told by its job."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Table, Text

from smalt.server.database import Moment, metadata

notebook_sessions = Table(
    "notebook_sessions",
    metadata,
    Column("workspace_id", String(64), nullable=False),
    Column("job", String(255), nullable=False),
    Column("path", Text, nullable=False, comment="of the notebook, among the files of the workspace"),
    Column("owner_id", String(64), nullable=False, comment="whose rights its code has"),
    Column("owner", String(255), nullable=False),
    Column("environment", Text, nullable=False),
    Column("compute", String(255), comment="a compute instance, or none"),
    Column("started_at", Moment, nullable=False),
    PrimaryKeyConstraint("workspace_id", "job"),
    Index("ix_notebook_sessions_newest", "workspace_id", "started_at"),
)
