"""Metadata of blobs. The bytes are files; a file written by a job has no row here."""

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table

from smalt.server.database import Document, metadata

blob_metadata = Table(
    "blob_metadata",
    metadata,
    Column("workspace_id", String(64), nullable=False),
    Column("container", String(300), nullable=False),
    Column("key", String(1024), nullable=False),
    Column("document", Document, nullable=False),
    PrimaryKeyConstraint("workspace_id", "container", "key"),
)
