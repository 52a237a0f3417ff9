"""The rows of traces. Spans are clustered by their trace, so that a trace is read in one place.

What lists and figures ask of a trace is kept with it, and what they ask of its calls of models is a narrow table of its
own, so that neither reads attributes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from smalt.server.database import Document, metadata

_Key = BigInteger().with_variant(Integer, "sqlite")

traces = Table(
    "traces",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("workspace_id", Text, nullable=False),
    # As MLflow calls it: `tr-` and the id in its spans.
    Column("trace_id", Text, nullable=False),
    Column("experiment", BigInteger, nullable=False),
    Column("name", Text),
    Column("state", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("duration", BigInteger),
    Column("client_request_id", Text),
    Column("request_preview", Text),
    Column("response_preview", Text),
    # The running job that made it.
    Column("owner_job", Text),
    # Whether its root span or its client has told how it ended; before that, a span with a caller elsewhere may speak.
    Column("is_told", Boolean, nullable=False, server_default=text("false")),
    Column("kind", Text),
    Column("session", Text),
    Column("flow", Text),
    Column("line", BigInteger),
    # The job that made it, or else the batch run of a flow that its spans name.
    Column("job", Text),
    Column("endpoint", Text),
    Column("deployment", Text),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    # In US dollars.
    Column("cost", Double),
    Column("span_count", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("workspace_id", "trace_id"),
    Index("ix_traces_experiment_started_at", "experiment", "started_at"),
    Index("ix_traces_workspace_id_started_at", "workspace_id", "started_at"),
    Index("ix_traces_workspace_id_session", "workspace_id", "session"),
    Index("ix_traces_workspace_id_job", "workspace_id", "job"),
)

trace_labels = Table(
    "trace_labels",
    metadata,
    Column("trace", BigInteger, primary_key=True),
    # tag: may change; metadata: stays; run: a run that the trace belongs to, by its id.
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_trace_labels_kind_key", "kind", "key"),
    sqlite_with_rowid=False,
)

spans = Table(
    "spans",
    metadata,
    Column("trace", BigInteger, primary_key=True),
    Column("span_id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("parent_id", Text),
    Column("name", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("started_at_ns", BigInteger, nullable=False),
    Column("ended_at_ns", BigInteger),
    Column("status", SmallInteger, nullable=False),
    Column("status_message", Text, nullable=False),
    Column("attributes", Document, nullable=False),
    Column("events", Document, nullable=False),
    Column("links", Document, nullable=False),
    Column("resource", Document, nullable=False),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("trace", BigInteger, primary_key=True),
    Column("span_id", Text, primary_key=True),
    Column("duration", BigInteger),
    Column("is_failed", Boolean, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("total_tokens", BigInteger, nullable=False),
    Column("cost", Double),
    sqlite_with_rowid=False,
)
