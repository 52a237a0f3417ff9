"""What the worker repeats for jobs: claim one, look at the outside world, move it one step, write that down."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from smalt.entities.job.status import JobStatus
from smalt.errors import NotFound, SmaltError
from smalt.executors import Handle, Phase, Reason, WorkloadState
from smalt.kit import clock, ids
from smalt.server.compute import Site, Sites
from smalt.server.events import Events
from smalt.server.jobs import lifecycle, software, store
from smalt.server.jobs.builds import Builds
from smalt.server.jobs.children import Children
from smalt.server.jobs.errors import LeaseLost
from smalt.server.jobs.events import CancelRequested, JobChanged, JobFinished, JobSubmitted
from smalt.server.jobs.finish import Finisher, canceled, failed
from smalt.server.jobs.kinds import CommandLike, JobKind, ParentLike, Progress
from smalt.server.jobs.line import Line
from smalt.server.jobs.neighbours import Environments
from smalt.server.jobs.places import Sort
from smalt.server.jobs.start import Ready, Starter
from smalt.server.jobs.store import Due, JobRecord
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=60)
_LOOK_AGAIN = timedelta(seconds=10)
_INTERVAL_SECONDS = 5.0
_SHORTEST_SECONDS = 0.05
_NEVER = datetime.max.replace(tzinfo=UTC)
_BUILD_CHECK = timedelta(seconds=60)
# A place that becomes free calls the next in line, so this is only for what nobody foresaw.
_QUEUE_CHECK = timedelta(seconds=120)
_MOST_INTERACTIVE = 32
"""Sessions of people on one site: each holds memory, and a processor only now and then."""
_MOST_ATTEMPTS = 6
_MOST_TURNS = 64


class Hints:
    """Names of workloads that may have changed, from whichever thread hears of it, and the bell that wakes the loop."""

    def __init__(self) -> None:
        self.wake = threading.Event()
        self._guard = threading.Lock()
        self._names: set[str] = set()

    def note(self, workload: str) -> None:
        """A workload may have changed. This is the listener to hand to the executor."""
        with self._guard:
            self._names.add(workload)
        self.wake.set()

    def take(self) -> set[str]:
        """All names noted since the last time."""
        with self._guard:
            names, self._names = self._names, set()
        return names


@dataclass(frozen=True, slots=True)
class Outside:
    """The world beyond the database, as the loop uses it."""

    sites: Sites
    environments: Environments
    starter: Starter
    finisher: Finisher
    workspaces: WorkspaceService
    children: Children
    kinds: Mapping[str, JobKind]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A job that only has to be started, and where."""

    due: Due
    site: Site
    ready: Ready


