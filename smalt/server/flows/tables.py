"""Rows of flows and of their versions."""

from __future__ import annotations

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint

from smalt.server.database import Document, Moment, metadata

flows = Table(
    "flows",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("key", String(255), nullable=False, comment="the name in lower case"),
    Column("display_name", Text, nullable=False),
    Column("description", Text),
    Column("tags", Document, nullable=False),
    Column("type", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entry_file", Text, nullable=False),
    Column("latest_version", Integer, nullable=False),
    Column("cloned_from", Document, comment="workspace, flow and version"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    UniqueConstraint("workspace_id", "key"),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("flow_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("workspace_id", String(64), nullable=False),
    Column("message", Text),
    Column("changed", Document, nullable=False, comment="paths that differ from the version before"),
    Column("files", Document, nullable=False, comment="path, size and digest of each"),
    Column("uri", Text, nullable=False, comment="the folder with them"),
    Column("code_id", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    PrimaryKeyConstraint("flow_id", "version"),
)
