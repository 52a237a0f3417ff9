"""The rows of identity: actors, what they prove themselves with, roles and who holds them, tokens of running jobs."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from smalt.server.database import Document, Moment, metadata

actors = Table(
    "actors",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(256), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(256), nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("actor_id", String(64), ForeignKey("actors.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(256), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
)

role_definitions = Table(
    "role_definitions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("name_key", String(128), nullable=False, unique=True),
    Column("description", String(2048), nullable=False),
    Column("actions", Document, nullable=False),
    Column("not_actions", Document, nullable=False),
    Column("assignable_scopes", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(256), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(256), nullable=False),
)

role_assignments = Table(
    "role_assignments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("actor_id", String(64), ForeignKey("actors.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(64), nullable=False),
    Column("scope", String(1024), nullable=False),
    Column("scope_key", String(1024), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(256), nullable=False),
    UniqueConstraint("actor_id", "role", "scope_key"),
)

job_tokens = Table(
    "job_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("job", String(256), nullable=False),
    Column("grant", Document, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

Index("ix_job_tokens_workspace_id_job", job_tokens.c.workspace_id, job_tokens.c.job)
