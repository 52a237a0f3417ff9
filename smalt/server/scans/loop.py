"""Looks at models that were registered, beside everything else: a large one takes a while."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime

from smalt.errors import NotFound
from smalt.kit import clock
from smalt.server.assets import AssetRegistered, AssetService
from smalt.server.events import Events
from smalt.server.scans import walking
from smalt.server.scans.service import ScanService
from smalt.server.scans.verdict import Scan
from smalt.server.work import SYSTEM, Works
from smalt.server.workspaces import WorkspaceService

_log = logging.getLogger(__name__)

_KIND = "models"


class ScanLoop:
    """Looks at what is registered in workspaces, and at its start at what was registered while nobody looked.

    Args:
        works: Opens transactions.
        events: Tell of new versions.
        scans: Keeps what is found.
        assets: Knows the models.
        workspaces: Knows the workspaces.
    """

    name = "scans"
    interval_seconds = 3600.0

    def __init__(
        self, works: Works, events: Events, scans: ScanService, assets: AssetService, workspaces: WorkspaceService
    ) -> None:
        self.wake = threading.Event()
        self._works = works
        self._scans = scans
        self._assets = assets
        self._workspaces = workspaces
        self._waiting: deque[tuple[str, str, str]] = deque()
        self._is_fresh = True
        events.subscribe(AssetRegistered, self._note)

    def run_once(self, now: datetime) -> bool:
        """Look at one model; True when more wait."""
        if self._is_fresh:
            self._waiting.extend(self._missed())
            self._is_fresh = False
        if not self._waiting:
            return False
        self._look(*self._waiting.popleft())
        return bool(self._waiting)

    def _note(self, event: AssetRegistered) -> None:
        if event.kind == _KIND:
            self._waiting.append((event.workspace_id, event.name, event.version))
            self.wake.set()

    def _missed(self) -> list[tuple[str, str, str]]:
        found = []
        with self._works.read(SYSTEM) as work:
            after: str | None = None
            while True:
                page = self._workspaces.list(work, (), after=after, limit=100)
                for room in page.items:
                    versions = self._assets.made_since(work, room, _KIND, None, clock.from_millis(0))
                    found += [
                        (room.id, each.name, each.version) for each in versions if not self._scans.is_known(work, each)
                    ]
                if page.after is None:
                    return found
                after = str(page.after)

    def _look(self, workspace_id: str, name: str, version: str) -> None:
        with self._works.read(SYSTEM) as work:
            try:
                room = self._workspaces.by_id(work, workspace_id)
                model = self._assets.get(work, room, _KIND, name, version)
            except NotFound:  # gone meanwhile, or of a registry, which is looked at when a workspace serves it
                return
            if self._scans.is_known(work, model):
                return
            place = self._scans.look(work, room, model)
        scan = place if isinstance(place, Scan) else walking.scan(place)
        with self._works.write(SYSTEM) as work:
            self._scans.keep(work, model, scan)
        _log.info("The model %s:%s: %s. %s", name, version, scan.verdict, scan.why)
