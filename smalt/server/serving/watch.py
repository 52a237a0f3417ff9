"""Tells which endpoints were asked something, so that pages that show their figures look again."""

from __future__ import annotations

import threading
from datetime import datetime

from smalt.errors import NotFound
from smalt.server.events import Events
from smalt.server.serving import store
from smalt.server.serving.events import EndpointAsked
from smalt.server.serving.requests import AccessLog
from smalt.server.serving.table import place_of
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceService

_LOOK_SECONDS = 2.0
_MOST_BYTES = 64 << 10
"""Of what has come between two looks only the end is read: it tells who was asked, and not how often."""


class RequestsLoop:
    """Looks at the gateway's lines now and then.

    Args:
        works: Opens looks.
        events: Where it is told.
        log: The lines.
        workspaces: Knows the workspaces.
        group: The resource group whose workspaces are called by their names.
    """

    name = "requests"
    interval_seconds = _LOOK_SECONDS

    def __init__(self, works: Works, events: Events, log: AccessLog, workspaces: WorkspaceService, group: str) -> None:
        self.wake = threading.Event()
        self._works = works
        self._events = events
        self._log = log
        self._workspaces = workspaces
        self._group = group
        self._mark: tuple[int, int] | None = None

    def run_once(self, now: datetime) -> bool:
        """Tell of the endpoints that were asked since the last look."""
        before, self._mark = self._mark, self._log.mark()
        if before is None or before == self._mark:
            return False
        is_same = before[0] == self._mark[0]
        fresh = self._mark[1] - before[1] if is_same else self._mark[1]
        asked = {(each.workspace, each.endpoint) for each in self._log.last(min(max(fresh, 0), _MOST_BYTES))}
        with self._works.read(SYSTEM) as work:
            found = [
                EndpointAsked(each.workspace_id, each.name)
                for each in store.all_endpoints(work.connection)
                if (self._place(work, each.workspace_id), each.name) in asked
            ]
        self._events.deliver(found)
        return False

    def _place(self, work: Work, workspace_id: str) -> str:
        try:
            return place_of(self._workspaces.by_id(work, workspace_id), group=self._group)
        except NotFound:
            return ""
