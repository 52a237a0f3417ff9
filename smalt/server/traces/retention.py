"""For how long traces are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from smalt.kit import clock
from smalt.server.traces import store
from smalt.server.work import SYSTEM, Works

_AT_ONCE = 200


class Retention:
    """Removes what is older than the operator wants.

    Args:
        works: Opens transactions.
        days: For how long traces are kept; None for ever.
    """

    def __init__(self, works: Works, *, days: float | None) -> None:
        self._works = works
        self._days = days

    def apply(self, now: datetime) -> None:
        """Remove all that is due, a little in each transaction, so that nobody waits for long."""
        if self._days is None:
            return
        until = clock.to_millis(now - timedelta(days=self._days))
        while True:
            with self._works.write(SYSTEM) as work:
                numbers = store.outdated(work.connection, until=until, limit=_AT_ONCE)
                store.remove(work.connection, numbers)
            if not numbers:
                return