class JobsLoop:
    """Brings every job to its end.

    Args:
        works: Opens transactions.
        events: Where submits and cancels are heard.
        outside: Everything else.
        hints: What the executor noted.
        worker: Names this machine's worker, in 40 characters at most. A restarted server takes the same name, so
            that it takes up at once what its earlier life held; two servers that run at the same time must not share
            one.
    """

    name = "jobs"

    def __init__(self, works: Works, events: Events, outside: Outside, *, hints: Hints, worker: str) -> None:
        self._works = works
        self._outside = outside
        self._hints = hints
        self.wake = hints.wake
        self._worker = worker
        self._lease = f"{worker}/{ids.opaque()[:16]}"
        self._builds = Builds(outside.environments, hints.note)
        self._stopped: set[str] = set()
        self._untidied: list[JobRecord] = []
        self._is_fresh = True
        self._is_alone = False
        self._next_look = _NEVER
        self._thread = 0
        for fact in (JobSubmitted, CancelRequested, JobFinished):
            events.subscribe(fact, lambda _: self._ring())

    @property
    def interval_seconds(self) -> float:
        """How long to wait for an event: less than usual where a parent wants to be looked at sooner."""
        until_next = (self._next_look - clock.now()).total_seconds() if self._next_look < _NEVER else _INTERVAL_SECONDS
        return min(max(until_next, _SHORTEST_SECONDS), _INTERVAL_SECONDS)

    def _ring(self) -> None:
        # What a turn of our own has done is seen by the turn's last look: it needs no further one.
        if threading.get_ident() != self._thread:
            self.wake.set()

    def close(self) -> None:
        """Begin no further build. What runs goes on running and is found again."""
        self._builds.close()

    def run_once(self, now: datetime) -> bool:
        """Take every job that is due or was hinted at one step on; True when there may be more at once."""
        self._thread = threading.get_ident()
        if self._is_fresh:
            with self._works.write(SYSTEM) as work:
                store.release(work.connection, worker=self._worker, now=now)
            self._is_fresh = False
        if self._next_look <= now:
            self._next_look = _NEVER
        hints = self._hints.take()
        left = _MOST_TURNS
        while left > 0:
            found = self._due(hints, limit=left)
            if not found:
                self._tidy()
                return False
            self._is_alone = len(found) == 1
            for due in found:
                hints.discard(due.workload)
                self._turn(due)
            left -= len(found)
        self._tidy()
        for name in hints:
            self._hints.note(name)
        return True

    def _tidy(self) -> None:
        """Clean up behind the jobs that have ended. Whoever waited for them has been served by now."""
        while self._untidied:
            self._outside.starter.tidy(self._untidied.pop())

    def _due(self, hints: set[str], *, limit: int) -> list[Due]:
        with self._works.read(SYSTEM) as work:
            return store.due(work.connection, worker=self._worker, now=clock.now(), hints=hints, limit=limit)

    def _turn(self, due: Due) -> None:
        self._guarded(due, lambda: self._step(due))

    def _guarded(self, due: Due, step: Callable[[], None]) -> None:
        """Move a job on; what goes wrong with that is dealt with here."""
        try:
            step()
        except LeaseLost as error:
            _log.warning("%s", error)
        except SmaltError as error:
            # What runs is never given up for a failure of ours: it would go on with nobody watching.
            if error.status >= 500 or due.handle is not None:
                self._try_again(due, error)
            else:
                self._finish(due, failed(error.message))
        except Exception as error:
            _log.exception("Job %r (%s) could not be moved on.", due.name, due.workload)
            self._try_again(due, error)

    def _step(self, due: Due) -> None:
        kind = self._outside.kinds.get(due.kind)
        if kind is None:
            raise NotFound(f"Nothing on this server runs jobs of type {due.kind!r} any more.")
        if isinstance(kind, ParentLike):
            self._advance(due, kind)
            return
        assert isinstance(kind, CommandLike)
        if due.handle is None:
            self._bring_up(due, kind)
        else:
            self._look_at(due, Handle(due.handle))

    def _bring_up(self, due: Due, kind: CommandLike) -> None:
        """From accepted to started."""
        site = self._site(due)
        handle = site.executor.find(due.workload)
        if handle is None and due.status is JobStatus.CANCEL_REQUESTED:
            self._builds.forget(due.workload)
            self._finish(due, canceled())
            return
        if handle is None:
            with self._works.write(SYSTEM) as work:
                ready = self._prepare(work, self._claimed(work, due), kind=kind, site=site)
            if ready is None:
                return
            handle = self._outside.starter.start(ready)
        self._started(due, handle, site)

    def _started(self, due: Due, handle: Handle, site: Site) -> None:
        # Changes that were heard before this is written stay noted, and are looked at in the next turn.
        self._settle(due, due_in=_LOOK_AGAIN, handle=handle, worker=self._worker, site=site.key)

    def _claimed(self, work: Work, due: Due) -> JobRecord:
        record = self._claim(work, due)
        if record is None:
            raise LeaseLost(f"Job {due.name!r} was taken up by another worker.")
        return record

    def _claim(self, work: Work, due: Due) -> JobRecord | None:
        """Take a job for this worker beyond this transaction, as something outside is to be done for it."""
        until = work.now + _LEASE
        return store.claim(work.connection, due.id, worker=self._worker, lease=self._lease, now=work.now, until=until)

    def _prepare(self, work: Work, record: JobRecord, *, kind: CommandLike, site: Site) -> Ready | None:
        """What is to be started, or None when it has to wait for its environment or for a place."""
        if record.status is JobStatus.CANCEL_REQUESTED:  # A moment ago.
            self._give_back(work, record, due_in=timedelta())
            return None
        workspace = self._workspace(work, record.workspace_id)
        starter = self._outside.starter
        environment = self._builds.environment(
            software.from_document(record.pinned["recipe"]),
            workload=record.workload,
            artifacts=lambda: starter.artifacts(work, workspace, record),
        )
        if environment is None:
            self._give_back(work, record, due_in=_BUILD_CHECK, status=JobStatus.PREPARING)
            self._line(work, record, site).call_next()  # The place that it may have been called to.
            return None
        if not self._line(work, record, site).admits(record):
            self._give_back(work, record, due_in=_QUEUE_CHECK, status=JobStatus.QUEUED, site=site.key)
            return None
        store.change(work.connection, record, environment_key=environment.key)
        return starter.prepare(
            work, workspace, record, job=kind.expand(record.entity()), environment=environment, site=site
        )

    def _workspace(self, work: Work, workspace_id: str) -> WorkspaceRecord:
        """The workspace of a job, which the end of one job and the start of the next ask for in one transaction."""
        return work.once(("workspace", workspace_id), lambda: self._outside.workspaces.even_deleted(work, workspace_id))

    def _line(self, work: Work, record: JobRecord, site: Site) -> Line:
        """The line that a job stands in for a place at a site."""
        sort = Sort(site.key, self._worker, self._lease, record.is_interactive)
        return Line(work.connection, sort, _MOST_INTERACTIVE if sort.is_interactive else site.slots, work.now)

    def _look_at(self, due: Due, handle: Handle) -> None:
        """From started to over."""
        executor = self._site(due).executor
        try:
            state = executor.state(handle)
        except NotFound:
            message = "The job was lost: nothing is known of its processes any more. Submit it again."
            state = WorkloadState(Phase.LOST, Reason.LOST, error=message)
        if state.is_over:
            self._finish(due, state)
            return
        if due.status is JobStatus.CANCEL_REQUESTED and handle not in self._stopped:
            executor.stop(handle)
            self._stopped.add(handle)
        observed = lifecycle.status_of(state.phase)
        self._settle(due, due_in=_LOOK_AGAIN, status=observed, started_at=state.started_at)

    def _site(self, due: Due) -> Site:
        if due.compute is None:
            return self._outside.sites.here
        with self._works.read(SYSTEM) as work:
            return self._site_in(work, due)

    def _site_in(self, work: Work, due: Due) -> Site:
        if due.compute is None:
            return self._outside.sites.here
        workspace = self._outside.workspaces.even_deleted(work, due.workspace_id)
        return self._outside.sites.of(work, workspace, due.compute)

    def _advance(self, due: Due, kind: ParentLike) -> None:
        """One turn of a job that lives by its children.

        The whole turn is one transaction that holds the job's row: a child that ends meanwhile waits with its call,
        so that none is forgotten.
        """
        with self._works.write(SYSTEM) as work:
            store.hold_parent(work.connection, due)  # It is called if this turn turns out to be the last.
            workspace = self._outside.workspaces.even_deleted(work, due.workspace_id)
            self._move_on(work, workspace, self._held(work, due), kind)

    def _move_on(self, work: Work, workspace: WorkspaceRecord, present: JobRecord, kind: ParentLike) -> None:
        """The turn of a parent whose row, and that of its own parent, this transaction holds."""
        children = self._outside.children
        if present.status is not JobStatus.CANCEL_REQUESTED:
            progress = kind.advance(work, workspace, present)
        elif children.cancel(work, workspace, present):
            progress = Progress(JobStatus.CANCEL_REQUESTED)
        else:
            progress = Progress(JobStatus.CANCELED, "The job was canceled.")
        status = progress.status
        if status.is_terminal:
            reason = {JobStatus.COMPLETED: Reason.COMPLETED, JobStatus.CANCELED: Reason.CANCELED}
            state = WorkloadState(
                Phase.ENDED, reason.get(status, Reason.FAILED), error=progress.error, outputs=progress.outputs
            )
            # What the turn has changed of the job, such as where its outputs are, counts.
            self._end(work, workspace, self._held(work, present), state)
            return
        followed = lifecycle.follow(present.status, status)
        store.settle(
            work.connection,
            present,
            due_at=work.now + (timedelta() if progress.has_more else progress.look_again),
            status=followed,
            started_at=present.started_at or (work.now if status is JobStatus.RUNNING else None),
        )
        if followed is not present.status:
            work.publish(JobChanged(workspace.id, present.name, present.root))
        self._next_look = min(self._next_look, work.now + progress.look_again)

    def _held(self, work: Work, job: Due | JobRecord) -> JobRecord:
        """The job as it is now, locked for this transaction.

        Raises:
            LeaseLost: Another worker has it now, or it is over.
        """
        present = store.hold(work.connection, job.id, worker=self._worker, lease=self._lease, now=work.now)
        if present is None:
            raise LeaseLost(f"Job {job.name!r} was taken up by another worker.")
        return present

    def _settle(self, due: Due, *, due_in: timedelta, **values: Any) -> None:  # Any: values of columns
        """Write down what was seen, and give the job back.

        Raises:
            LeaseLost: Another worker has it now.
        """
        with self._works.write(SYSTEM) as work:
            present = self._held(work, due)
            if present.status is JobStatus.CANCEL_REQUESTED and due.status is not JobStatus.CANCEL_REQUESTED:
                due_in = timedelta()  # It was canceled while this turn ran.
            self._give_back(work, present, due_in=due_in, **values)

    def _give_back(
        self,
        work: Work,
        record: JobRecord,
        *,
        due_in: timedelta,
        status: JobStatus | None = None,
        started_at: datetime | None = None,
        **values: Any,  # Any: values of columns
    ) -> None:
        if status is not None:
            values["status"] = followed = lifecycle.follow(record.status, status)
            if followed is not record.status:
                work.publish(JobChanged(record.workspace_id, record.name, record.root))
        if started_at is not None:
            values["started_at"] = started_at
        store.settle(work.connection, record, due_at=work.now + due_in, **values)

    def _finish(self, due: Due, state: WorkloadState) -> None:
        # A step that ends alone takes its parent's turn with it, which would be next. A parent below another waits for
        # its own turn, as whoever locks rows goes from the top.
        if not (self._is_alone and due.parent == due.root and self._finish_with_turn(due, state)):
            with self._works.write(SYSTEM) as work:
                self._write_end(work, due, state)
        self._stopped.discard(due.handle or "")

    def _finish_with_turn(self, due: Due, state: WorkloadState) -> bool:
        """Write the end of a child down and take its parent's turn, both or nothing; whether that was possible."""
        try:
            with self._works.write(SYSTEM) as work:
                workspace, parent_id = self._write_end(work, due, state)
                assert parent_id is not None
                parent = store.hold(work.connection, parent_id, worker=self._worker, lease=self._lease, now=work.now)
                if parent is not None:
                    kind = self._outside.kinds[parent.kind]
                    assert isinstance(kind, ParentLike)
                    self._move_on(work, workspace, parent, kind)
                following = self._following(work, due)
        except LeaseLost:
            raise
        except Exception as error:
            # Its own turn will deal with that, and must not undo the end of the child.
            _log.info("The turn of %r did not go with the end of %r: %s", due.parent, due.name, error)
            return False
        if following is not None:
            self._guarded(following.due, lambda: self._launch(following))
        return True

    def _following(self, work: Work, ended: Due) -> _Prepared | None:
        """The step that comes next, prepared in the same transaction: if it is the only job that is due, and runs here.

        Anything else is left to turns of its own.
        """
        found = store.due(work.connection, worker=self._worker, now=work.now, limit=2)
        if len(found) != 1 or found[0].parent != ended.parent or found[0].handle is not None:
            return None
        due = found[0]
        kind, site = self._outside.kinds.get(due.kind), self._site_in(work, due)
        if not isinstance(kind, CommandLike) or site.is_remote or site.executor.find(due.workload) is not None:
            return None
        record = self._claim(work, due)
        ready = None if record is None else self._prepare(work, record, kind=kind, site=site)
        return None if ready is None else _Prepared(due, site, ready)

    def _launch(self, prepared: _Prepared) -> None:
        handle = self._outside.starter.start(prepared.ready)
        self._started(prepared.due, handle, prepared.site)

    def _write_end(self, work: Work, due: Due, state: WorkloadState) -> tuple[WorkspaceRecord, str | None]:
        """Write the end of a job down; its workspace, and the own id of its parent, which is held."""
        parent_id = store.hold_parent(work.connection, due)
        workspace = self._workspace(work, due.workspace_id)
        self._end(work, workspace, self._held(work, due), state)
        return workspace, parent_id

    def _end(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, state: WorkloadState) -> None:
        outside = self._outside
        outside.finisher.finish(work, workspace, record, state)
        site = outside.sites.of(work, workspace, record.pinned.get("compute"))
        self._line(work, record, site).call_next()
        work.after_commit(lambda: self._untidied.append(record))

    def _try_again(self, due: Due, error: Exception) -> None:
        """After a failure that is not the job's, try later, and at last give the job up."""
        with self._works.write(SYSTEM) as work:
            present = self._held(work, due)
            attempts = present.attempts + 1
            pause = timedelta(seconds=min(2.0 ** (attempts - 1), 60))
            if attempts < _MOST_ATTEMPTS or due.handle is not None:
                is_queued = present.status is JobStatus.QUEUED
                status = JobStatus.PREPARING if is_queued and due.handle is None else None
                self._give_back(work, present, due_in=pause, attempts=attempts, status=status)
                # Its place goes to the next in line. A cluster is not asked about, as it may be what is wrong.
                if status is not None and present.site is None:
                    self._line(work, present, self._outside.sites.here).call_next()
                return
        self._finish(due, failed(f"The job could not be started after {_MOST_ATTEMPTS} attempts: {error}"))
