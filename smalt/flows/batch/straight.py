"""Lines that wait for nothing but their own code: threads take one after another, without an event loop.

One thread runs lines for as long as they are short, since a line that is handed from thread to thread costs more than
it takes. As soon as lines turn out to be long, or none has ended for a moment, as many threads run as may.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any

from smalt.flows.batch.logs import Pieces, line_log
from smalt.flows.running.flow import Flow, StraightLine, inside

# A line that takes less is done sooner than another thread has been woken for it.
_SHORT_SECONDS = 0.0005
# Short lines of which none has ended for this long are waiting for something.
_STUCK_SECONDS = 0.005
# What has ended waits no longer than this to be written.
_REST_SECONDS = 0.05


class Turn:
    """A line that a thread has taken."""

    __slots__ = ("began", "error", "is_given_up", "line", "number", "pieces", "seconds")

    seconds: float
    """How long it took; nothing while it runs."""

    def __init__(self, number: int, line: StraightLine) -> None:
        self.number = number
        self.line = line
        self.pieces: Pieces = []
        self.error: BaseException | None = None
        self.is_given_up = False
        self.began = time.perf_counter()
        self.seconds = 0.0

    def run(self) -> None:
        """From a thread: run the line."""
        try:
            with line_log() as self.pieces:
                self.line.run()
        except BaseException as error:
            self.error = error


class StraightLines:
    """Runs lines of a flow that needs no event loop.

    Args:
        flow: The flow, loaded.
        run_name: The run that the lines belong to.
        at_once: How many threads may run lines.
        line_seconds: A line that takes longer has failed; its thread is left to itself and replaced.
    """

    def __init__(self, flow: Flow, run_name: str, *, at_once: int, line_seconds: float | None) -> None:
        self._flow = flow
        self._run_name = run_name
        self._at_once = at_once
        self._line_seconds = line_seconds
        self._waiting: deque[tuple[int, Mapping[str, Any]]] = deque()  # Any: values of flows
        self._ended: SimpleQueue[Turn] = SimpleQueue()
        self._running: dict[int, Turn | None] = {}
        self._started = 0
        # Held where a line changes hands, so that none both ends and is given up.
        self._lock = threading.Lock()

    def run(
        self, lines: Iterable[tuple[int, Mapping[str, Any]]], *, until: float | None
    ) -> Generator[list[Turn]]:  # Any: values of flows
        """Yield lines as they end, several at once; nothing when there is time to write what has ended.

        Args:
            lines: Their numbers and inputs.
            until: When all of them must have ended, as `time.monotonic` has it.

        Raises:
            TimeoutError: They have not.
            BaseException: What code of the flow raised that is no `Exception`: it wants the program to end.
        """
        self._waiting.extend(lines)
        missing = len(self._waiting)
        try:
            with inside(self._flow.folder):
                is_rested = True
                while missing:
                    self._grow_to(1)
                    ended = self._next_ended(self._patience(until, is_rested=is_rested))
                    ended += self._late()
                    is_rested = not ended
                    missing -= len(ended)
                    for turn in ended:
                        if turn.error is not None:
                            raise turn.error
                    yield ended
                    if until is not None and time.monotonic() >= until and missing:
                        raise TimeoutError
                    if _are_long(ended):
                        self._grow_to(self._at_once)
        finally:
            self._waiting.clear()

    def _grow_to(self, count: int) -> None:
        for _ in range(min(count - len(self._running), len(self._waiting))):
            self._started += 1
            self._running[self._started] = None
            threading.Thread(target=self._serve, args=(self._started,), name="smalt-flow", daemon=True).start()

    def _serve(self, thread: int) -> None:
        """From a thread: take lines until none is left."""
        while True:
            with self._lock:
                if not self._waiting:
                    del self._running[thread]
                    return
                number, inputs = self._waiting.popleft()
                line = self._flow.straight_line(inputs, line_number=number, run_id=self._run_name)
                self._running[thread] = turn = Turn(number, line)
            copy_context().run(turn.run)
            with self._lock:
                turn.seconds = time.perf_counter() - turn.began
                is_replaced = turn.is_given_up
            self._ended.put(turn)
            if is_replaced:
                return

    def _patience(self, until: float | None, *, is_rested: bool) -> float | None:
        """How long to wait for a line to end."""
        waits = [] if is_rested else [_REST_SECONDS]
        if self._waiting and len(self._running) < self._at_once:
            waits.append(_STUCK_SECONDS)
        if until is not None:
            waits.append(until - time.monotonic())
        if self._line_seconds is not None:
            now = time.perf_counter()
            waits.append(min([turn.began for turn in self._turns()], default=now) + self._line_seconds - now)
        return max(min(waits), 0.0) if waits else None

    def _next_ended(self, seconds: float | None) -> list[Turn]:
        """What has ended; nothing if nothing does within this time."""
        try:
            found = [self._ended.get(timeout=seconds)]
        except Empty:
            return []
        while not self._ended.empty():
            found.append(self._ended.get())
        return [turn for turn in found if not turn.is_given_up]

    def _late(self) -> list[Turn]:
        """Give up lines whose time is over."""
        found: list[Turn] = []
        if self._line_seconds is None:
            return found
        latest = time.perf_counter() - self._line_seconds
        with self._lock:
            for thread, turn in list(self._running.items()):
                if turn is not None and turn.began <= latest and not turn.seconds:
                    turn.is_given_up = True
                    del self._running[thread]
                    found.append(turn)
        for turn in found:
            turn.line.give_up(self._line_seconds)
        return found

    def _turns(self) -> list[Turn]:
        with self._lock:
            return [turn for turn in self._running.values() if turn is not None and not turn.seconds]


def _are_long(ended: list[Turn]) -> bool:
    """Whether more threads are worth it: lines take long, or none has ended for a moment."""
    return sum(turn.seconds for turn in ended) >= _SHORT_SECONDS * len(ended)
