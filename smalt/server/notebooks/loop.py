"""Starts and stops compute instances at their times, and stops those that nothing runs on."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from smalt.entities.compute.instance import ComputeInstance
from smalt.errors import SmaltError
from smalt.server.compute import ComputeRecord, ComputeService
from smalt.server.jobs import JobService
from smalt.server.notebooks import lifecycle
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceService

_log = logging.getLogger(__name__)


class InstanceLoop:
    """Looks at every compute instance now and then.

    Args:
        works: Opens transactions.
        computes: The instances.
        jobs: What runs on them.
        workspaces: Where they are.
    """

    name = "instances"
    interval_seconds = 30.0

    def __init__(self, works: Works, computes: ComputeService, jobs: JobService, workspaces: WorkspaceService) -> None:
        self.wake = threading.Event()
        self._works = works
        self._computes = computes
        self._jobs = jobs
        self._workspaces = workspaces

    def run_once(self, now: datetime) -> bool:
        """Move every instance whose time has come."""
        with self._works.read(SYSTEM) as work:
            due = [record for record in self._computes.instances(work) if self._move(work, record, now) is not None]
        for record in due:
            with self._works.write(SYSTEM) as work:
                self._turn(work, record, now)
        return False

    def _turn(self, work: Work, record: ComputeRecord, now: datetime) -> None:
        workspace = self._workspaces.by_id(work, record.workspace_id)
        fresh = self._computes.find(work, workspace, record.name)
        found = None if fresh is None else self._move(work, fresh, now)
        if found is None:
            return
        change = self._computes.start if found.starts else self._computes.stop
        change(work, workspace, record.name, trigger=found.trigger)
        _log.info("%s the instance %r (%s).", "Started" if found.starts else "Stopped", record.name, found.trigger)

    def _move(self, work: Work, record: ComputeRecord, now: datetime) -> lifecycle.Move | None:
        assert isinstance(record.entity, ComputeInstance)
        try:
            workspace = self._workspaces.by_id(work, record.workspace_id)
        except SmaltError:  # it was deleted a moment ago
            return None
        return lifecycle.move(
            record.entity,
            runs=record.is_started,
            is_busy=self._jobs.on_compute(work, workspace, record.name) is not None,
            changed_at=record.modified_at,
            active_at=self._jobs.last_end_on(work, workspace, record.name) or record.modified_at,
            now=now,
        )
