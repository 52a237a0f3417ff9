"""Removes everything that a purged workspace held: a stored intent, made true in parts and taken up after a kill."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from smalt.server.events import Events
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import store
from smalt.server.workspaces.service import WorkspaceDeleted, WorkspaceService

_log = logging.getLogger(__name__)

KEPT = timedelta(days=14)
"""How long a deleted workspace can come back, as on Azure."""


class Left(StrEnum):
    """What is left of a part after one turn."""

    NOTHING = "nothing"
    MORE = "more"
    UNFINISHED = "unfinished"
    """Something still runs; whoever runs it calls when it has ended."""


Part = Callable[[Work, str], Left]
"""Removes a bounded number of rows of a workspace, given by its guid, so that no transaction is long."""


class PurgeLoop:
    """Removes what purged workspaces held, and at last their rows.

    Args:
        works: Opens transactions.
        events: Where purges are heard.
        workspaces: Decides about workspaces that were deleted long ago.
        parts: In this order, for what comes first may be needed to find what comes later.
        files: Removes what stands outside the database; done again after a kill, it finds less to do.
    """

    name = "purge"
    interval_seconds = 60.0

    def __init__(
        self,
        works: Works,
        events: Events,
        workspaces: WorkspaceService,
        *,
        parts: Sequence[Part],
        files: Callable[[str], None],
    ) -> None:
        self.wake = threading.Event()
        self._works = works
        self._workspaces = workspaces
        self._parts = parts
        self._files = files
        self._is_waiting = False
        events.subscribe(WorkspaceDeleted, lambda _: self.wake.set())

    def note_end(self) -> None:
        """Something that ran has ended: look again if a purge waits for that."""
        if self._is_waiting:
            self.wake.set()

    def run_once(self, now: datetime) -> bool:
        """One step of every purged workspace; True when there may be more at once."""
        with self._works.read(SYSTEM) as work:
            expired = store.deleted_before(work.connection, now - KEPT)
        if expired:
            with self._works.write(SYSTEM) as work:
                for row in store.deleted_before(work.connection, now - KEPT):
                    self._workspaces.purge(work, self._workspaces.even_deleted(work, row["id"]))
        with self._works.read(SYSTEM) as work:
            purged = store.purged(work.connection)
        self._is_waiting = bool(purged)  # Already now, for what ends while this looks.
        left = [self._step(workspace_id) for workspace_id in purged]
        self._is_waiting = Left.UNFINISHED in left
        return Left.MORE in left

    def _step(self, workspace_id: str) -> Left:
        for part in self._parts:
            with self._works.write(SYSTEM) as work:
                left = part(work, workspace_id)
            if left is not Left.NOTHING:
                return left
        self._files(workspace_id)
        with self._works.write(SYSTEM) as work:
            store.remove_workspace(work.connection, workspace_id)
        _log.info("Removed everything of the purged workspace %s.", workspace_id)
        return Left.NOTHING
