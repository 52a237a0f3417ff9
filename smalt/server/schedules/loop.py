"""What the worker repeats for schedules: claim one whose time has come, fire it, write down when it fires next.

The job and the next time are written in one transaction, so that a killed server neither loses a run nor repeats one.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from smalt.entities.schedule import MissedRuns
from smalt.entities.trigger import TimeTrigger
from smalt.errors import NotFound, SmaltError
from smalt.kit import ids
from smalt.server.assets import AssetRegistered
from smalt.server.events import Event, Events
from smalt.server.jobs import JobFinished
from smalt.server.schedules import store, timetable
from smalt.server.schedules.events import ScheduleChanged
from smalt.server.schedules.occasion import Occasion, at_time
from smalt.server.schedules.service import ScheduleService
from smalt.server.schedules.store import FireRecord, ScheduleRecord
from smalt.server.schedules.watch import Watch
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=60)
_MOST_TURNS = 200
_MOST_ATTEMPTS = 6
# Events say when to look; this is for those that were lost with a process, or happened in another one.
_LOOK_AGAIN = timedelta(seconds=60)
# What was written by a transaction that was committed late appears with an earlier time.
_OVERLAP = timedelta(minutes=10)


class SchedulesLoop:
    """Fires every schedule when its time comes.

    Args:
        works: Opens transactions.
        events: Where new assets, ends of jobs and changes of schedules are heard.
        service: The verbs of schedules.
        watch: Looks at what schedules wait for.
        workspaces: Knows the workspaces.
    """

    name = "schedules"
    interval_seconds = 1.0

    def __init__(
        self, works: Works, events: Events, service: ScheduleService, watch: Watch, workspaces: WorkspaceService
    ) -> None:
        self.wake = threading.Event()
        self._works = works
        self._service = service
        self._watch = watch
        self._workspaces = workspaces
        self._lease = ids.opaque()
        self._guard = threading.Lock()
        self._heard: set[str] = set()
        events.subscribe(AssetRegistered, self.hear)
        events.subscribe(JobFinished, self._hear_end)
        events.subscribe(ScheduleChanged, lambda _: self.wake.set())

    def hear(self, event: Event) -> None:
        """Look soon at what the schedules of a workspace wait for."""
        with self._guard:
            self._heard.add(event.workspace_id)
        self.wake.set()

    def _hear_end(self, end: JobFinished) -> None:
        if end.parent is None:  # Nobody waits for a step of a pipeline, and there are many.
            self.hear(end)

    def run_once(self, now: datetime) -> bool:
        """Fire every schedule whose time has come; True when there may be more at once."""
        with self._guard:
            heard, self._heard = self._heard, set()
        if heard and self._is_watched(heard):
            with self._works.write(SYSTEM) as work:
                store.call_watchers(work.connection, heard, now=now)
        for _ in range(_MOST_TURNS):
            record = self._claim(now)
            if record is None:
                return False
            self._turn(record, now)
        return True

    def _is_watched(self, workspace_ids: set[str]) -> bool:
        # Every end of a job comes by here, and few have a schedule waiting: those take nobody's turn to write.
        with self._works.read(SYSTEM) as work:
            return store.has_watchers(work.connection, workspace_ids)

    def _claim(self, now: datetime) -> ScheduleRecord | None:
        with self._works.read(SYSTEM) as work:
            if not store.has_due(work.connection, now=now):
                return None
        with self._works.write(SYSTEM) as work:
            return store.claim(work.connection, lease=self._lease, now=now, until=now + _LEASE)

    def _turn(self, claimed: ScheduleRecord, now: datetime) -> None:
        try:
            with self._works.write(SYSTEM) as work:
                record = store.held(work.connection, claimed.id, lease=self._lease)
                if record is not None:
                    self._step(work, record, now)
        except Exception as error:
            _log.exception("The schedule %r could not be fired.", claimed.name)
            self._try_again(claimed, error, now)

    def _step(self, work: Work, record: ScheduleRecord, now: datetime) -> None:
        """One occasion, and no more, so that each has a transaction of its own."""
        try:
            workspace = self._workspaces.by_id(work, record.workspace_id)
        except NotFound:  # It was deleted, and may come back; then what was missed follows the policy.
            store.settle(work.connection, record, due_at=now + _LOOK_AGAIN)
            return
        trigger = record.entity().trigger
        if isinstance(trigger, TimeTrigger):
            self._fire_for_time(work, workspace, record, now)
        elif trigger is not None and record.watch_from is not None:
            self._fire_for_event(work, workspace, record, now)

    def _fire_for_time(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, now: datetime) -> None:
        entity = record.entity()
        assert isinstance(entity.trigger, TimeTrigger)
        if record.next_at is None or record.next_at > now:
            store.settle(work.connection, record, due_at=record.next_at)
            return
        found = timetable.due(entity.trigger, record.next_at, now, entity.missed_runs)
        if found.fire_at is not None:
            remark = _of_missed(found.since, entity.missed_runs) if found.since else None
            self._fire(work, workspace, record, at_time(found.fire_at), now=now, remark=remark)
        else:
            occasion = at_time(record.next_at)
            reason = "No server was up at that time, and the schedule skips what it missed (missed_runs: skip)."
            self._note(work, record, occasion, now=now, outcome="skipped", reason=reason)
        store.settle(work.connection, record, next_at=found.next_at, due_at=found.next_at, attempts=0)

    def _fire_for_event(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, now: datetime) -> None:
        trigger = record.entity().trigger
        assert record.watch_from is not None
        assert trigger is not None
        assert not isinstance(trigger, TimeTrigger)
        for occasion in self._watch.since(work, workspace, trigger, record.name, record.watch_from):
            if not store.has_fired(work.connection, record, occasion.cause):
                self._fire(work, workspace, record, occasion, now=now)
                store.settle(work.connection, record, due_at=now, attempts=0)  # there may be another one
                return
        watch_from = max(record.watch_from, now - _OVERLAP)
        store.settle(work.connection, record, watch_from=watch_from, due_at=now + _LOOK_AGAIN, attempts=0)

    def _fire(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        record: ScheduleRecord,
        occasion: Occasion,
        *,
        now: datetime,
        remark: str | None = None,
    ) -> None:
        if store.has_fired(work.connection, record, occasion.cause):
            return
        try:
            job = self._service.fire(work, workspace, record, occasion)
        except SmaltError as error:
            if error.status >= 500:
                raise
            _log.warning("The schedule %r failed to submit its job: %s", record.name, error.message)
            self._note(work, record, occasion, now=now, outcome="failed", reason=error.message)
            return
        self._note(work, record, occasion, now=now, outcome="submitted", job=job, reason=remark)

    def _note(
        self,
        work: Work,
        record: ScheduleRecord,
        occasion: Occasion,
        *,
        now: datetime,
        outcome: str,
        job: str | None = None,
        reason: str | None = None,
    ) -> None:
        if not store.has_fired(work.connection, record, occasion.cause):
            fire = FireRecord(record.id, occasion.cause, occasion.fire_at, now, outcome, job, reason)
            store.add_fire(work.connection, fire)

    def _try_again(self, claimed: ScheduleRecord, error: Exception, now: datetime) -> None:
        """After a failure that is not the schedule's, try later, and at last give the occasion up."""
        with self._works.write(SYSTEM) as work:
            record = store.held(work.connection, claimed.id, lease=self._lease)
            if record is None:
                return
            trigger = record.entity().trigger
            if record.attempts + 1 < _MOST_ATTEMPTS or not isinstance(trigger, TimeTrigger) or record.next_at is None:
                pause = timedelta(seconds=min(2.0**record.attempts, 60))
                store.settle(work.connection, record, due_at=now + pause, attempts=record.attempts + 1)
                return
            reason = f"The job could not be submitted after {_MOST_ATTEMPTS} attempts: {error}"
            self._note(work, record, at_time(record.next_at), now=now, outcome="failed", reason=reason)
            following = timetable.next_after(trigger, now)
            store.settle(work.connection, record, next_at=following, due_at=following, attempts=0)


def _of_missed(since: datetime, policy: MissedRuns) -> str:
    """What a run that fires says of those before it that did not."""
    match policy:
        case MissedRuns.ONCE:
            return f"It stands for the runs missed since {since.isoformat()}."
        case MissedRuns.SKIP:
            return f"The runs missed since {since.isoformat()} were skipped (missed_runs: skip)."
        case MissedRuns.ALL:
            return (
                f"Of the runs missed since {since.isoformat()} only the newest {timetable.MOST_MISSED} are made up for."
            )
