"""Every query of jobs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    desc,
    func,
    insert,
    or_,
    select,
    update,
)

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.entities.kinds import entity_class
from smalt.server.jobs.tables import jobs

INTERACTIVE = "interactive"
"""Among the parts that are pinned: `yes` for what mostly waits for a person, and takes no place from other jobs."""

_MOST_NAMES = 500
_CANCELABLE = [each for each in JobStatus if not each.is_terminal and each is not JobStatus.CANCEL_REQUESTED]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as stored."""

    id: str
    workspace_id: str
    name: str
    kind: str
    status: JobStatus
    document: Mapping[str, Any]  # Any: the entity as plain values
    pinned: Mapping[str, Any]  # Any: JSON
    display_name: str
    description: str | None
    experiment: str
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    parent: str | None
    root: str
    archived: bool
    deleted: bool
    created_at: datetime
    created_by: str
    created_by_type: str
    modified_at: datetime
    modified_by: str
    revision: int
    started_at: datetime | None
    ended_at: datetime | None
    error: Mapping[str, str] | None
    registered: Mapping[str, str]
    written: Mapping[str, Mapping[str, Any]]  # Any: JSON
    active: bool
    workload: str
    handle: str | None
    worker: str | None
    site: str | None
    environment_key: str | None
    attempts: int
    due_at: datetime | None
    lease: str | None
    lease_until: datetime | None
    priority: int
    arrival: datetime

    @property
    def is_interactive(self) -> bool:
        """Whether it mostly waits for a person."""
        return (self.pinned.get("parts") or {}).get(INTERACTIVE) == "yes"

    def entity(self) -> Job:
        """The whole job, with what may change put back in."""
        whole = {
            **self.document,
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "experiment_name": self.experiment,
            "tags": dict(self.tags),
            "properties": dict(self.properties),
            "is_archived": self.archived,
            "status": self.status,
        }
        found = entity_class("job", self.kind).parse(whole)
        assert isinstance(found, Job)
        return found


@dataclass(frozen=True, slots=True)
class Due:
    """A job that waits for its next step: what is needed to decide which one that is."""

    id: str
    workspace_id: str
    name: str
    parent: str | None
    root: str
    kind: str
    status: JobStatus
    workload: str
    handle: str | None
    compute: str | None


@dataclass(frozen=True, slots=True)
class ChildState:
    """How far a child is, without its document."""

    name: str
    status: JobStatus
    is_active: bool
    error: Mapping[str, str] | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a job has left behind: the places of its outputs, and what was written to them.

    Args:
        name: The job.
        outputs: URIs by output; one that ends with a slash is a folder.
        written: Path, size and digest by output.
    """

    name: str
    outputs: Mapping[str, str]
    written: Mapping[str, Mapping[str, Any]]  # Any: JSON

    def uri(self, output: str) -> str | None:
        """Where an output is; for one that is a single file, the file."""
        uri = self.outputs.get(output)
        written = self.written.get(output)
        if uri is not None and uri.endswith("/") and written is not None and written.get("size") is not None:
            return uri + str(written["path"]).rsplit("/", 1)[-1]
        return uri


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs a list is about. Without a parent it shows those that have none.

    Args:
        text: What name, display name, experiment, a tag or the name of whoever submitted it have in them, whatever
            the case.
        root: The job at the top of the family, for all that are below it.
        is_anywhere: Whether jobs that have a parent are shown as well.
    """

    kind: str | None = None
    archived: bool | None = False
    tags: tuple[tuple[str, str | None], ...] = ()
    properties: tuple[tuple[str, str | None], ...] = ()
    parent: str | None = None
    statuses: tuple[JobStatus, ...] = ()
    experiment: str | None = None
    text: str | None = None
    root: str | None = None
    is_anywhere: bool = False


