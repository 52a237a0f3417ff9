"""Folders of jobs on this machine: kept for a while after the end, so that somebody may look, and then removed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from smalt.server.jobs import store
from smalt.server.work import SYSTEM, Works

_log = logging.getLogger(__name__)

_AT_ONCE = 500


class Folders(Protocol):
    """What an executor keeps on this machine of the workloads it ran."""

    def kept(self) -> Iterable[str]:
        """Names of workloads of which something is kept."""

    def forget(self, name: str) -> bool:
        """Remove what is kept of a workload; False when it still runs."""


class Retention:
    """Removes what is kept of jobs that ended long ago. Their logs and outputs are artifacts, and stay.

    Args:
        works: Opens looks at the jobs.
        folders: What is kept.
        days: For how long after the end.
        newest: So many of the jobs that ended last are kept for longer.
    """

    def __init__(self, works: Works, folders: Folders, *, days: float = 7, newest: int = 20) -> None:
        self._works = works
        self._folders = folders
        self._age = timedelta(days=days)
        self._newest = newest

    def apply(self, now: datetime) -> list[str]:
        """Remove what may go; the names of the workloads."""
        ended = sorted(self._ended(), key=lambda pair: pair[1])
        old = [name for name, moment in ended[: max(len(ended) - self._newest, 0)] if moment < now - self._age]
        removed = [name for name in old if self._folders.forget(name)]
        if removed:
            _log.info("Removed the folders of %d jobs that ended long ago.", len(removed))
        return removed

    def _ended(self) -> Iterable[tuple[str, datetime]]:
        """Kept workloads of jobs that are over. What no job of ours is known by is not touched."""
        names = sorted(self._folders.kept())
        for start in range(0, len(names), _AT_ONCE):
            with self._works.read(SYSTEM) as work:
                yield from store.ended(work.connection, names[start : start + _AT_ONCE])
