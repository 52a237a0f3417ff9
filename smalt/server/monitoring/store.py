"""Every query of monitors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, or_, select, update

from smalt.server.monitoring.tables import alerts, runs, values


class RunState(StrEnum):
    """What a run of a monitor has come to."""

    RUNNING = "running"
    HEALTHY = "healthy"
    BREACHED = "breached"
    FAILED = "failed"


class AlertState(StrEnum):
    """What has become of a message."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of a monitor as stored."""

    id: str
    workspace_id: str
    monitor: str
    key: str
    job: str
    fire_at: datetime
    state: RunState
    read_at: datetime | None
    planned: Mapping[str, Any]  # Any: JSON
    found: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a signal has come to."""

    run_id: str
    number: int
    signal: str
    feature: str
    metric: str
    value: float | None
    threshold: float | None
    breached: bool


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """A message that somebody is to get."""

    id: str
    run_id: str
    workspace_id: str
    channel: str
    target: str
    message: Mapping[str, Any]  # Any: JSON
    state: AlertState
    attempts: int
    due_at: datetime | None
    lease_until: datetime | None = None
    error: str | None = None


def add_run(connection: Connection, record: RunRecord) -> None:
    """Insert a run."""
    connection.execute(insert(runs).values({each.name: getattr(record, each.name) for each in fields(RunRecord)}))


def waiting(connection: Connection, *, limit: int) -> list[RunRecord]:
    """Runs whose results were not read yet, the oldest first."""
    query = select(runs).where(runs.c.state == RunState.RUNNING.value).order_by(runs.c.fire_at, runs.c.id)
    return _runs(connection, query.limit(limit))


def held(connection: Connection, run_id: str) -> RunRecord | None:
    """A run whose results were not read yet, locked for this transaction."""
    query = select(runs).where(runs.c.id == run_id, runs.c.state == RunState.RUNNING.value)
    return next(iter(_runs(connection, query.with_for_update())), None)


def close(
    connection: Connection,
    record: RunRecord,
    *,
    state: RunState,
    read_at: datetime,
    found: Mapping[str, Any],  # Any: JSON
    measured: Sequence[Value],
) -> None:
    """Write down what a run has come to."""
    changes = {"state": state.value, "read_at": read_at, "found": dict(found)}
    connection.execute(update(runs).where(runs.c.id == record.id).values(changes))
    if measured:
        rows = [{each.name: getattr(value, each.name) for each in fields(Value)} for value in measured]
        connection.execute(insert(values), rows)


def page(
    connection: Connection, workspace_id: str, monitor: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[RunRecord]:
    """Runs of a monitor, the newest first. A position is the moment, and the id."""
    query = select(runs).where(runs.c.workspace_id == workspace_id, runs.c.key == monitor.lower())
    if before is not None:
        moment, last = before
        query = query.where(or_(runs.c.fire_at < moment, (runs.c.fire_at == moment) & (runs.c.id < last)))
    return _runs(connection, query.order_by(runs.c.fire_at.desc(), runs.c.id.desc()).limit(limit))


def find(connection: Connection, workspace_id: str, monitor: str, job: str) -> RunRecord | None:
    """The run of a monitor that is a job."""
    query = select(runs).where(runs.c.workspace_id == workspace_id, runs.c.key == monitor.lower(), runs.c.job == job)
    return next(iter(_runs(connection, query)), None)


def breached_since(connection: Connection, workspace_id: str, since: datetime) -> list[RunRecord]:
    """Runs that found a breach, by when that was read."""
    query = select(runs).where(
        runs.c.workspace_id == workspace_id, runs.c.state == RunState.BREACHED.value, runs.c.read_at >= since
    )
    return _runs(connection, query.order_by(runs.c.read_at, runs.c.id))


def values_of(
    connection: Connection,
    run_ids: Collection[str],
    *,
    signal: str | None = None,
    feature: str | None = None,
    limit: int,
) -> list[Value]:
    """What signals of some runs came to."""
    query = select(values).where(values.c.run_id.in_(run_ids))
    if signal is not None:
        query = query.where(values.c.signal == signal)
    if feature is not None:
        query = query.where(values.c.feature == feature)
    query = query.order_by(values.c.run_id, values.c.number).limit(limit)
    return [Value(**row._mapping) for row in connection.execute(query)]


def add_alerts(connection: Connection, records: Sequence[AlertRecord]) -> None:
    """Insert messages."""
    if records:
        rows = [{each.name: getattr(record, each.name) for each in fields(AlertRecord)} for record in records]
        connection.execute(insert(alerts), rows)


def alerts_of(connection: Connection, run_ids: Collection[str]) -> list[AlertRecord]:
    """Messages about some runs."""
    return _alerts(connection, select(alerts).where(alerts.c.run_id.in_(run_ids)).order_by(alerts.c.id))


def claim_alert(connection: Connection, *, now: datetime, until: datetime) -> AlertRecord | None:
    """Take a message that is due, for this server alone; one UPDATE, so that no two can take the same."""
    is_free = or_(alerts.c.lease_until.is_(None), alerts.c.lease_until < now)
    wanted = (
        select(alerts.c.id)
        .where(alerts.c.state == AlertState.WAITING.value, alerts.c.due_at <= now, is_free)
        .order_by(alerts.c.due_at, alerts.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(alerts)
        .where(alerts.c.id == wanted.scalar_subquery(), is_free)
        .values(lease_until=until)
        .returning(*alerts.c)
    )
    return next((_alert(row._mapping) for row in connection.execute(statement)), None)


def has_due_alert(connection: Connection, *, now: datetime) -> bool:
    """Whether a claim might find something."""
    query = select(alerts.c.id).where(alerts.c.state == AlertState.WAITING.value, alerts.c.due_at <= now)
    return connection.execute(query.limit(1)).first() is not None


def settle_alert(connection: Connection, record: AlertRecord, **changes: Any) -> None:  # Any: values of columns
    """Write down what became of a try."""
    connection.execute(update(alerts).where(alerts.c.id == record.id).values(lease_until=None, **changes))


def forget_workspace(connection: Connection, workspace_id: str) -> None:
    """Delete everything of a workspace that is gone for good."""
    ours = select(runs.c.id).where(runs.c.workspace_id == workspace_id)
    connection.execute(delete(values).where(values.c.run_id.in_(ours)))
    connection.execute(delete(alerts).where(alerts.c.workspace_id == workspace_id))
    connection.execute(delete(runs).where(runs.c.workspace_id == workspace_id))


def _runs(connection: Connection, query: Select[Any]) -> list[RunRecord]:  # Any: the columns selected
    found = (dict(row._mapping) for row in connection.execute(query))
    return [RunRecord(**{**row, "state": RunState(row["state"])}) for row in found]


def _alerts(connection: Connection, query: Select[Any]) -> list[AlertRecord]:  # Any: the columns selected
    return [_alert(row._mapping) for row in connection.execute(query)]


def _alert(row: RowMapping) -> AlertRecord:  # Any: values of columns
    return AlertRecord(**{**row, "state": AlertState(row["state"])})