# The queries of every step of every job are put together once: building one costs more than running it.
_IS_FREE = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < bindparam("now"))
_IS_MINE = or_(jobs.c.worker.is_(None), jobs.c.worker == bindparam("own_worker"))
_LIGHT = (
    jobs.c.id, jobs.c.workspace_id, jobs.c.name, jobs.c.parent, jobs.c.root, jobs.c.kind, jobs.c.status,
    jobs.c.workload, jobs.c.handle, jobs.c.pinned["compute"].as_string().label("compute"),
)  # fmt: skip
_OPEN = select(*_LIGHT).where(jobs.c.active.is_(True), _IS_MINE, _IS_FREE)
_OPEN = _OPEN.order_by(jobs.c.created_at, jobs.c.id).limit(bindparam("limit"))
_IS_DUE = jobs.c.due_at <= bindparam("now")
_DUE = _OPEN.where(_IS_DUE)
_HINTED = _OPEN.where(or_(_IS_DUE, jobs.c.workload.in_(bindparam("hints", expanding=True))))
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"), jobs.c.active.is_(True), _IS_MINE, _IS_FREE)
    .values(lease=bindparam("new_lease"), lease_until=bindparam("until"))
    .returning(*jobs.c)
)
_HOLD = (
    select(*(cast(column, Text).label("document") if column is jobs.c.document else column for column in jobs.c))
    .where(jobs.c.id == bindparam("job"), jobs.c.active.is_(True))
    .where(or_(and_(_IS_MINE, _IS_FREE), jobs.c.lease == bindparam("own")))
    .with_for_update()
)
_IN_WORKSPACE = jobs.c.workspace_id == bindparam("workspace")
_NAMED = and_(_IN_WORKSPACE, jobs.c.name == bindparam("called"))
_FIND = select(jobs).where(_NAMED)
_FIND_LOCKED = _FIND.with_for_update()
_FIND_ID = select(jobs.c.id).where(_NAMED)
_HOLD_NAMED = _FIND_ID.with_for_update()
_CALL = update(jobs).where(_NAMED, jobs.c.active.is_(True)).values(due_at=bindparam("now"))
_ADD = insert(jobs)
_CHANGE = update(jobs).where(jobs.c.id == bindparam("job"))
_FIELDS = tuple(field.name for field in fields(JobRecord))
_CHILD_STATES = (
    select(jobs.c.name, jobs.c.status, jobs.c.active, jobs.c.error, jobs.c.started_at, jobs.c.ended_at)
    .where(_IN_WORKSPACE, jobs.c.parent == bindparam("of"))
    .order_by(jobs.c.created_at, jobs.c.id)
)
_SOME_CHILD_STATES = _CHILD_STATES.where(jobs.c.name.in_(bindparam("names", expanding=True)))
_RESULTS = select(jobs.c.name, jobs.c.pinned["outputs"], jobs.c.written).where(
    _IN_WORKSPACE, jobs.c.name.in_(bindparam("names", expanding=True))
)


def find(connection: Connection, workspace_id: str, name: str, *, lock: bool = False) -> JobRecord | None:
    """A job by name, deleted ones too; locked against other writers if asked."""
    named = {"workspace": workspace_id, "called": name}
    row = connection.execute(_FIND_LOCKED if lock else _FIND, named).one_or_none()
    return None if row is None else _record(row)


def find_id(connection: Connection, workspace_id: str, name: str) -> str | None:
    """The own id of a job of this name, deleted ones too."""
    return connection.execute(_FIND_ID, {"workspace": workspace_id, "called": name}).scalar_one_or_none()


def add(connection: Connection, record: JobRecord) -> None:
    """Insert a job."""
    connection.execute(_ADD, {name: getattr(record, name) for name in _FIELDS})


def change(connection: Connection, record: JobRecord, **values: Any) -> None:  # Any: values of columns
    """Set columns of a job."""
    connection.execute(_CHANGE, {"job": record.id, **values})


def page(
    connection: Connection, workspace_id: str, wanted: Filter, *, after: tuple[datetime, str] | None, limit: int
) -> list[JobRecord]:
    """Jobs, the newest first. A position is the creation time, and the id."""
    query = select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.deleted.is_(False), *_conditions(wanted))
    if after is not None:
        moment, last = after
        query = query.where(or_(jobs.c.created_at < moment, and_(jobs.c.created_at == moment, jobs.c.id < last)))
    query = query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
    return [_record(row) for row in connection.execute(query)]


def finished(connection: Connection, workspace_id: str, *, after: tuple[datetime, str], limit: int) -> list[JobRecord]:
    """Jobs without a parent that have ended, in the order of their ends; a position is the end and the id."""
    at, key = jobs.c.ended_at, jobs.c.id
    query = select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.deleted.is_(False), jobs.c.parent.is_(None))
    query = query.where(jobs.c.active.is_(False), or_(at > after[0], and_(at == after[0], key > after[1])))
    return [_record(row) for row in connection.execute(query.order_by(at, key).limit(limit))]


def children(connection: Connection, workspace_id: str, parent: str) -> list[JobRecord]:
    """All children of a job, the oldest first."""
    query = select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.parent == parent, jobs.c.deleted.is_(False))
    return [_record(row) for row in connection.execute(query.order_by(jobs.c.created_at, jobs.c.id))]


def readers(connection: Connection, workspace_id: str, asset: str, *, limit: int) -> list[str]:
    """The jobs at the top of the families that were given an asset, the latest first."""
    # Which input it was is not asked: the id of an asset stands in what was pinned as a whole text of JSON.
    holds = cast(jobs.c.pinned["inputs"], Text).like(f'%"{_escaped(asset)}"%', escape="\\")
    query = select(jobs.c.root, func.max(jobs.c.created_at).label("at"))
    query = query.where(jobs.c.workspace_id == workspace_id, jobs.c.deleted.is_(False), holds).group_by(jobs.c.root)
    return [row.root for row in connection.execute(query.order_by(desc("at")).limit(limit))]


