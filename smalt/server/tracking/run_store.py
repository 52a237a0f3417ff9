"""Queries of runs, their params, tags, datasets and models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from smalt.server.database import insert_or
from smalt.server.database.sql import CHUNK, execute, marks
from smalt.server.tracking.tables import datasets, run_datasets, run_models
from smalt.server.work import Work

_COLUMNS = (
    "r.id, r.run_id, r.experiment, e.is_default, r.name, r.user_id, r.status, r.stage, r.hidden, r.started_at, "
    "r.ended_at, r.artifact_uri, r.owner_job"
)
_FROM = f"SELECT {_COLUMNS} FROM runs r JOIN experiments e ON e.id = r.experiment"  # noqa: S608  (constants)


_INSERT = (
    "INSERT INTO runs (workspace_id, run_id, experiment, name, user_id, status, stage, hidden, started_at, "
    "artifact_uri, owner_job) VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
# `true` keeps SQLite from reading the conflict's clause as that of a join.
_INSERT_TAG = (
    "INSERT INTO run_tags (run, key, value) SELECT id, ?, ? FROM runs WHERE workspace_id = ? AND run_id = ? AND true "
    "ON CONFLICT DO NOTHING"
)


class RunRow(NamedTuple):
    """A run."""

    id: int
    run_id: str
    experiment: int
    in_default: bool
    name: str
    user_id: str
    status: str
    stage: str
    hidden: bool
    started_at: int | None
    ended_at: int | None
    artifact_uri: str
    owner_job: str | None


class Target(NamedTuple):
    """What has to be known of a run to write to it."""

    id: int
    run_id: str
    experiment: int
    stage: str
    owner_job: str | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be stored."""

    workspace_id: str
    run_id: str
    experiment: int
    name: str
    user_id: str
    status: str
    started_at: int
    artifact_uri: str
    owner_job: str | None


def find(connection: Connection, workspace_id: str, run_id: str) -> RunRow | None:
    """The run of this id in a workspace."""
    row = execute(connection, f"{_FROM} WHERE r.workspace_id = ? AND r.run_id = ?", (workspace_id, run_id)).fetchone()
    return None if row is None else RunRow(*row)


def find_target(connection: Connection, workspace_id: str, run_id: str) -> Target | None:
    """As `find`, of what is asked for with every point that is logged."""
    statement = "SELECT id, run_id, experiment, stage, owner_job FROM runs WHERE workspace_id = ? AND run_id = ?"
    row = execute(connection, statement, (workspace_id, run_id)).fetchone()
    return None if row is None else Target(*row)


def rows(connection: Connection, numbers: Sequence[int]) -> list[RunRow]:
    """Runs by number, in the order asked for."""
    found: dict[int, RunRow] = {}
    for start in range(0, len(numbers), CHUNK):
        chunk = tuple(numbers[start : start + CHUNK])
        for row in execute(connection, f"{_FROM} WHERE r.id IN ({marks(len(chunk))})", chunk):
            found[row[0]] = RunRow(*row)
    return [found[number] for number in numbers if number in found]


def insert(connection: Connection, new: NewRun) -> int | None:
    """Store a run; None when the id is taken."""
    row = execute(connection, f"{_INSERT} RETURNING id", _values(new)).fetchone()
    return None if row is None else int(row[0])


def add(work: Work, new: NewRun, values: Mapping[str, str]) -> None:
    """Store a run whose id nobody else can have, with its tags."""
    work.put(_INSERT, [_values(new)])
    work.put(_INSERT_TAG, [(key, value, new.workspace_id, new.run_id) for key, value in values.items()])


def _values(new: NewRun) -> tuple[Any, ...]:
    return (
        new.workspace_id,
        new.run_id,
        new.experiment,
        new.name,
        new.user_id,
        new.status,
        False,
        new.started_at,
        new.artifact_uri,
        new.owner_job,
    )


def change(connection: Connection, run: int, **values: Any) -> None:
    """Set columns of a run."""
    columns = ", ".join(f"{name} = ?" for name in values)
    execute(connection, f"UPDATE runs SET {columns} WHERE id = ?", (*values.values(), run))  # noqa: S608  (our columns)


def close_owned(connection: Connection, workspace_id: str, job: str, *, status: str, ended_at: int) -> None:
    """End every run a job has made and left open."""
    execute(
        connection,
        "UPDATE runs SET status = ?, ended_at = ? WHERE workspace_id = ? AND owner_job = ? AND run_id <> ? "
        "AND status IN ('RUNNING', 'SCHEDULED')",
        (status, ended_at, workspace_id, job, job),
    )


def params(connection: Connection, run: int) -> dict[str, str]:
    """All params of one run."""
    return dict(execute(connection, "SELECT key, value FROM run_params WHERE run = ?", (run,)).fetchall())


