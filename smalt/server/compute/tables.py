"""Rows of computes."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from smalt.server.database import Document, Moment, metadata

computes = Table(
    "computes",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("key", String(64), primary_key=True, comment="the name in lower case"),
    Column("name", String(64), nullable=False),
    Column("document", Document, nullable=False),
    Column("sealed", Text, comment="the whole document, where it holds secrets"),
    Column("state", String(32), nullable=False),
    Column("last_operation", String(32), nullable=False),
    Column("last_trigger", String(32), nullable=False, server_default="User", comment="who had that done"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
)