def child_states(
    connection: Connection, workspace_id: str, parent: str, *, names: Collection[str] | None = None
) -> dict[str, ChildState]:
    """How far the children of a job are, by name, the oldest first; deleted ones too."""
    values: dict[str, Any] = {"workspace": workspace_id, "of": parent}  # Any: values of columns
    if names is not None:
        values["names"] = list(names)
    rows = connection.execute(_CHILD_STATES if names is None else _SOME_CHILD_STATES, values)
    return {row[0]: ChildState(row[0], JobStatus(row[1]), *row[2:]) for row in rows}


def results(connection: Connection, workspace_id: str, names: Collection[str]) -> dict[str, Result]:
    """What jobs have left behind, by name."""
    found: dict[str, Result] = {}
    wanted = list(names)
    for start in range(0, len(wanted), _MOST_NAMES):
        some = {"workspace": workspace_id, "names": wanted[start : start + _MOST_NAMES]}
        found |= {row[0]: Result(row[0], row[1] or {}, row[2]) for row in connection.execute(_RESULTS, some)}
    return found


def due(connection: Connection, *, worker: str, now: datetime, hints: Collection[str] = (), limit: int) -> list[Due]:
    """Jobs that this worker may take a step on, the oldest first: those that are due, and those that a hint names."""
    values: dict[str, Any] = {"own_worker": worker, "now": now, "limit": limit}  # Any: values of columns
    if hints:
        values["hints"] = list(hints)
    found = connection.execute(_HINTED if hints else _DUE, values).mappings()
    return [Due(**{**row, "status": JobStatus(row["status"])}) for row in found]


def claim(
    connection: Connection, job_id: str, *, worker: str, lease: str, now: datetime, until: datetime
) -> JobRecord | None:
    """Take a job for this worker alone; None when it is over, or somebody else has it.

    The claim is one UPDATE, so that two workers can never take the same job.
    """
    values = {"job": job_id, "own_worker": worker, "now": now, "new_lease": lease, "until": until}
    row = connection.execute(_CLAIM, values).one_or_none()
    return None if row is None else _record(row)


def hold(connection: Connection, job_id: str, *, worker: str, lease: str, now: datetime) -> JobRecord | None:
    """A job, locked for this transaction; None when it is over, or another one has it than this worker and lease."""
    row = connection.execute(_HOLD, {"job": job_id, "own_worker": worker, "own": lease, "now": now}).one_or_none()
    return None if row is None else _record(row, document=_Unread(row.document))


def settle(connection: Connection, record: JobRecord, *, due_at: datetime | None, **values: Any) -> None:
    """Write down what a turn came to and give the job back, which this transaction holds."""
    change(connection, record, lease=None, lease_until=None, due_at=due_at, **values)


def release(connection: Connection, *, worker: str, now: datetime) -> int:
    """Make everything due that an earlier life of this worker held or waited for."""
    mine = or_(jobs.c.worker.is_(None), jobs.c.worker == worker)
    held = or_(
        jobs.c.lease.is_(None), jobs.c.lease.like(f"{_escaped(worker)}/%", escape="\\"), jobs.c.lease_until < now
    )
    # Locked in the order of their making, in which everybody else locks them too: parents before children.
    query = select(jobs.c.id).where(jobs.c.active.is_(True), mine, held).order_by(jobs.c.created_at, jobs.c.id)
    found = connection.execute(query.with_for_update()).scalars().all()
    for start in range(0, len(found), _MOST_NAMES):
        some = update(jobs).where(jobs.c.id.in_(found[start : start + _MOST_NAMES]))
        connection.execute(some.values(lease=None, lease_until=None, due_at=now))
    return len(found)


def is_busy(connection: Connection, workspace_id: str, compute_id: str) -> bool:
    """Whether a workload that is not over was started on a compute, or is about to be."""
    named = func.lower(jobs.c.pinned["compute"].as_string()) == compute_id.lower()
    query = select(jobs.c.id).where(jobs.c.workspace_id == workspace_id, jobs.c.active.is_(True), named)
    return connection.execute(query.limit(1)).first() is not None


def active_on(connection: Connection, workspace_id: str, compute_id: str) -> Sequence[str]:
    """Names of the jobs on a compute that are not over and not asked to end."""
    named = func.lower(jobs.c.pinned["compute"].as_string()) == compute_id.lower()
    query = select(jobs.c.name).where(jobs.c.workspace_id == workspace_id, jobs.c.active.is_(True), named)
    return connection.execute(query.where(jobs.c.status.in_(_CANCELABLE))).scalars().all()


