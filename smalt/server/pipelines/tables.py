"""Rows of pipelines: which child a step was given, and which finished steps may be reused."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from smalt.server.database import Document, Moment, metadata

pipeline_steps = Table(
    "pipeline_steps",
    metadata,
    Column("pipeline", String(32), primary_key=True, comment="id of the pipeline job"),
    Column("step", String(255), primary_key=True),
    Column("iteration", Integer, primary_key=True, comment="of a loop; 0 for every other step"),
    Column("attempt", Integer, primary_key=True, comment="1, and one more after each failure that is tried again"),
    Column("status", String(16), nullable=False),
    Column("child", String(255), comment="the job; none for a decision"),
    Column("reason", Text, comment="why it was reused, or why not"),
    Column("reused_from", String(255)),
    Column("fingerprint", String(64)),
    Column("parts", Document, comment="what the fingerprint was made of"),
    Column("value", Document, comment="what a decision came to, or the plain values a step has written"),
    Column("error", Text),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

step_results = Table(
    "step_results",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("job", String(255), primary_key=True, comment="the finished job of a step"),
    Column("fingerprint", String(64), nullable=False),
    Column("family", String(512), nullable=False, comment="the step and its component, without their versions"),
    Column("component", String(255), comment="name of the component, unless it is anonymous"),
    Column("parts", Document, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("invalidated_at", Moment),
    Index("ix_step_results_fingerprint", "workspace_id", "fingerprint"),
    Index("ix_step_results_family", "workspace_id", "family"),
    Index("ix_step_results_component", "workspace_id", "component"),
)
