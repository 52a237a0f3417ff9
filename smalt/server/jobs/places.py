"""Every query of the places at a site: who has one, and who waits for one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from smalt.entities.job.status import JobStatus
from smalt.server.database import insert_or
from smalt.server.jobs.store import INTERACTIVE
from smalt.server.jobs.tables import families_in_line, jobs

Family = tuple[str, str]
"""The jobs below one that has no parent, and itself: its workspace and its name."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Places of one sort, as a worker sees them.

    Args:
        site: The cluster; None is the machine of the worker.
        worker: The worker.
        lease: What it has claimed jobs by.
        is_interactive: Whether they are those of sessions of people.
    """

    site: str | None
    worker: str
    lease: str
    is_interactive: bool

    def values(self, now: datetime) -> dict[str, Any]:  # Any: values of columns
        """What is asked with for jobs."""
        waits = "yes" if self.is_interactive else ""
        return {"at": self.site, "own_worker": self.worker, "own": self.lease, "waits": waits, "now": now}

    @property
    def line(self) -> dict[str, Any]:  # Any: values of columns
        """What is asked with for families."""
        return {"line": self.site or "", "people": self.is_interactive}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for a place.

    Args:
        id: Its own id.
        family: Whom it belongs to.
        priority: From 1, the lowest, to 3.
        arrival: Since when it counts as waiting.
    """

    id: str
    family: Family
    priority: int
    arrival: datetime


# Put together once, for the machine of a worker and for clusters: `IS NOT DISTINCT FROM` takes no index on PostgreSQL.
# `_RUNS` and `_WAITS` say what the indexes say that are made for them.
_IS_OF_SORT = func.coalesce(jobs.c.pinned[("parts", INTERACTIVE)].as_string(), "") == bindparam("waits")
_RUNS = and_(jobs.c.active.is_(True), jobs.c.handle.is_not(None))
_WAITS = and_(
    jobs.c.active.is_(True),
    jobs.c.status == literal_column(f"'{JobStatus.QUEUED.value}'"),
    jobs.c.handle.is_(None),
)
# Somebody else's claim is about to become a run.
_IS_FREE = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < bindparam("now"), jobs.c.lease == bindparam("own"))


class _Queries:
    def __init__(self, runs_at: ColumnElement[bool], waits_at: ColumnElement[bool]) -> None:
        runs, waits = and_(_RUNS, runs_at, _IS_OF_SORT), and_(_WAITS, waits_at, _IS_FREE, _IS_OF_SORT)
        taken = select(func.count()).select_from(jobs).where(runs).scalar_subquery()
        self.taken = select(taken, exists().where(waits))
        self.families = select(jobs.c.workspace_id, jobs.c.root, func.count()).where(runs)
        self.families = self.families.group_by(jobs.c.workspace_id, jobs.c.root)
        self.first_of = (
            select(jobs.c.id, jobs.c.workspace_id, jobs.c.root, jobs.c.priority, jobs.c.arrival)
            .where(waits, jobs.c.workspace_id == bindparam("workspace"), jobs.c.root == bindparam("called"))
            .where(jobs.c.id.not_in(bindparam("but", expanding=True)))
            .order_by(jobs.c.arrival, jobs.c.id)
            .limit(1)
        )


_HERE = _Queries(and_(jobs.c.site.is_(None), jobs.c.worker == bindparam("own_worker")), jobs.c.site.is_(None))
_THERE = _Queries(jobs.c.site == bindparam("at"), jobs.c.site == bindparam("at"))
# Of all workers of this database, whatever workspace they belong to; sessions of people have places of their own.
_ON_MACHINES = and_(jobs.c.site.is_(None), func.coalesce(jobs.c.pinned[("parts", INTERACTIVE)].as_string(), "") == "")
_COUNTS = select(
    select(func.count()).select_from(jobs).where(_RUNS, _ON_MACHINES).scalar_subquery(),
    select(func.count()).select_from(jobs).where(_WAITS, _ON_MACHINES).scalar_subquery(),
)
_IN_LINE = and_(families_in_line.c.site == bindparam("line"), families_in_line.c.interactive == bindparam("people"))
_FAMILY = tuple_(families_in_line.c.workspace_id, families_in_line.c.root)
_NEXT_FAMILY = (
    select(families_in_line.c.workspace_id, families_in_line.c.root)
    .where(_IN_LINE, _FAMILY.not_in(bindparam("but", expanding=True)))
    .order_by(families_in_line.c.since)
    .limit(1)
)
_THIS = and_(
    _IN_LINE, families_in_line.c.workspace_id == bindparam("workspace"), families_in_line.c.root == bindparam("called")
)
_SERVED = update(families_in_line).where(_THIS).values(since=bindparam("at"))
_GONE = delete(families_in_line).where(_THIS)


