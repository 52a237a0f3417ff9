"""What the worker repeats for monitors: when a run has ended, read what its signals found and tell about breaches.

Files are read before the transaction, everything is written in one. A run is closed once, whoever reads it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smalt.errors import NotFound, SmaltError
from smalt.server.assets import DataLocator
from smalt.server.audit import AuditRecorder
from smalt.server.events import Events
from smalt.server.jobs import Changes, JobFinished, JobRecord, JobService
from smalt.server.monitoring import messages, reading, store
from smalt.server.monitoring.events import AlertsWaiting, MonitorChanged
from smalt.server.monitoring.reading import Found
from smalt.server.monitoring.store import RunRecord, RunState, Value
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_log = logging.getLogger(__name__)

BREACHED_TAG = "azureml_modelmonitor_threshold_breached"
_AUDITED = "workspaces/schedules/breached/action"
_MOST_AT_ONCE = 100
_LONGEST_TAG = 1000


@dataclass(frozen=True)
class Neighbours:
    """What this loop uses of the slices below.

    Args:
        jobs: Has the runs.
        locator: Finds what they wrote.
        workspaces: Knows the workspaces.
        recorder: Keeps the audit trail.
        url: Where people open the studio.
    """

    jobs: JobService
    locator: DataLocator
    workspaces: WorkspaceService
    recorder: AuditRecorder
    url: str


class ResultsLoop:
    """Reads what runs of monitors found.

    Args:
        works: Opens transactions.
        events: Tell of jobs that ended.
        below: The slices below.
    """

    name = "monitors"
    interval_seconds = 30.0

    def __init__(self, works: Works, events: Events, below: Neighbours) -> None:
        self.wake = threading.Event()
        self._works = works
        self._below = below
        events.subscribe(JobFinished, self._hear)

    def _hear(self, end: JobFinished) -> None:
        if end.parent is None:  # A run of a monitor has none; the steps of pipelines are many.
            self.wake.set()

    def run_once(self, now: datetime) -> bool:
        """Read every run that has ended."""
        with self._works.read(SYSTEM) as work:
            waiting = store.waiting(work.connection, limit=_MOST_AT_ONCE)
        is_closed = False
        for run in waiting:
            try:
                is_closed |= self._look(run)
            except SmaltError as error:
                _log.warning("The run %r of the monitor %r cannot be read: %s", run.job, run.monitor, error.message)
        return is_closed and len(waiting) == _MOST_AT_ONCE

    def _look(self, run: RunRecord) -> bool:
        """Close a run if its job is over; whether it was closed."""
        with self._works.read(SYSTEM) as work:
            try:
                workspace = self._below.workspaces.by_id(work, run.workspace_id)
            except NotFound:
                return False
            job = self._below.jobs.find(work, workspace, run.job)
            if job is not None and not job.status.is_terminal:
                return False
            found = {name: self._read(work, workspace, run, each) for name, each in run.planned["signals"].items()}
            reasons = self._reasons(work, workspace, job)
        with self._works.write(SYSTEM) as work:
            held = store.held(work.connection, run.id)
            if held is None:
                return False
            self._close(work, workspace, held, job, found, reasons)
        return True

    def _read(self, work: Work, workspace: WorkspaceRecord, run: RunRecord, planned: Mapping[str, Any]) -> Found | None:
        try:
            uri = self._below.jobs.output_uri(work, workspace, run.job, planned["output"])
            return reading.read(self._below.locator.locate(work, workspace, uri))
        except NotFound:
            return None

    def _reasons(self, work: Work, workspace: WorkspaceRecord, job: JobRecord | None) -> dict[str, str]:
        """Why steps failed, by what they are called."""
        children = self._below.jobs.children(work, workspace, job.name) if job is not None else []
        return {
            str(each.display_name): str((each.error or {}).get("message") or each.status.value)
            for each in children
            if each.status.is_terminal and each.error is not None
        }

    def _close(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        run: RunRecord,
        job: JobRecord | None,
        found: Mapping[str, Found | None],
        reasons: Mapping[str, str],
    ) -> None:
        told = {
            name: _told(run.planned["signals"][name], each, _reason(name, run, job, reasons))
            for name, each in found.items()
        }
        breached = [name for name, each in told.items() if each["state"] == RunState.BREACHED]
        state = _state([each["state"] for each in told.values()])
        store.close(work.connection, run, state=state, read_at=work.now, found=told, measured=_values(run, found))
        if breached and job is not None:
            self._tell_of_breach(work, workspace, run, job, breached, found)
        alerts = messages.compose(work, workspace, run, told, found, url=self._below.url)
        store.add_alerts(work.connection, alerts)
        if alerts:
            work.publish(AlertsWaiting(workspace.id))
        work.publish(MonitorChanged(workspace.id, run.monitor))

    def _tell_of_breach(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        run: RunRecord,
        job: JobRecord,
        breached: list[str],
        found: Mapping[str, Found | None],
    ) -> None:
        lines = [messages.sentence(name, found[name]) for name in breached]
        tags = {BREACHED_TAG: " ".join(lines)[:_LONGEST_TAG]}
        self._below.jobs.change(work, workspace, job.name, Changes(tags=tags))
        work.tell(monitor=run.monitor, job=job.name, signals=breached)
        scope = f"{workspace.scope}/schedules/{run.monitor}"
        self._below.recorder.happened(work, action=_AUDITED, scope=scope, workspace_scope=workspace.scope)


def _told(planned: Mapping[str, Any], found: Found | None, reason: str) -> dict[str, Any]:  # Any: JSON
    """What is said of a signal."""
    kept = {"type": planned["type"], "alert": planned["alert"]}
    if found is None:
        return {**kept, "state": RunState.FAILED.value, "reason": reason}
    state = RunState.BREACHED if found.breaches else RunState.HEALTHY
    return {**kept, "state": state.value, "breaches": found.breaches, "values": len(found.rows), **found.facts}


def _reason(name: str, run: RunRecord, job: JobRecord | None, reasons: Mapping[str, str]) -> str:
    if job is None:
        return "Its job was deleted before its results were read."
    if name in reasons:
        return reasons[name][:_LONGEST_TAG]
    step = run.planned["signals"][name]["step"]
    before = next((text for key, text in reasons.items() if key.startswith(f"{step}_")), None)
    return (before or str((job.error or {}).get("message") or "It left no results."))[:_LONGEST_TAG]


def _state(states: list[str]) -> RunState:
    for state in (RunState.BREACHED, RunState.FAILED):
        if state.value in states:
            return state
    return RunState.HEALTHY


def _values(run: RunRecord, found: Mapping[str, Found | None]) -> list[Value]:
    every = [(name, row) for name, each in found.items() if each is not None for row in each.rows]
    return [Value(run.id, number, name[:255], *row) for number, (name, row) in enumerate(every)]
