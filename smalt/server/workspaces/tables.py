"""The rows of resource groups, workspaces and the deployments that made them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from smalt.server.database import Document, Moment, metadata

resource_groups = Table(
    "resource_groups",
    metadata,
    Column("key", String(256), primary_key=True),
    Column("subscription", String(64), nullable=False),
    Column("name", String(96), nullable=False),
    Column("location", String(64), nullable=False),
    Column("tags", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(256), nullable=False, unique=True),
    Column("name_key", String(64), nullable=False, index=True),
    Column("subscription", String(64), nullable=False),
    Column("group_name", String(96), nullable=False),
    Column("name", String(64), nullable=False),
    Column("location", String(64), nullable=False),
    Column("document", Document, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(256), nullable=False),
    Column("created_by_type", String(32), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(256), nullable=False),
    Column("modified_by_type", String(32), nullable=False),
    Column("deleted_at", Moment),
)

deployments = Table(
    "deployments",
    metadata,
    Column("key", String(384), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("workspace_scope", String(512), nullable=False),
    Column("workspace_name", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
)
