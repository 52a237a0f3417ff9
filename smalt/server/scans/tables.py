"""Rows of what was found in models."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table

from smalt.server.database import Document, Moment, metadata

model_scans = Table(
    "model_scans",
    metadata,
    Column("owner", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("registered_at", Moment, nullable=False, comment="of the version; another one may get its number later"),
    Column("verdict", String(16), nullable=False),
    Column("found", Document, nullable=False, comment="what led to the verdict, in words"),
    Column("scanned_at", Moment, nullable=False),
    PrimaryKeyConstraint("owner", "name", "version"),
)
