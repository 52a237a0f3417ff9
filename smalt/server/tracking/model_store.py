"""Queries of logged models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, exists, or_, select, update

from smalt.server.database import insert_or
from smalt.server.tracking.experiment_store import SHOWN_ID
from smalt.server.tracking.metric_store import show
from smalt.server.tracking.search import Comparison, Kind, Order
from smalt.server.tracking.search.conditions import condition
from smalt.server.tracking.tables import (
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)

_ATTRIBUTES: dict[str, Any] = {
    "name": logged_models.c.name,
    "model_id": logged_models.c.model_id,
    "model_type": logged_models.c.model_type,
    "status": logged_models.c.status,
    "source_run_id": logged_models.c.source_run_id,
    "experiment_id": SHOWN_ID,
    "creation_timestamp": logged_models.c.created_at,
    "last_updated_timestamp": logged_models.c.updated_at,
}


class ModelRow(NamedTuple):
    """A logged model."""

    id: int
    model_id: str
    experiment: int
    in_default: bool
    name: str
    model_type: str | None
    status: str
    stage: str
    source_run_id: str | None
    artifact_uri: str
    owner_job: str | None
    created_at: int
    updated_at: int


def find(connection: Connection, workspace_id: str, model_id: str) -> ModelRow | None:
    """The logged model of this id in a workspace, unless it is deleted."""
    statement = _select().where(logged_models.c.workspace_id == workspace_id, logged_models.c.model_id == model_id)
    row = connection.execute(statement.where(logged_models.c.stage == "active")).first()
    return None if row is None else ModelRow(*row)


def of_run(connection: Connection, workspace_id: str, run_id: str, name: str) -> ModelRow | None:
    """The newest logged model of this name that a run has made."""
    statement = _select().where(logged_models.c.workspace_id == workspace_id, logged_models.c.stage == "active")
    statement = statement.where(logged_models.c.source_run_id == run_id, logged_models.c.name == name)
    row = connection.execute(statement.order_by(logged_models.c.created_at.desc()).limit(1)).first()
    return None if row is None else ModelRow(*row)


def insert(connection: Connection, values: Mapping[str, Any]) -> int:
    """Store a logged model."""
    statement = logged_models.insert().values(**values).returning(logged_models.c.id)
    return int(connection.execute(statement).scalar_one())


def change(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of a logged model."""
    connection.execute(update(logged_models).where(logged_models.c.id == number).values(**values))


def set_tags(connection: Connection, number: int, values: Mapping[str, str]) -> None:
    """Store tags, over old ones of the same key."""
    for key, value in values.items():
        statement = insert_or(connection, logged_model_tags).values(model=number, key=key, value=value)
        connection.execute(statement.on_conflict_do_update(index_elements=["model", "key"], set_={"value": value}))


def remove_tag(connection: Connection, number: int, key: str) -> bool:
    """Take a tag away; False when it was not there."""
    table = logged_model_tags
    found = connection.execute(table.delete().where(table.c.model == number, table.c.key == key))
    return bool(found.rowcount)


def params(connection: Connection, number: int) -> dict[str, str]:
    """All params of one logged model."""
    table = logged_model_params
    return {row.key: row.value for row in connection.execute(select(table).where(table.c.model == number))}


def add_params(connection: Connection, number: int, values: Mapping[str, str]) -> None:
    """Store params that are not there yet."""
    if values:
        rows = [{"model": number, "key": key, "value": value} for key, value in values.items()]
        connection.execute(logged_model_params.insert(), rows)


def add_metrics(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store values of metrics; of two with the same time and step the later request's."""
    for row in rows:
        statement = insert_or(connection, logged_model_metrics).values(**row)
        replaced = {name: row[name] for name in ("value", "is_nan", "dataset_name", "dataset_digest")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["model", "key", "at", "step", "run_id"], set_=replaced)
        )


