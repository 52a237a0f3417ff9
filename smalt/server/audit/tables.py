"""The rows of the audit trail."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from smalt.server.database import Document, Moment, metadata

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("actor_name", String(256), nullable=False),
    Column("actor_kind", String(32), nullable=False),
    Column("action", String(256), nullable=False),
    Column("scope", String(2048), nullable=False),
    Column("workspace_scope", String(512), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("method", String(16), nullable=False),
    Column("status", Integer, nullable=False),
    Column("correlation", String(64), nullable=False),
    Column("client_address", String(64), nullable=False),
    Column("details", Document, nullable=False),
)

Index("ix_audit_events_workspace_scope_id", audit_events.c.workspace_scope, audit_events.c.id)
