"""A worker as the gateway sees it: its connections, its pace, and whether it is there."""

from __future__ import annotations

import time
from typing import Protocol

from smalt.gateway.link import Link
from smalt.gateway.table import WorkerEntry

_SHORTEST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_LYING_SECONDS = 0.02
_STUCK_SECONDS = 0.05
_FEWEST_ANSWERS = 8
_PART_OF_LATEST = 0.1


class Keeper(Protocol):
    """Whoever has workers and hands requests to them."""

    def on_released(self, worker: Worker, link: Link, *, is_reusable: bool) -> None:
        """A request has been answered."""

    def on_closed(self, worker: Worker, link: Link, *, was_busy: bool) -> None:
        """A connection is gone."""


class Worker:
    """One of them, as the gateway sees it.

    Args:
        pool: Told what happens there.
        entry: As the table has it.

    Attributes:
        idle: Connections on which nothing is asked.
        in_flight: How many requests it has been sent and has not answered.
        down_until: When it is tried again, after nobody listened there.
        is_gone: Whether the table has it no more.
        moved_at: When it began to be busy, or answered last.
    """

    __slots__ = (
        "_answers", "_pace", "_pause", "_pool", "down_until", "entry", "idle", "in_flight", "is_gone", "moved_at"
    )  # fmt: skip

    def __init__(self, pool: Keeper, entry: WorkerEntry) -> None:
        self._pool = pool
        self.entry = entry
        self.idle: list[Link] = []
        self.in_flight = 0
        self.down_until = 0.0
        self._pause = _SHORTEST_PAUSE_SECONDS
        self.is_gone = False
        self.moved_at = 0.0
        self._pace = 0.0
        self._answers = 0

    def on_released(self, link: Link, *, is_reusable: bool) -> None:
        """A request has been answered."""
        self._pool.on_released(self, link, is_reusable=is_reusable)

    def on_closed(self, link: Link, *, was_busy: bool) -> None:
        """A connection is gone."""
        self._pool.on_closed(self, link, was_busy=was_busy)

    def on_lost(self) -> None:
        """It has left in the middle of a request: what else leads there leads to a process that is ending."""
        self.is_missed(time.monotonic())
        for link in list(self.idle):
            link.close()

    def answered(self, now: float) -> None:
        """It has answered: learn how long one takes it."""
        took, self.moved_at = now - self.moved_at, now
        self._answers += 1
        self._pace += (took - self._pace) * (_PART_OF_LATEST if self._answers > 1 else 1)

    def forget_pace(self) -> None:
        """It does not go on as it did: nothing lies there until it has answered some again."""
        self._answers = 0

    @property
    def lying(self) -> int:
        """How many requests wait there for it to begin with them."""
        return max(0, self.in_flight - self.entry.concurrency)

    def has_place(self, now: float) -> bool:
        """Whether one more may lie there: it is quick, so that none waits long for it while another one is free."""
        if self.lying >= self.entry.ahead or self._answers < _FEWEST_ANSWERS or self.down_until > now:
            return False
        return (self.lying + 1) * self._pace < _LYING_SECONDS and not self.hangs(now)

    def hangs(self, now: float) -> bool:
        """Whether it has not answered for longer than a request may lie there."""
        return now - self.moved_at > _STUCK_SECONDS

    def is_there(self) -> None:
        """Somebody listens there."""
        self._pause = _SHORTEST_PAUSE_SECONDS

    def is_missed(self, now: float) -> None:
        """Nobody listens there: leave it alone for a while. What was on its way before then counts once."""
        if now < self.down_until:
            return
        self.down_until = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    @property
    def is_away(self) -> bool:
        """Whether nobody listened there when it was last asked."""
        return self._pause > _SHORTEST_PAUSE_SECONDS
