"""What the worker repeats for jobs: claim one, look at the outside world, move it one step, write that down."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smalt.entities.job.command import CommandJob
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
from smalt.server.jobs.events import CancelRequested, JobFinished, JobSubmitted
from smalt.server.jobs.finish import Finisher, canceled, failed
from smalt.server.jobs.kinds import CommandLike, JobKind, ParentLike, Progress
from smalt.server.jobs.neighbours import Environments
from smalt.server.jobs.start import Starter
from smalt.server.jobs.store import JobRecord
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
        self._is_fresh = True
        self._next_look = _NEVER
        for fact in (JobSubmitted, CancelRequested, JobFinished):
            events.subscribe(fact, lambda _: self.wake.set())

    @property
    def interval_seconds(self) -> float:
        """How long to wait for an event: less than usual where a parent wants to be looked at sooner."""
        until_next = (self._next_look - clock.now()).total_seconds() if self._next_look < _NEVER else _INTERVAL_SECONDS
        return min(max(until_next, _SHORTEST_SECONDS), _INTERVAL_SECONDS)

    def close(self) -> None:
        """Begin no further build. What runs goes on running and is found again."""
        self._builds.close()

    def run_once(self, now: datetime) -> bool:
        """Take every job that is due or was hinted at one step on; True when there may be more at once."""
        if self._is_fresh:
            with self._works.write(SYSTEM) as work:
                store.release(work.connection, worker=self._worker, now=now)
            self._is_fresh = False
        if self._next_look <= now:
            self._next_look = _NEVER
        hints = self._hints.take()
        for _ in range(_MOST_TURNS):
            record = self._claim(hints)
            if record is None:
                return False
            hints.discard(record.workload)
            self._turn(record)
        for name in hints:
            self._hints.note(name)
        return True

    def _claim(self, hints: set[str]) -> JobRecord | None:
        now = clock.now()
        with self._works.read(SYSTEM) as work:
            if not store.has_due(work.connection, worker=self._worker, now=now, hints=hints):
                return None
        with self._works.write(SYSTEM) as work:
            return store.claim(
                work.connection, worker=self._worker, lease=self._lease, now=now, until=now + _LEASE, hints=hints
            )

    def _turn(self, record: JobRecord) -> None:
        try:
            self._step(record)
        except LeaseLost as error:
            _log.warning("%s", error)
        except SmaltError as error:
            # What runs is never given up for a failure of ours: it would go on with nobody watching.
            if error.status >= 500 or record.handle is not None:
                self._try_again(record, error)
            else:
                self._finish(record, failed(error.message))
        except Exception as error:
            _log.exception("Job %r (%s) could not be moved on.", record.name, record.workload)
            self._try_again(record, error)

    def _step(self, record: JobRecord) -> None:
        kind = self._outside.kinds.get(record.kind)
        if kind is None:
            raise NotFound(f"Nothing on this server runs jobs of type {record.kind!r} any more.")
        if isinstance(kind, ParentLike):
            self._advance(record, kind)
            return
        assert isinstance(kind, CommandLike)
        if record.handle is None:
            self._bring_up(record, kind.expand(record.entity()))
        else:
            self._look_at(record, Handle(record.handle))

    def _bring_up(self, record: JobRecord, command: CommandJob) -> None:
        """From accepted to started."""
        site = self._site(record)
        handle = site.executor.find(record.workload)
        if handle is None and record.status is JobStatus.CANCEL_REQUESTED:
            self._builds.forget(record.workload)
            self._finish(record, canceled())
            return
        if handle is None:
            handle = self._start(record, command, site)
        if handle is None:
            return
        # Changes that were heard before this is written stay noted, and are looked at in the next turn.
        self._settle(record, due_in=_LOOK_AGAIN, handle=handle, worker=self._worker, site=site.key)

    def _site(self, record: JobRecord) -> Site:
        if record.pinned.get("compute") is None:
            return self._outside.sites.here
        with self._works.read(SYSTEM) as work:
            workspace = self._outside.workspaces.even_deleted(work, record.workspace_id)
            return self._outside.sites.of(work, workspace, record.pinned.get("compute"))

    def _start(self, record: JobRecord, command: CommandJob, site: Site) -> Handle | None:
        """Start it, or None when it has to wait for its environment or for a place."""
        outside = self._outside
        recipe = software.from_document(record.pinned["recipe"])
        with self._works.read(SYSTEM) as work:
            workspace = outside.workspaces.even_deleted(work, record.workspace_id)
            artifacts = outside.starter.artifacts(work, workspace, record)
        environment = self._builds.environment(recipe, workload=record.workload, artifacts=artifacts)
        if environment is None:
            self._settle(record, due_in=_BUILD_CHECK, status=JobStatus.PREPARING)
            return None
        with self._works.write(SYSTEM) as work:
            has_place = store.running(work.connection, worker=self._worker, site=site.key) < site.slots
            if has_place:
                ready = outside.starter.prepare(
                    work, workspace, record, job=command, environment=environment, site=site
                )
                store.change(work.connection, record, environment_key=environment.key)
        if not has_place:
            self._settle(record, due_in=_QUEUE_CHECK, status=JobStatus.QUEUED, site=site.key)
            return None
        return outside.starter.start(ready)

    def _look_at(self, record: JobRecord, handle: Handle) -> None:
        """From started to over."""
        executor = self._site(record).executor
        try:
            state = executor.state(handle)
        except NotFound:
            message = "The job was lost: nothing is known of its processes any more. Submit it again."
            state = WorkloadState(Phase.LOST, Reason.LOST, error=message)
        if state.is_over:
            self._finish(record, state)
            return
        if record.status is JobStatus.CANCEL_REQUESTED and handle not in self._stopped:
            executor.stop(handle)
            self._stopped.add(handle)
        observed = lifecycle.status_of(state.phase)
        self._settle(record, due_in=_LOOK_AGAIN, status=observed, started_at=state.started_at)

    def _advance(self, record: JobRecord, kind: ParentLike) -> None:
        """One turn of a job that lives by its children.

        The whole turn is one transaction that holds the job's row: a child that ends meanwhile waits with its call,
        so that none is forgotten.
        """
        outside = self._outside
        with self._works.write(SYSTEM) as work:
            store.hold_parent(work.connection, record)  # It is called if this turn turns out to be the last.
            workspace = outside.workspaces.even_deleted(work, record.workspace_id)
            present = self._held(work, record)
            if present.status is not JobStatus.CANCEL_REQUESTED:
                progress = kind.advance(work, workspace, present)
            elif outside.children.cancel(work, workspace, present):
                progress = Progress(JobStatus.CANCEL_REQUESTED)
            else:
                progress = Progress(JobStatus.CANCELED, "The job was canceled.")
            status = progress.status
            started_at = present.started_at or (work.now if status is JobStatus.RUNNING else None)
            if status.is_terminal:
                reason = {JobStatus.COMPLETED: Reason.COMPLETED, JobStatus.CANCELED: Reason.CANCELED}
                state = WorkloadState(
                    Phase.ENDED, reason.get(status, Reason.FAILED), error=progress.error, outputs=progress.outputs
                )
                # What the turn has changed of the job, such as where its outputs are, counts.
                self._end(work, workspace, self._held(work, record), state)
            else:
                store.settle(
                    work.connection,
                    present,
                    lease=self._lease,
                    due_at=work.now + (timedelta() if progress.has_more else progress.look_again),
                    status=lifecycle.follow(present.status, status),
                    started_at=started_at,
                )
                self._next_look = min(self._next_look, work.now + progress.look_again)

    def _held(self, work: Work, record: JobRecord) -> JobRecord:
        """The job as it is now, locked for this transaction.

        Raises:
            LeaseLost: Another worker has it now.
        """
        present = store.find_by_id(work.connection, record.id, lock=True)
        if present is None or present.lease != self._lease:
            raise LeaseLost(f"Job {record.name!r} was taken up by another worker.")
        return present

    def _settle(
        self,
        record: JobRecord,
        *,
        due_in: timedelta,
        status: JobStatus | None = None,
        started_at: datetime | None = None,
        **values: object,
    ) -> None:
        """Write down what was seen, and give the job back.

        Raises:
            LeaseLost: Another worker has it now.
        """
        with self._works.write(SYSTEM) as work:
            present = self._held(work, record)
            due_at = work.now + due_in
            if present.status is JobStatus.CANCEL_REQUESTED and record.status is not JobStatus.CANCEL_REQUESTED:
                due_at = work.now  # It was canceled while this turn ran.
            if status is not None:
                values["status"] = lifecycle.follow(present.status, status)
            if started_at is not None:
                values["started_at"] = started_at
            store.settle(work.connection, record, lease=self._lease, due_at=due_at, **values)

    def _finish(self, record: JobRecord, state: WorkloadState) -> None:
        with self._works.write(SYSTEM) as work:
            self._end(work, self._outside.workspaces.even_deleted(work, record.workspace_id), record, state)
        self._stopped.discard(record.handle or "")

    def _end(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, state: WorkloadState) -> None:
        outside = self._outside
        outside.finisher.finish(work, workspace, record, state, lease=self._lease)
        site = outside.sites.of(work, workspace, record.pinned.get("compute"))
        free = site.slots - store.running(work.connection, worker=self._worker, site=site.key)
        store.call_next(work.connection, now=work.now, count=max(free, 0), site=site.key)
        work.after_commit(lambda: outside.starter.tidy(record))

    def _try_again(self, record: JobRecord, error: Exception) -> None:
        """After a failure that is not the job's, try later, and at last give the job up."""
        if record.attempts + 1 >= _MOST_ATTEMPTS and record.handle is None:
            self._finish(record, failed(f"The job could not be started after {_MOST_ATTEMPTS} attempts: {error}"))
            return
        pause = timedelta(seconds=min(2.0**record.attempts, 60))
        self._settle(record, due_in=pause, attempts=record.attempts + 1)
