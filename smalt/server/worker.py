"""Runs the loops of the slices: each in a thread of its own, woken by events, looking by itself now and then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from smalt.kit import clock

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 30.0
_MOST_DOUBLINGS = 10


class Loop(Protocol):
    """What the worker repeats. One turn looks at the outside world, moves one step and writes it down."""

    name: str
    wake: threading.Event

    @property
    def interval_seconds(self) -> float:
        """How long it waits for an event before it looks by itself."""

    def run_once(self, now: datetime) -> bool:
        """One turn; True when there may be more to do at once."""


class Worker:
    """Keeps loops turning until stopped.

    Attributes:
        loops: What turns.
    """

    def __init__(self, loops: Sequence[Loop]) -> None:
        self.loops = loops
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin turning."""
        for loop in self.loops:
            thread = threading.Thread(target=self._turn, args=(loop,), name=f"loop-{loop.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, timeout_seconds: float = 5) -> None:
        """Let each loop finish its turn. What is cut off is taken up by the next server."""
        self._stopped.set()
        for loop in self.loops:
            loop.wake.set()
        for thread in self._threads:
            thread.join(timeout_seconds)

    def _turn(self, loop: Loop) -> None:
        failures = 0
        while True:
            loop.wake.clear()  # before the look at `_stopped`, so that a stop in between is not forgotten
            if self._stopped.is_set():
                return
            try:
                more = loop.run_once(clock.now())
                failures = 0
            except Exception:
                failures += 1
                more = False
                _log.exception("The loop %s failed; it turns again.", loop.name)
            if failures:
                # Events do not cut this pause short: each would fail again, as fast as they come.
                self._stopped.wait(_pause(loop.interval_seconds, failures))
            elif not more:
                loop.wake.wait(loop.interval_seconds)


def _pause(interval_seconds: float, failures: int) -> float:
    """Twice as long with each failure in a row; never shorter than the loop's own interval."""
    longer = interval_seconds * 2.0 ** min(failures, _MOST_DOUBLINGS)
    return max(interval_seconds, min(longer, _LONGEST_PAUSE_SECONDS))
