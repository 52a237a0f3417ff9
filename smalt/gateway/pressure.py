"""How requests come and go while some wait: whether that is a burst or more than there are workers for. Pure."""

from __future__ import annotations

_WINDOW_SECONDS = 0.1
_FEWEST_SERVED = 4
_WINDOWS = 2
_MORE_THAN_SERVED = 1.05


class Pressure:
    """What has happened since the queue was empty last, in windows of which the two latest count.

    A burst comes at once and is worked off, and so is what piles up while a worker hangs for a moment: that may wait.
    When more go on coming than are answered, waiting longer makes everybody late and nobody's answer comes sooner.
    """

    __slots__ = ("_arrived", "_served", "_since", "_windows")

    def __init__(self, now: float) -> None:
        self._since = now
        self._arrived = self._served = 0
        self._windows: list[tuple[float, float]] = []

    def arrived(self) -> None:
        """A request came, whether it may wait or not."""
        self._arrived += 1

    def served(self, now: float) -> None:
        """A worker has finished one."""
        self._served += 1
        seconds = now - self._since
        if self._served >= _FEWEST_SERVED and seconds >= _WINDOW_SECONDS:
            growth = self._arrived / self._served
            self._windows = [*self._windows, (growth, self._served / seconds)][-_WINDOWS:]
            self._arrived = self._served = 0
            self._since = now

    def wait_seconds(self, waiting: int) -> float | None:
        """How long one that comes behind so many others will wait; None while nobody can say."""
        if len(self._windows) < _WINDOWS:
            return None
        return (waiting + 1) / max(rate for _, rate in self._windows)

    @property
    def is_overload(self) -> bool:
        """Whether more comes than is answered, and has for a while."""
        return len(self._windows) == _WINDOWS and all(growth > _MORE_THAN_SERVED for growth, _ in self._windows)
