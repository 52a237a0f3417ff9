"""What is tidied up now and then: unused environments, folders of old jobs, uploads that were given up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from smalt.environments import EnvironmentCache
from smalt.server.work import SYSTEM, Work, Works

_log = logging.getLogger(__name__)

_UNUSED_SECONDS = 30 * 86400.0


class Housekeeping:
    """The loop that tidies up.

    Args:
        works: Opens transactions.
        cache: The environments.
        in_use: Each gives keys of environments that somebody uses.
        tidiers: Further things to do, given the time.
    """

    name = "housekeeping"
    interval_seconds = 3600.0

    def __init__(
        self,
        works: Works,
        cache: EnvironmentCache,
        *,
        in_use: Sequence[Callable[[Work], set[str]]],
        tidiers: Sequence[Callable[[datetime], object]],
    ) -> None:
        self.wake = threading.Event()
        self._works = works
        self._cache = cache
        self._in_use = in_use
        self._tidiers = tidiers

    def run_once(self, now: datetime) -> bool:
        """Collect what is unused."""
        with self._works.read(SYSTEM) as work:
            keep = {key for find in self._in_use for key in find(work)}
        for key in self._cache.collect_garbage(keep, unused_seconds=_UNUSED_SECONDS):
            _log.info("Removed the environment %s, unused for 30 days.", key)
        for tidy in self._tidiers:
            tidy(now)
        return False
