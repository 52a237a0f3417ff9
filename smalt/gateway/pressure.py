"""How requests come and go while some wait: whether that is a burst or more than there are workers for. Pure."""

from __future__ import annotations

from typing import NamedTuple

_WINDOW_SECONDS = 0.1
_FEWEST_SERVED = 4
_WINDOWS = 2
_NONE_SEEN = 1 << 60
_MORE_THAN_SERVED = 1.05
_AS_MANY_AS_SERVED = 0.9


class Pressure:
    """What has happened since the queue was empty last, in windows of which the two latest count.

    A burst comes at once and is worked off, and so is what piles up while a worker hangs for a moment: that may wait.
    When more go on coming than are answered, waiting longer makes everybody late and nobody's answer comes sooner.
    Callers who wait for an answer before they ask again come no more often than they are answered: there it shows by a
    queue that does not get shorter.
    """

    __slots__ = ("_arrived", "_fewest", "_served", "_since", "_windows")

    def __init__(self, now: float) -> None:
        self._since = now
        self._arrived = self._served = 0
        self._fewest = _NONE_SEEN
        self._windows: list[_Window] = []

    def arrived(self) -> None:
        """A request came, whether it may wait or not."""
        self._arrived += 1

    def served(self, now: float, waiting: int) -> None:
        """A worker has finished one, while so many wait."""
        self._served += 1
        self._fewest = min(self._fewest, waiting)
        seconds = now - self._since
        if self._served >= _FEWEST_SERVED and seconds >= _WINDOW_SECONDS:
            rate = self._served / seconds
            window = _Window(self._arrived / self._served, rate, self._fewest / rate)
            self._windows = [*self._windows, window][-_WINDOWS:]
            self._arrived = self._served = 0
            self._fewest = _NONE_SEEN
            self._since = now

    def wait_seconds(self, waiting: int) -> float | None:
        """How long one that comes behind so many others will wait; None while nobody can say."""
        if len(self._windows) < _WINDOWS:
            return None
        return (waiting + 1) / max(each.rate for each in self._windows)

    def is_overload(self, standing_seconds: float) -> bool:
        """Whether more comes than is answered, or as much while all wait longer than that, and has for a while."""
        return len(self._windows) == _WINDOWS and all(
            each.growth > _MORE_THAN_SERVED
            or (each.growth > _AS_MANY_AS_SERVED and each.shortest_wait_seconds > standing_seconds)
            for each in self._windows
        )


class _Window(NamedTuple):
    growth: float
    rate: float
    shortest_wait_seconds: float