def search(
    connection: Connection,
    workspace_id: str,
    *,
    experiment_numbers: Sequence[int],
    clauses: Sequence[Comparison],
    datasets: Sequence[tuple[str, str]],
    orders: Sequence[tuple[Order, str, str]],
    owner_job: str | None,
    offset: int,
    limit: int,
) -> list[ModelRow]:
    """Logged models that match, newest first unless ordered otherwise."""
    statement = _select().where(
        logged_models.c.workspace_id == workspace_id,
        logged_models.c.experiment.in_(experiment_numbers),
        logged_models.c.stage == "active",
    )
    if owner_job is not None:
        statement = statement.where(logged_models.c.owner_job == owner_job)
    for clause in clauses:
        statement = statement.where(_holds(connection, clause, datasets))
    if datasets and not any(clause.kind is Kind.METRIC for clause in clauses):
        of_model = logged_model_metrics.c.model == logged_models.c.id
        statement = statement.where(exists().where(of_model, _on_dataset(datasets)))
    for order, name, digest in orders:
        value = _sort_value(order, name, digest)
        missing = case((value.is_(None), 1), else_=0)
        statement = statement.order_by(missing, value.asc() if order.ascending else value.desc())
    statement = statement.order_by(logged_models.c.created_at.desc(), logged_models.c.model_id)
    return [ModelRow(*row) for row in connection.execute(statement.limit(limit).offset(offset))]


def details(
    connection: Connection, numbers: Sequence[int]
) -> dict[int, tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]]:
    """Tags, params and metrics of some logged models, as MLflow shows them."""
    found: dict[int, tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]]
    found = {number: ([], [], []) for number in numbers}
    for place, table in enumerate((logged_model_tags, logged_model_params)):
        for row in connection.execute(select(table).where(table.c.model.in_(numbers))):
            found[row.model][place].append({"key": row.key, "value": row.value})
    points = select(logged_model_metrics).where(logged_model_metrics.c.model.in_(numbers))
    for row in connection.execute(points.order_by(logged_model_metrics.c.at, logged_model_metrics.c.step)):
        shown = {
            "key": row.key,
            "value": show(row.value, row.is_nan),
            "timestamp": row.at,
            "step": row.step,
            "run_id": row.run_id,
        }
        for name in ("dataset_name", "dataset_digest"):
            if getattr(row, name) is not None:
                shown[name] = getattr(row, name)
        found[row.model][2].append(shown)
    return found


def _select() -> Select[Any]:
    table = logged_models.c
    return select(
        table.id,
        table.model_id,
        table.experiment,
        experiments.c.is_default,
        table.name,
        table.model_type,
        table.status,
        table.stage,
        table.source_run_id,
        table.artifact_uri,
        table.owner_job,
        table.created_at,
        table.updated_at,
    ).join(experiments, experiments.c.id == table.experiment)


def _holds(connection: Connection, clause: Comparison, datasets: Sequence[tuple[str, str]]) -> Any:
    if clause.kind is Kind.ATTRIBUTE:
        return condition(connection, _ATTRIBUTES[clause.key], clause)
    if clause.kind is Kind.METRIC:
        table: Any = logged_model_metrics
        of_model = [table.c.model == logged_models.c.id, table.c.is_nan == 0]
        if datasets:
            of_model.append(_on_dataset(datasets))
    else:
        table = logged_model_tags if clause.kind is Kind.TAG else logged_model_params
        of_model = [table.c.model == logged_models.c.id]
    return exists().where(*of_model, table.c.key == clause.key, condition(connection, table.c.value, clause))


def _on_dataset(datasets: Sequence[tuple[str, str]]) -> Any:
    table = logged_model_metrics.c
    return or_(
        *(
            and_(table.dataset_name == name, *([table.dataset_digest == digest] if digest else []))
            for name, digest in datasets
        )
    )


def _sort_value(order: Order, dataset_name: str, dataset_digest: str) -> Any:
    if order.kind is Kind.ATTRIBUTE:
        return _ATTRIBUTES[order.key]
    table = logged_model_metrics.c
    newest = select(case((table.is_nan == 1, None), else_=table.value)).where(
        table.model == logged_models.c.id, table.key == order.key
    )
    if dataset_name:
        newest = newest.where(_on_dataset([(dataset_name, dataset_digest)]))
    newest = newest.order_by(table.at.desc(), table.step.desc(), table.run_id).limit(1)
    return newest.scalar_subquery()
