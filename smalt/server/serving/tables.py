"""Rows of online endpoints, their deployments, and the instances of those."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from smalt.server.database import Document, Moment, metadata

online_endpoints = Table(
    "online_endpoints",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("key", String(255), nullable=False, comment="the name in lower case"),
    Column("document", Document, nullable=False, comment="the entity as it was sent, without its traffic"),
    Column("traffic", Document, nullable=False),
    Column("mirror_traffic", Document, nullable=False),
    Column("traffic_before", Document, comment="what a rollback goes back to"),
    Column("traffic_at", Moment, nullable=False, comment="when the traffic was changed last"),
    Column("watched", Boolean, nullable=False, comment="whether bounds are checked since that change"),
    Column("sealed", Text, nullable=False, comment="the keys of callers"),
    Column("key_hashes", Document, nullable=False),
    Column("deleting", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("created_by_type", String(32), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("workspace_id", "key"),
)

online_deployments = Table(
    "online_deployments",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("endpoint_id", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("key", String(255), nullable=False, comment="the name in lower case"),
    Column("document", Document, nullable=False, comment="the entity as it was sent"),
    Column("pinned", Document, nullable=False, comment="what its references came to"),
    Column("generation", Integer, nullable=False, comment="which content its instances are to have"),
    Column("live", Document, comment="document, pinned and generation of what has come up last"),
    Column("wanted", Integer, nullable=False, comment="how many instances there are to be"),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("operation", String(64), comment="what a client waits for"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("created_by_type", String(32), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("modified_by", String(255), nullable=False),
    Column("revision", Integer, nullable=False),
    # What the loop keeps.
    Column("environment_key", String(64)),
    Column("worker", String(255), comment="the server whose machine has its instances"),
    Column("failures", Integer, nullable=False, comment="instances that died in a row"),
    Column("due_at", Moment),
    Column("lease", String(64)),
    Column("lease_until", Moment),
    UniqueConstraint("endpoint_id", "key"),
    Index("ix_online_deployments_due", "due_at"),
)

online_instances = Table(
    "online_instances",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("deployment_id", String(32), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("workload", String(255), nullable=False, unique=True, comment="its name on the executor"),
    Column("state", String(16), nullable=False),
    Column("workers", Document, nullable=False, comment="addresses that take requests"),
    Column("started_at", Moment, nullable=False),
    Column("ready_at", Moment),
    Index("ix_online_instances_of", "deployment_id"),
)

serving_operations = Table(
    "serving_operations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("error", Text),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
)
