"""Rows of sweeps: what was asked of the sampler, and what came of it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Integer, String, Table, Text

from smalt.server.database import Document, metadata

trials = Table(
    "sweep_trials",
    metadata,
    Column("sweep", String(32), primary_key=True, comment="id of the job"),
    Column("number", Integer, primary_key=True, comment="in the order of asking, from 0"),
    Column("job", String(255), nullable=False, comment="name of the child"),
    Column("parameters", Document, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("outcome", String(32), comment="the status it ended with"),
    Column("value", Double, comment="the best it reported of the primary metric"),
    Column("judged", Integer, nullable=False, comment="the last interval at which the policy looked at it"),
    Column("reason", Text, comment="why it was stopped early, or not submitted"),
    sqlite_with_rowid=False,
)