def taken(connection: Connection, sort: Sort, *, now: datetime) -> tuple[int, bool]:
    """How many places are taken, and whether anybody waits for one."""
    count, is_anyone_waiting = connection.execute(_of(sort).taken, sort.values(now)).one()
    return count, bool(is_anyone_waiting)


def counts(connection: Connection) -> tuple[int, int]:
    """How many jobs have a place at no cluster, and how many wait for one."""
    running, waiting = connection.execute(_COUNTS).one()
    return running, waiting


def families(connection: Connection, sort: Sort, *, now: datetime) -> dict[Family, int]:
    """How many places each family has that has any."""
    rows = connection.execute(_of(sort).families, sort.values(now))
    return {(workspace_id, root): count for workspace_id, root, count in rows}


def next_family(connection: Connection, sort: Sort, *, but: Collection[Family]) -> Family | None:
    """The family that has waited longest since it came, or was given a place; `but` are passed over."""
    row = connection.execute(_NEXT_FAMILY, {**sort.line, "but": list(but)}).one_or_none()
    return None if row is None else (row.workspace_id, row.root)


def first_of(
    connection: Connection, sort: Sort, family: Family, *, but: Collection[str], now: datetime
) -> Waiting | None:
    """Who has waited longest of a family."""
    values = {**sort.values(now), **_named(family), "but": list(but)}
    row = connection.execute(_of(sort).first_of, values).one_or_none()
    return None if row is None else Waiting(row.id, family, row.priority, row.arrival)


def join(connection: Connection, sort: Sort, family: Family, *, since: datetime) -> None:
    """A job of a family stands in line. The family keeps its place there if it has one."""
    workspace_id, root = family
    connection.execute(
        insert_or(connection, families_in_line)
        .values(
            site=sort.line["line"],
            interactive=sort.is_interactive,
            workspace_id=workspace_id,
            root=root,
            since=since,
        )
        .on_conflict_do_nothing()
    )


def move_back(connection: Connection, sort: Sort, family: Family, *, since: datetime) -> None:
    """A family was given a place."""
    connection.execute(_SERVED, {**sort.line, **_named(family), "at": since})


def leave(connection: Connection, sort: Sort, family: Family) -> None:
    """A family has nobody in line any more."""
    connection.execute(_GONE, {**sort.line, **_named(family)})


def forget_workspace(connection: Connection, workspace_id: str) -> None:
    """Remove the families of a workspace."""
    connection.execute(delete(families_in_line).where(families_in_line.c.workspace_id == workspace_id))


def call(connection: Connection, job_ids: Collection[str], *, now: datetime) -> None:
    """Make jobs due that wait.

    Those that somebody else has locked are passed over: whoever ends a job must not wait for jobs of other parents.
    """
    if job_ids:
        query = select(jobs.c.id).where(jobs.c.id.in_(job_ids)).with_for_update(skip_locked=True)
        found = connection.execute(query).scalars().all()
        connection.execute(update(jobs).where(jobs.c.id.in_(found)).values(due_at=now))


def _of(sort: Sort) -> _Queries:
    return _HERE if sort.site is None else _THERE


def _named(family: Family) -> dict[str, Any]:  # Any: values of columns
    return {"workspace": family[0], "called": family[1]}
