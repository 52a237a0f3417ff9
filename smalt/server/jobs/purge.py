"""Ends and removes the jobs of a workspace that is deleted."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from smalt.server.jobs import places, store
from smalt.server.jobs.errors import JobAlreadyFinished
from smalt.server.jobs.service import JobService
from smalt.server.work import Work
from smalt.server.workspaces import Left, WorkspaceRecord

_AT_ONCE = 50


class JobsOfWorkspace:
    """The jobs of one workspace at a time, all together.

    Args:
        service: Cancels them.
        folders: Where their folders stand, each named for its workload.

    Attributes:
        on_removed: Called with the ids of jobs inside the transaction that removes them.
    """

    def __init__(self, service: JobService, folders: Path) -> None:
        self._service = service
        self._folders = folders
        self.on_removed: list[Callable[[Work, Sequence[str]], None]] = []

    def cancel(self, work: Work, workspace: WorkspaceRecord) -> None:
        """Ask for the end of everything that has not ended: for `WorkspaceService.on_deleted`."""
        for name in store.active_names(work.connection, workspace.id):
            with contextlib.suppress(JobAlreadyFinished):
                self._service.cancel(work, workspace, name)

    def purge(self, work: Work, workspace_id: str) -> Left:
        """Remove some jobs that have ended, with their folders."""
        if store.active_names(work.connection, workspace_id):
            return Left.UNFINISHED
        found = store.workloads(work.connection, workspace_id, limit=_AT_ONCE)
        for workload in found.values():
            # Before the row: after a kill in between, the row still says what there is to remove.
            shutil.rmtree(self._folders / workload, ignore_errors=True)
        for listener in self.on_removed:
            listener(work, list(found))
        store.remove(work.connection, found.keys())
        places.forget_workspace(work.connection, workspace_id)
        return Left.MORE if found else Left.NOTHING
