"""Every query of pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from smalt.server.database import insert_of
from smalt.server.pipelines.tables import pipeline_steps, step_results


class StepStatus(StrEnum):
    """How far one run of a step is."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class StepKey(NamedTuple):
    """One run of a step."""

    step: str
    iteration: int
    attempt: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One run of a step as stored, without what only a person reads."""

    key: StepKey
    status: StepStatus
    child: str | None
    value: Any  # Any: JSON
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """The finished job of a step, which others may take over."""

    job: str
    parts: Mapping[str, str]


_LIGHT = (
    pipeline_steps.c.step,
    pipeline_steps.c.iteration,
    pipeline_steps.c.attempt,
    pipeline_steps.c.status,
    pipeline_steps.c.child,
    pipeline_steps.c.value,
    pipeline_steps.c.fingerprint,
)
_IN_PIPELINE = pipeline_steps.c.pipeline == bindparam("own_pipeline")
_THIS = (
    _IN_PIPELINE,
    pipeline_steps.c.step == bindparam("own_step"),
    pipeline_steps.c.iteration == bindparam("own_iteration"),
    pipeline_steps.c.attempt == bindparam("own_attempt"),
)
# The queries of every step are put together once: building one costs more than running it.
_STEPS = select(*_LIGHT).where(_IN_PIPELINE)
_ADD_STEP = insert(pipeline_steps)
_CHANGE_STEP = update(pipeline_steps).where(*_THIS)
_OFFER = {dialect: insert_of(dialect, step_results).on_conflict_do_nothing() for dialect in ("sqlite", "postgresql")}
_PARTS = select(pipeline_steps.c.parts).where(*_THIS)
_HERE = step_results.c.workspace_id == bindparam("workspace")
_NEWEST = step_results.c.finished_at.desc()
_REUSABLE = (
    select(step_results.c.job, step_results.c.parts)
    .where(_HERE, step_results.c.fingerprint == bindparam("same"), step_results.c.invalidated_at.is_(None))
    .order_by(_NEWEST)
    .limit(bindparam("limit"))
)
_LAST_OF_FAMILY = (
    select(step_results.c.job, step_results.c.parts, step_results.c.invalidated_at)
    .where(_HERE, step_results.c.family == bindparam("same"))
    .order_by(_NEWEST)
    .limit(1)
)


def steps(connection: Connection, pipeline: str) -> list[StepRow]:
    """Every run of every step of a pipeline."""
    rows = connection.execute(_STEPS, {"own_pipeline": pipeline})
    return [StepRow(StepKey(row[0], row[1], row[2]), StepStatus(row[3]), row[4], row[5], row[6]) for row in rows]


def whole_steps(connection: Connection, pipeline: str) -> Sequence[RowMapping]:
    """The same with everything that is known, in order."""
    query = select(pipeline_steps).where(pipeline_steps.c.pipeline == pipeline)
    ordered = query.order_by(pipeline_steps.c.step, pipeline_steps.c.iteration, pipeline_steps.c.attempt)
    return connection.execute(ordered).mappings().all()


def add_step(connection: Connection, pipeline: str, key: StepKey, **values: Any) -> None:  # Any: values of columns
    """Write down that a step was begun."""
    connection.execute(_ADD_STEP, {"pipeline": pipeline, **key._asdict(), **values})


def change_step(connection: Connection, pipeline: str, key: StepKey, **values: Any) -> None:  # Any: values of columns
    """Write down what became of one."""
    connection.execute(_CHANGE_STEP, {**_own(pipeline, key), **values})


def parts(connection: Connection, pipeline: str, key: StepKey) -> Mapping[str, str] | None:
    """What the fingerprint of a step was made of."""
    found: Mapping[str, str] | None = connection.execute(_PARTS, _own(pipeline, key)).scalar_one_or_none()
    return found


def add_result(connection: Connection, **values: Any) -> None:  # Any: values of columns
    """Offer a finished step to others."""
    connection.execute(_OFFER[connection.dialect.name], values)


def reusable(connection: Connection, workspace_id: str, fingerprint: str, *, limit: int = 5) -> list[Finished]:
    """Finished steps that did the same, the newest first."""
    newest = connection.execute(_REUSABLE, {"workspace": workspace_id, "same": fingerprint, "limit": limit})
    return [Finished(row[0], row[1]) for row in newest]


def last_of_family(connection: Connection, workspace_id: str, family: str) -> tuple[Finished, bool] | None:
    """The newest finished run of the same step and component, and whether it was invalidated."""
    row = connection.execute(_LAST_OF_FAMILY, {"workspace": workspace_id, "same": family}).first()
    return None if row is None else (Finished(row[0], row[1]), row[2] is not None)


def invalidate_jobs(connection: Connection, workspace_id: str, names: Sequence[str], *, now: datetime) -> int:
    """Offer the results of some jobs no longer, nor those of others that did the same; how many there were."""
    here = step_results.c.workspace_id == workspace_id
    same = select(step_results.c.fingerprint).where(here, step_results.c.job.in_(names))
    return _invalidate(connection, now, here, step_results.c.fingerprint.in_(same))


def invalidate_component(connection: Connection, workspace_id: str, component: str, *, now: datetime) -> int:
    """Offer no result of a component any longer; how many there were."""
    named = step_results.c.component == component
    return _invalidate(connection, now, step_results.c.workspace_id == workspace_id, named)


def children(connection: Connection, pipeline: str, step: str | None = None) -> list[str]:
    """The jobs of a pipeline's steps, or of one of them; for a reused step also the one it was reused from."""
    query = select(pipeline_steps.c.child, pipeline_steps.c.reused_from).where(pipeline_steps.c.pipeline == pipeline)
    if step is not None:
        query = query.where(pipeline_steps.c.step == step)
    return [name for row in connection.execute(query) for name in row if name is not None]


def forget_pipelines(connection: Connection, pipelines: Sequence[str]) -> None:
    """Remove the steps of pipelines, by the ids of their jobs."""
    connection.execute(delete(pipeline_steps).where(pipeline_steps.c.pipeline.in_(pipelines)))


def forget_results(connection: Connection, workspace_id: str) -> None:
    """Remove what steps of a workspace left for reuse."""
    connection.execute(delete(step_results).where(step_results.c.workspace_id == workspace_id))


def _invalidate(connection: Connection, now: datetime, *conditions: Any) -> int:  # Any: conditions
    statement = update(step_results).where(step_results.c.invalidated_at.is_(None), *conditions)
    return connection.execute(statement.values(invalidated_at=now)).rowcount


def _own(pipeline: str, key: StepKey) -> dict[str, Any]:  # Any: values of columns
    return {"own_pipeline": pipeline, "own_step": key.step, "own_iteration": key.iteration, "own_attempt": key.attempt}
