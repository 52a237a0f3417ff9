"""Rows of what monitors have found, and of whom that is told to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from smalt.server.database import Document, Moment, metadata

runs = Table(
    "monitor_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace_id", String(64), nullable=False),
    Column("monitor", String(255), nullable=False),
    Column("key", String(255), nullable=False, comment="the monitor's name in lower case"),
    Column("job", String(255), nullable=False),
    Column("fire_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("read_at", Moment, comment="when its results were read"),
    Column("planned", Document, nullable=False, comment="its signals, and whom it notifies"),
    Column("found", Document, nullable=False, comment="what each signal has come to"),
    Index("ix_monitor_runs_listing", "workspace_id", "key", "fire_at"),
    Index("ix_monitor_runs_state", "state"),
)

values = Table(
    "monitor_values",
    metadata,
    Column("run_id", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("signal", String(255), nullable=False),
    Column("feature", String(255), nullable=False, comment="empty when it is of the whole signal"),
    Column("metric", String(128), nullable=False),
    Column("value", Float),
    Column("threshold", Float),
    Column("breached", Boolean, nullable=False),
    PrimaryKeyConstraint("run_id", "number"),
    Index("ix_monitor_values_signal", "run_id", "signal"),
)

alerts = Table(
    "monitor_alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False),
    Column("workspace_id", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("target", String(1024), nullable=False, comment="an address, or the name of a connection"),
    Column("message", Document, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, comment="when it is tried next"),
    Column("lease_until", Moment),
    Column("error", Text),
    Index("ix_monitor_alerts_run", "run_id"),
    Index("ix_monitor_alerts_due", "due_at"),
)
