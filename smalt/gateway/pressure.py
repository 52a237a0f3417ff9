"""How requests come and go while some wait: whether that is a burst or more than there are workers for. Pure."""

from __future__ import annotations

_WINDOW_SECONDS = 0.25
_FEWEST_IN_WINDOW = 8
_FEWEST_TO_JUDGE = 4
_SOONEST_SECONDS = 0.1
_MORE_THAN_SERVED = 1.05


class Pressure:
    """What has happened since the queue was empty last, of which only the latest part counts.

    A burst comes at once and is worked off: it may wait. When as many go on coming as are answered, or more, waiting
    longer makes everybody late and nobody's answer comes sooner.
    """

    __slots__ = ("_arrived", "_arrived_before", "_before_at", "_served", "_served_before", "_since")

    def __init__(self, now: float) -> None:
        self._before_at = self._since = now
        self._arrived = self._served = self._arrived_before = self._served_before = 0

    def arrived(self) -> None:
        """A request came, whether it may wait or not."""
        self._arrived += 1

    def served(self, now: float) -> None:
        """A worker has finished one."""
        self._served += 1
        if self._served >= _FEWEST_IN_WINDOW and now - self._since >= _WINDOW_SECONDS:
            self._arrived_before, self._served_before, self._before_at = self._arrived, self._served, self._since
            self._arrived = self._served = 0
            self._since = now

    def wait_seconds(self, waiting: int, now: float) -> float | None:
        """How long one that comes behind so many others will wait; None while nobody can say."""
        served = self._served + self._served_before
        if served < _FEWEST_TO_JUDGE:
            return None
        return (waiting + 1) * (now - self._before_at) / served

    def is_overload(self, now: float) -> bool:
        """Whether more comes than is answered."""
        served = self._served + self._served_before
        if served < _FEWEST_TO_JUDGE or now - self._before_at < _SOONEST_SECONDS:
            return False
        return self._arrived + self._arrived_before > _MORE_THAN_SERVED * served
