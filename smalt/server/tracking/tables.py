"""The rows of tracking.

Rows that are written thousands of times a second refer to runs and metric names by number, carry no foreign keys, and
are clustered by their key, so that a point costs one insertion into one tree.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, SmallInteger, Table, Text, UniqueConstraint

from smalt.server.database import Document, metadata

_Key = BigInteger().with_variant(Integer, "sqlite")

experiments = Table(
    "experiments",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("workspace_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    # The experiment that MLflow clients call "0".
    Column("is_default", Boolean, nullable=False),
    Column("artifact_location", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("workspace_id", "name"),
)

experiment_tags = Table(
    "experiment_tags",
    metadata,
    Column("experiment", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("workspace_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("experiment", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    # An archived job's run: not deleted, but left out of searches for active runs.
    Column("hidden", Boolean, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("artifact_uri", Text, nullable=False),
    # The running job that made this run, or is it.
    Column("owner_job", Text),
    UniqueConstraint("workspace_id", "run_id"),
    Index("ix_runs_experiment_started_at", "experiment", "started_at"),
    Index("ix_runs_workspace_id_owner_job", "workspace_id", "owner_job"),
)

run_params = Table(
    "run_params",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

run_tags = Table(
    "run_tags",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

metric_keys = Table(
    "metric_keys",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
)

metric_points = Table(
    "metric_points",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("key", BigInteger, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("value", Double, primary_key=True),
    Column("is_nan", SmallInteger, primary_key=True),
    sqlite_with_rowid=False,
)

latest_metrics = Table(
    "latest_metrics",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("key", BigInteger, primary_key=True),
    Column("experiment", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
    Column("is_nan", SmallInteger, nullable=False),
    Index("ix_latest_metrics_experiment_key_value", "experiment", "key", "is_nan", "value"),
    sqlite_with_rowid=False,
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("experiment", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("schema", Text),
    Column("profile", Text),
    UniqueConstraint("experiment", "name", "digest"),
)

run_datasets = Table(
    "run_datasets",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("dataset", BigInteger, primary_key=True),
    Column("context", Text),
    Column("tags", Document, nullable=False),
)

run_models = Table(
    "run_models",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("model_id", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("step", BigInteger, nullable=False),
)

logged_models = Table(
    "logged_models",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("model_id", Text, nullable=False, unique=True),
    Column("workspace_id", Text, nullable=False),
    Column("experiment", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("model_type", Text),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("source_run_id", Text),
    Column("artifact_uri", Text, nullable=False),
    Column("owner_job", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_logged_models_workspace_id_experiment", "workspace_id", "experiment"),
)

logged_model_params = Table(
    "logged_model_params",
    metadata,
    Column("model", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

logged_model_tags = Table(
    "logged_model_tags",
    metadata,
    Column("model", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

logged_model_metrics = Table(
    "logged_model_metrics",
    metadata,
    Column("model", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("value", Double, nullable=False),
    Column("is_nan", SmallInteger, nullable=False),
    Column("dataset_name", Text),
    Column("dataset_digest", Text),
)
