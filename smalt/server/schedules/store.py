"""Every query of schedules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, insert, or_, select, update

from smalt.entities.kinds import entity_class
from smalt.entities.schedule import Schedule
from smalt.kit import clock
from smalt.server.schedules.tables import fires, schedules


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """A schedule as stored."""

    id: str
    workspace_id: str
    name: str
    key: str
    action: str
    document: Mapping[str, Any]  # Any: the entity as plain values
    definition: Mapping[str, Any]  # Any: as the action has pinned it
    enabled: bool
    owner_id: str
    created_at: datetime
    created_by: str
    created_by_type: str
    modified_at: datetime
    modified_by: str
    revision: int
    next_at: datetime | None
    watch_from: datetime | None
    due_at: datetime | None
    attempts: int = 0
    lease: str | None = None
    lease_until: datetime | None = None

    def entity(self) -> Schedule:
        """The whole schedule."""
        whole = {
            **self.document,
            "name": self.name,
            "is_enabled": self.enabled,
            "provisioning_state": "Succeeded",
            "next_run_time": clock.to_text(self.next_at) if self.next_at is not None else None,
        }
        found = entity_class("schedule", self.action).parse(whole)
        assert isinstance(found, Schedule)
        return found


# What is asked after every job is put together once: building a statement costs more than running it.
_IS_FREE = or_(schedules.c.lease_until.is_(None), schedules.c.lease_until < bindparam("now"))
_DUE = select(schedules.c.id).where(schedules.c.enabled.is_(True), schedules.c.due_at <= bindparam("now"), _IS_FREE)
_ANY_DUE = _DUE.limit(1)
_NEXT = _DUE.order_by(schedules.c.due_at, schedules.c.id).limit(1).with_for_update(skip_locked=True)
_CLAIM = (
    update(schedules)
    .where(schedules.c.id == _NEXT.scalar_subquery(), _IS_FREE)
    .values(lease=bindparam("new_lease"), lease_until=bindparam("until"))
    .returning(*schedules.c)
)
_WATCHING = (
    schedules.c.workspace_id.in_(bindparam("workspaces", expanding=True)),
    schedules.c.watch_from.is_not(None),
    schedules.c.enabled.is_(True),
)
_ANY_WATCHING = select(schedules.c.id).where(*_WATCHING).limit(1)
_CALL_WATCHERS = update(schedules).where(*_WATCHING).values(due_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class FireRecord:
    """One time that a schedule fired, or should have.

    Args:
        outcome: `submitted`, `failed` or `skipped`.
        job: The job that was submitted.
        reason: Why there is none, or what it stands for.
    """

    schedule_id: str
    cause: str
    fire_at: datetime
    happened_at: datetime
    outcome: str
    job: str | None = None
    reason: str | None = None


def find(connection: Connection, workspace_id: str, name: str, *, lock: bool = False) -> ScheduleRecord | None:
    """A schedule by its name in any case; locked against other writers if asked."""
    query = select(schedules).where(schedules.c.workspace_id == workspace_id, schedules.c.key == name.lower())
    return _one(connection, query.with_for_update() if lock else query)


def held(connection: Connection, schedule_id: str, *, lease: str) -> ScheduleRecord | None:
    """A schedule that is leased, locked for this transaction; None when the lease was lost."""
    query = select(schedules).where(schedules.c.id == schedule_id, schedules.c.lease == lease)
    return _one(connection, query.with_for_update())


def page(
    connection: Connection,
    workspace_id: str,
    *,
    enabled: bool | None,
    after: str | None,
    limit: int,
    action: str | None = None,
) -> list[ScheduleRecord]:
    """Schedules in the order of their names, those after a name only."""
    query = select(schedules).where(schedules.c.workspace_id == workspace_id).order_by(schedules.c.key).limit(limit)
    if enabled is not None:
        query = query.where(schedules.c.enabled.is_(enabled))
    if action is not None:
        query = query.where(schedules.c.action == action)
    if after is not None:
        query = query.where(schedules.c.key > after.lower())
    return [_record(row) for row in connection.execute(query)]


def add(connection: Connection, record: ScheduleRecord) -> None:
    """Insert a schedule."""
    values = {field.name: getattr(record, field.name) for field in fields(ScheduleRecord)}
    connection.execute(insert(schedules).values(values))


def change(connection: Connection, record: ScheduleRecord, **values: Any) -> None:  # Any: values of columns
    """Set columns of a schedule."""
    connection.execute(update(schedules).where(schedules.c.id == record.id).values(**values))


def remove(connection: Connection, record: ScheduleRecord) -> None:
    """Delete a schedule and its history."""
    connection.execute(delete(fires).where(fires.c.schedule_id == record.id))
    connection.execute(delete(schedules).where(schedules.c.id == record.id))


def remove_all(connection: Connection, workspace_id: str) -> None:
    """Delete the schedules of a workspace, and their history."""
    ours = select(schedules.c.id).where(schedules.c.workspace_id == workspace_id)
    connection.execute(delete(fires).where(fires.c.schedule_id.in_(ours)))
    connection.execute(delete(schedules).where(schedules.c.workspace_id == workspace_id))


def call_watchers(connection: Connection, workspace_ids: Collection[str], *, now: datetime) -> None:
    """Make the schedules due that wait for something in these workspaces."""
    connection.execute(_CALL_WATCHERS, {"workspaces": list(workspace_ids), "now": now})


def has_watchers(connection: Connection, workspace_ids: Collection[str]) -> bool:
    """Whether a schedule waits for something in these workspaces."""
    return connection.execute(_ANY_WATCHING, {"workspaces": list(workspace_ids)}).first() is not None


def has_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a claim might find something."""
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def claim(connection: Connection, *, lease: str, now: datetime, until: datetime) -> ScheduleRecord | None:
    """Take the schedule that has been due for the longest time, for this worker alone.

    The claim is one UPDATE, so that two workers can never take the same schedule.
    """
    row = connection.execute(_CLAIM, {"now": now, "new_lease": lease, "until": until}).one_or_none()
    return None if row is None else _record(row)


def settle(connection: Connection, record: ScheduleRecord, **values: Any) -> None:  # Any: values of columns
    """Write down what a turn came to, and give the schedule back."""
    change(connection, record, lease=None, lease_until=None, **values)


def has_fired(connection: Connection, record: ScheduleRecord, cause: str) -> bool:
    """Whether a schedule has answered an occasion."""
    query = select(fires.c.cause).where(fires.c.schedule_id == record.id, fires.c.cause == cause)
    return connection.execute(query).first() is not None


def add_fire(connection: Connection, fire: FireRecord) -> None:
    """Write down that a schedule has fired."""
    connection.execute(insert(fires).values({field.name: getattr(fire, field.name) for field in fields(FireRecord)}))


def page_of_fires(
    connection: Connection, record: ScheduleRecord, *, after: tuple[datetime, str] | None, limit: int
) -> list[FireRecord]:
    """When a schedule fired, the newest first. A position is the moment, and the cause."""
    query = select(fires).where(fires.c.schedule_id == record.id)
    if after is not None:
        moment, last = after
        at, cause = fires.c.happened_at, fires.c.cause
        query = query.where(or_(at < moment, and_(at == moment, cause < last)))
    query = query.order_by(fires.c.happened_at.desc(), fires.c.cause.desc()).limit(limit)
    return [FireRecord(**row._mapping) for row in connection.execute(query)]


def _one(connection: Connection, query: Select[Any]) -> ScheduleRecord | None:  # Any: the columns selected
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> ScheduleRecord:  # Any: the columns of the table
    return ScheduleRecord(**row._mapping)