def last_end_on(connection: Connection, workspace_id: str, compute_id: str) -> datetime | None:
    """When the last job on a compute ended."""
    named = func.lower(jobs.c.pinned["compute"].as_string()) == compute_id.lower()
    query = select(func.max(jobs.c.ended_at)).where(jobs.c.workspace_id == workspace_id, named)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def environments_in_use(connection: Connection) -> set[str]:
    """Keys of the environments of all jobs that are not over."""
    query = (
        select(jobs.c.environment_key).where(jobs.c.active.is_(True), jobs.c.environment_key.is_not(None)).distinct()
    )
    return set(connection.execute(query).scalars())


def all_active(connection: Connection) -> list[tuple[str, str, datetime]]:
    """Workspace, name and beginning of every job that is not over."""
    query = select(jobs.c.workspace_id, jobs.c.name, jobs.c.created_at).where(jobs.c.active.is_(True))
    return [(row.workspace_id, row.name, row.created_at) for row in connection.execute(query)]


def active_names(connection: Connection, workspace_id: str) -> Sequence[str]:
    """The jobs of a workspace that are not over, parents first."""
    query = select(jobs.c.name).where(jobs.c.workspace_id == workspace_id, jobs.c.active.is_(True))
    return connection.execute(query.order_by(jobs.c.created_at, jobs.c.id)).scalars().all()


def workloads(connection: Connection, workspace_id: str, *, limit: int) -> dict[str, str]:
    """Some jobs of a workspace: the names of their workloads by their ids."""
    query = select(jobs.c.id, jobs.c.workload).where(jobs.c.workspace_id == workspace_id).limit(limit)
    return {row.id: row.workload for row in connection.execute(query)}


def remove(connection: Connection, job_ids: Collection[str]) -> None:
    """Remove jobs for good."""
    connection.execute(delete(jobs).where(jobs.c.id.in_(job_ids)))


def ended(connection: Connection, workloads: Collection[str]) -> list[tuple[str, datetime]]:
    """Those of some workloads whose jobs are over, and since when."""
    query = select(jobs.c.workload, jobs.c.ended_at).where(
        jobs.c.workload.in_(workloads), jobs.c.active.is_(False), jobs.c.ended_at.is_not(None)
    )
    return [(row.workload, row.ended_at) for row in connection.execute(query)]


def hold_parent(connection: Connection, record: JobRecord | Due) -> str | None:
    """Lock the parent of a job against other writers; its own id.

    Whoever locks a job and its parent locks the parent first, as a cancel and a parent's turn do.
    """
    if record.parent is None:
        return None
    named = {"workspace": record.workspace_id, "called": record.parent}
    return connection.execute(_HOLD_NAMED, named).scalar_one_or_none()


def call_parent(connection: Connection, record: JobRecord, *, now: datetime) -> None:
    """Make the parent of a job due."""
    if record.parent is not None:
        connection.execute(_CALL, {"workspace": record.workspace_id, "called": record.parent, "now": now})


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not wanted.is_anywhere:
        found.append(jobs.c.parent.is_(None) if wanted.parent is None else jobs.c.parent == wanted.parent)
    if wanted.root is not None:
        found.append(jobs.c.root == wanted.root)
    if wanted.kind is not None:
        found.append(jobs.c.kind == wanted.kind)
    if wanted.archived is not None:
        found.append(jobs.c.archived.is_(wanted.archived))
    if wanted.statuses:
        found.append(jobs.c.status.in_(wanted.statuses))
    if wanted.experiment is not None:
        found.append(jobs.c.experiment == wanted.experiment)
    if wanted.text is not None:
        columns = (jobs.c.name, jobs.c.display_name, jobs.c.experiment, jobs.c.created_by)
        holds = [_holds(column, wanted.text) for column in columns]
        # In one of the databases letters beyond ASCII stand escaped in JSON.
        holds += [_holds(cast(jobs.c.tags, Text), text) for text in {wanted.text, json.dumps(wanted.text)[1:-1]}]
        found.append(or_(*holds))
    for column, pairs in ((jobs.c.tags, wanted.tags), (jobs.c.properties, wanted.properties)):
        for key, value in pairs:
            text = column[key].as_string()
            found.append(text.is_not(None) if value is None else text == value)
    return found


def _holds(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return column.ilike(f"%{_escaped(text)}%", escape="\\")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class _Unread(Mapping[str, Any]):  # Any: JSON
    """A document that is read when it is asked for first: few turns need that of a pipeline, which may be large."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _values(self) -> dict[str, Any]:  # Any: JSON
        values: dict[str, Any] = json.loads(self._text)  # Any: JSON
        return values

    def __getitem__(self, key: str) -> Any:  # Any: JSON
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _record(row: Row[Any], **other: Any) -> JobRecord:  # Any: the columns of the table
    values = {**row._mapping, **other}
    values["status"] = JobStatus(values["status"])
    return JobRecord(**values)
