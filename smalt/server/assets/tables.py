"""The rows of versioned assets (codes, data, environments, models, components) and of datastores."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Table

from smalt.server.database import Document, Moment, Ordered, metadata
from smalt.server.records import record_table

containers = Table(
    "asset_containers",
    metadata,
    Column("owner", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("document", Document, nullable=False),
    Column("labels", Document, nullable=False),
    Column("next_number", Integer, nullable=False),
    Column("is_archived", Boolean, nullable=False),
    Column("is_anonymous", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    PrimaryKeyConstraint("owner", "kind", "name"),
)

versions = Table(
    "asset_versions",
    metadata,
    Column("owner", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("document", Ordered, nullable=False),
    Column("code_hash", String(80)),
    Column("job_name", String(255)),
    Column("is_archived", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    PrimaryKeyConstraint("owner", "kind", "name", "version"),
)
Index("ix_asset_versions_created", versions.c.owner, versions.c.kind, versions.c.name, versions.c.created_at)
Index("ix_asset_versions_hash", versions.c.owner, versions.c.kind, versions.c.code_hash)
Index("ix_asset_versions_job", versions.c.owner, versions.c.job_name)

datastores = record_table("datastores")
