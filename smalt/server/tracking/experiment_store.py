"""Queries of experiments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, case, cast, exists, select, update

from smalt.server.database import insert_or
from smalt.server.database.sql import execute
from smalt.server.tracking.search import Comparison, Kind, Order
from smalt.server.tracking.search.conditions import condition
from smalt.server.tracking.tables import datasets, experiment_tags, experiments, run_datasets

_COLUMNS = "id, name, is_default, artifact_location, stage, created_at, updated_at"
SHOWN_ID = case((experiments.c.is_default.is_(True), "0"), else_=cast(experiments.c.id, String))
_ATTRIBUTES: dict[str, Any] = {
    "name": experiments.c.name,
    "experiment_id": SHOWN_ID,
    "creation_time": experiments.c.created_at,
    "last_update_time": experiments.c.updated_at,
}


class ExperimentRow(NamedTuple):
    """An experiment."""

    id: int
    name: str
    is_default: bool
    artifact_location: str
    stage: str
    created_at: int
    updated_at: int

    @property
    def shown_id(self) -> str:
        """The id that clients know."""
        return shown_id(self.id, is_default=self.is_default)


def shown_id(number: int, *, is_default: bool) -> str:
    """MLflow's clients take "0" for the default experiment, whatever the server."""
    return "0" if is_default else str(number)


def find(connection: Connection, workspace_id: str, experiment_id: str) -> ExperimentRow | None:
    """The experiment of this id in a workspace."""
    parameters: tuple[str, bool | int]
    if experiment_id == "0":
        rest, parameters = "is_default = ?", (workspace_id, True)
    elif experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) < 19:
        rest, parameters = "id = ?", (workspace_id, int(experiment_id))
    else:
        return None
    statement = f"SELECT {_COLUMNS} FROM experiments WHERE workspace_id = ? AND {rest}"  # noqa: S608  (constants)
    row = execute(connection, statement, parameters).fetchone()
    return None if row is None else ExperimentRow(*row)


def find_by_name(connection: Connection, workspace_id: str, name: str) -> ExperimentRow | None:
    """The experiment of this name in a workspace, deleted ones included."""
    statement = f"SELECT {_COLUMNS} FROM experiments WHERE workspace_id = ? AND name = ?"  # noqa: S608  (constants)
    row = execute(connection, statement, (workspace_id, name)).fetchone()
    return None if row is None else ExperimentRow(*row)


def insert(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Store an experiment; False when the name is taken."""
    statement = insert_or(connection, experiments).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(experiments.c.id)).first() is not None


def change(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of an experiment."""
    connection.execute(update(experiments).where(experiments.c.id == number).values(**values))


def set_tags(connection: Connection, number: int, values: Mapping[str, str]) -> None:
    """Store tags, over old ones of the same key."""
    if values:
        execute(
            connection,
            "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
            [(number, key, value) for key, value in values.items()],
        )


def remove_tag(connection: Connection, number: int, key: str) -> bool:
    """Take a tag away; False when it was not there."""
    found = execute(connection, "DELETE FROM experiment_tags WHERE experiment = ? AND key = ?", (number, key))
    return bool(found.rowcount)


def tags(connection: Connection, numbers: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """Tags of some experiments, as MLflow shows them."""
    found: dict[int, list[dict[str, str]]] = {number: [] for number in numbers}
    statement = select(experiment_tags).where(experiment_tags.c.experiment.in_(numbers))
    for row in connection.execute(statement):
        found[row.experiment].append({"key": row.key, "value": row.value})
    return found


def search(
    connection: Connection,
    workspace_id: str,
    *,
    view: str,
    clauses: Sequence[Comparison],
    orders: Sequence[Order],
    offset: int,
    limit: int,
) -> list[ExperimentRow]:
    """Experiments that match, newest first unless ordered otherwise."""
    statement = select(
        experiments.c.id,
        experiments.c.name,
        experiments.c.is_default,
        experiments.c.artifact_location,
        experiments.c.stage,
        experiments.c.created_at,
        experiments.c.updated_at,
    ).where(experiments.c.workspace_id == workspace_id)
    if view != "ALL":
        statement = statement.where(experiments.c.stage == ("active" if view == "ACTIVE_ONLY" else "deleted"))
    for clause in clauses:
        if clause.kind is Kind.TAG:
            statement = statement.where(_has_tag(connection, clause))
        else:
            statement = statement.where(condition(connection, _ATTRIBUTES[clause.key], clause))
    for order in orders or (Order(Kind.ATTRIBUTE, "creation_time", ascending=False),):
        column = experiments.c.id if order.key == "experiment_id" else _ATTRIBUTES[order.key]
        statement = statement.order_by(column.asc() if order.ascending else column.desc())
    statement = statement.order_by(experiments.c.id.desc())
    return [ExperimentRow(*row) for row in connection.execute(statement.limit(limit).offset(offset))]


def numbers(connection: Connection, workspace_id: str, shown_ids: Sequence[str]) -> list[int]:
    """Numbers of the experiments of these ids; those of other workspaces are left out."""
    statement = select(experiments.c.id).where(
        experiments.c.workspace_id == workspace_id, SHOWN_ID.in_(list(shown_ids))
    )
    return [row[0] for row in connection.execute(statement)]


def shown_ids(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """The ids that clients know, by number."""
    query = select(experiments.c.id, SHOWN_ID).where(experiments.c.id.in_(numbers))
    return dict(connection.execute(query).all())


def dataset_summaries(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Which datasets the runs of some experiments have read."""
    statement = (
        select(SHOWN_ID.label("shown"), datasets.c.name, datasets.c.digest, run_datasets.c.context)
        .join(datasets, datasets.c.experiment == experiments.c.id)
        .join(run_datasets, run_datasets.c.dataset == datasets.c.id)
        .where(experiments.c.id.in_(numbers))
        .distinct()
        .order_by(datasets.c.name, datasets.c.digest)
        .limit(1000)
    )
    return [
        {"experiment_id": row.shown, "name": row.name, "digest": row.digest}
        | ({"context": row.context} if row.context is not None else {})
        for row in connection.execute(statement)
    ]


def _has_tag(connection: Connection, clause: Comparison) -> Any:
    found = exists().where(experiment_tags.c.experiment == experiments.c.id, experiment_tags.c.key == clause.key)
    if clause.operator == "IS NULL":
        return ~found
    if clause.operator == "IS NOT NULL":
        return found
    return found.where(condition(connection, experiment_tags.c.value, clause))