def params_of(connection: Connection, run: int, keys: Collection[str]) -> dict[str, str]:
    """Those params of one run that have these keys."""
    statement = f"SELECT key, value FROM run_params WHERE run = ? AND key IN ({marks(len(keys))})"  # noqa: S608  (marks)
    return dict(execute(connection, statement, (run, *keys)).fetchall())


def add_params(connection: Connection, run: int, values: Mapping[str, str]) -> None:
    """Store params that are not there yet."""
    execute(
        connection,
        "INSERT INTO run_params (run, key, value) VALUES (?, ?, ?)",
        [(run, key, value) for key, value in values.items()],
    )


def copy_params(connection: Connection, run: int, to: int) -> None:
    """Copy all params of a run to a new one."""
    statement = "INSERT INTO run_params (run, key, value) SELECT ?, key, value FROM run_params WHERE run = ?"
    execute(connection, statement, (to, run))


def set_tags(connection: Connection, run: int, values: Mapping[str, str]) -> None:
    """Store tags, over old ones of the same key."""
    execute(
        connection,
        "INSERT INTO run_tags (run, key, value) VALUES (?, ?, ?) "
        "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
        [(run, key, value) for key, value in values.items()],
    )


def tag(connection: Connection, run: int, key: str) -> str | None:
    """One tag of one run."""
    row = execute(connection, "SELECT value FROM run_tags WHERE run = ? AND key = ?", (run, key)).fetchone()
    return None if row is None else str(row[0])


def remove_tag(connection: Connection, run: int, key: str) -> None:
    """Take a tag away."""
    execute(connection, "DELETE FROM run_tags WHERE run = ? AND key = ?", (run, key))


def pairs(connection: Connection, table: str, numbers: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """Params or tags of some runs, as MLflow shows them."""
    found: dict[int, list[dict[str, str]]] = {number: [] for number in numbers}
    for start in range(0, len(numbers), CHUNK):
        chunk = tuple(numbers[start : start + CHUNK])
        statement = f"SELECT run, key, value FROM {table} WHERE run IN ({marks(len(chunk))})"  # noqa: S608  (our tables)
        for run, key, value in execute(connection, statement, chunk):
            found[run].append({"key": key, "value": value})
    return found


def add_dataset(connection: Connection, experiment: int, dataset: Mapping[str, Any]) -> int:
    """The number of a dataset of an experiment, stored when it is new."""
    key = (datasets.c.experiment == experiment, datasets.c.name == dataset["name"])
    lookup = select(datasets.c.id).where(*key, datasets.c.digest == dataset["digest"])
    found = connection.execute(lookup).scalar()
    if found is None:
        values = {"experiment": experiment, **dataset}
        connection.execute(insert_or(connection, datasets).values(values).on_conflict_do_nothing())
        found = connection.execute(lookup).scalar_one()
    return int(found)


def add_input(connection: Connection, run: int, dataset: int, tags: list[dict[str, str]]) -> None:
    """Say that a run has read a dataset."""
    context = next((one["value"] for one in tags if one["key"] == "mlflow.data.context"), None)
    values = {"run": run, "dataset": dataset, "context": context, "tags": tags}
    connection.execute(insert_or(connection, run_datasets).values(values).on_conflict_do_nothing())


def add_model(connection: Connection, run: int, model_id: str, *, direction: str, step: int) -> None:
    """Say that a run has read (`input`) or made (`output`) a logged model."""
    values = {"run": run, "model_id": model_id, "direction": direction, "step": step}
    statement = insert_or(connection, run_models).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["run", "model_id", "direction"], set_={"step": step})
    )


def inputs(connection: Connection, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Datasets that runs have read, as MLflow shows them."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(numbers), CHUNK):
        statement = (
            select(run_datasets.c.run, run_datasets.c.tags, datasets)
            .join(datasets, datasets.c.id == run_datasets.c.dataset)
            .where(run_datasets.c.run.in_(numbers[start : start + CHUNK]))
        )
        for row in connection.execute(statement):
            shown = {"name": row.name, "digest": row.digest, "source_type": row.source_type, "source": row.source}
            shown |= {name: value for name in ("schema", "profile") if (value := getattr(row, name)) is not None}
            found[row.run].append({"tags": row.tags, "dataset": shown})
    return found


def models(connection: Connection, numbers: Sequence[int], direction: str) -> dict[int, list[dict[str, Any]]]:
    """Logged models that runs have read or made."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(numbers), CHUNK):
        statement = (
            select(run_models)
            .where(run_models.c.run.in_(numbers[start : start + CHUNK]), run_models.c.direction == direction)
            .order_by(run_models.c.step, run_models.c.model_id)
        )
        for row in connection.execute(statement):
            shown = {"model_id": row.model_id} | ({"step": row.step} if direction == "output" else {})
            found[row.run].append(shown)
    return found
