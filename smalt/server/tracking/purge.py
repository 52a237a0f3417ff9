"""Removes all that tracking holds of a workspace, some runs at a time."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, select

from smalt.server.tracking.tables import (
    datasets,
    experiment_tags,
    experiments,
    latest_metrics,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    metric_points,
    run_datasets,
    run_models,
    run_params,
    run_tags,
    runs,
)

_AT_ONCE = 20  # a run may have a million points

_OF_RUNS = (metric_points, latest_metrics, run_params, run_tags, run_datasets, run_models)
_OF_MODELS = (logged_model_params, logged_model_tags, logged_model_metrics)
_OF_EXPERIMENTS = (experiment_tags, datasets)


def purge(connection: Connection, workspace_id: str) -> bool:
    """Remove some of it; True when nothing is left."""
    for table, parts, column in (
        (runs, _OF_RUNS, "run"),
        (logged_models, _OF_MODELS, "model"),
        (experiments, _OF_EXPERIMENTS, "experiment"),
    ):
        if _remove_some(connection, workspace_id, table, parts, column):
            return False
    return True


def _remove_some(
    connection: Connection, workspace_id: str, table: Table, parts: tuple[Table, ...], column: str
) -> bool:
    """Whether there were any."""
    query = select(table.c.id).where(table.c.workspace_id == workspace_id).limit(_AT_ONCE)
    found = connection.execute(query).scalars().all()
    for part in parts:
        connection.execute(delete(part).where(part.c[column].in_(found)))
    connection.execute(delete(table).where(table.c.id.in_(found)))
    return bool(found)
