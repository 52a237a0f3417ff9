"""How hard a connection is used: calls at once, requests and tokens per minute, and back-off that all callers share.

A service that says "too many" (429) is left alone for as long as it asks, by every caller of the connection; the calls
at once are halved and grow again by one for each round of successes. Works for event loops and plain threads alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

_MINUTE = 60.0
_UNLIMITED = 10_000


class Pace:
    """The pace of one connection.

    Args:
        limits: `max_concurrency`, `requests_per_minute`, `tokens_per_minute`; what is missing has no limit.
        clock: Seconds that only grow.
    """

    def __init__(self, limits: Mapping[str, float], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = int(limits.get("max_concurrency", _UNLIMITED))
        self._requests = _Bucket(limits.get("requests_per_minute"), clock())
        self._tokens = _Bucket(limits.get("tokens_per_minute"), clock())
        self._clock = clock
        self._lock = threading.Lock()
        self._allowed: float = self._most
        self._busy = 0
        self._held_until = 0.0
        self._waiting: deque[Callable[[], None]] = deque()

    @contextlib.asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a place among the calls at once, and for the limits per minute."""
        while not self._entered():
            loop = asyncio.get_running_loop()
            woken = loop.create_future()
            wake = _waker(loop, woken)
            if not self._queue(wake):
                continue
            try:
                await woken
            except BaseException:
                self._forget(wake)
                raise
        try:
            wait = self._reserved(tokens)
            while wait > 0:
                await asyncio.sleep(wait)
                wait = self._held()
            yield
        finally:
            self._left()

    @contextlib.contextmanager
    def turn_now(self, tokens: int) -> Iterator[None]:
        """As `turn`, blocking the calling thread."""
        while not self._entered():
            woken = threading.Event()
            if self._queue(woken.set):
                woken.wait()
        try:
            wait = self._reserved(tokens)
            while wait > 0:
                time.sleep(wait)
                wait = self._held()
            yield
        finally:
            self._left()

    def hold(self, seconds: float) -> None:
        """The service asked to be left alone: nobody calls for so long, and fewer call at once after it."""
        with self._lock:
            now = self._clock()
            if now >= self._held_until:  # once for a burst of refusals, not for each of them
                self._allowed = max(1.0, min(self._allowed, self._busy) / 2)
            self._held_until = max(self._held_until, now + seconds)

    def succeeded(self) -> None:
        """A call was answered: one more may call at once after each round of successes."""
        with self._lock:
            if self._allowed < self._most:
                self._allowed = min(self._most, self._allowed + 1 / self._allowed)

    def _entered(self) -> bool:
        with self._lock:
            if self._busy >= int(self._allowed):
                return False
            self._busy += 1
            return True

    def _queue(self, wake: Callable[[], None]) -> bool:
        """Wait for a place; False if one has become free meanwhile."""
        with self._lock:
            if self._busy < int(self._allowed):
                return False
            self._waiting.append(wake)
            return True

    def _forget(self, wake: Callable[[], None]) -> None:
        """A caller gave up; if its turn had come already, it is the next one's."""
        with self._lock:
            if wake in self._waiting:
                self._waiting.remove(wake)
                return
            following = self._waiting.popleft() if self._waiting else None
        if following:
            following()

    def _left(self) -> None:
        with self._lock:
            self._busy -= 1
            free = int(self._allowed) - self._busy
            woken = [self._waiting.popleft() for _ in range(min(max(free, 0), len(self._waiting)))]
        for wake in woken:
            wake()

    def _reserved(self, tokens: int) -> float:
        """Book a call; the seconds until it may go."""
        with self._lock:
            now = self._clock()
            return max(
                self._held_until - now,
                self._requests.booked(1, now),
                self._tokens.booked(tokens, now),
                0.0,
            )

    def _held(self) -> float:
        with self._lock:
            return max(self._held_until - self._clock(), 0.0)


class _Bucket:
    """Grows by its limit per minute up to one minute's worth; what is booked beyond it waits."""

    def __init__(self, per_minute: float | None, now: float) -> None:
        self._rate = per_minute / _MINUTE if per_minute else None
        # A burst of a sixth of a minute: a full minute's worth at once is what services refuse.
        self._most = max(per_minute / 6, 1.0) if per_minute else 0.0
        self._left = self._most
        self._at = now

    def booked(self, amount: float, now: float) -> float:
        if self._rate is None:
            return 0.0
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - amount
        self._at = now
        return max(-self._left / self._rate, 0.0)


def _waker(loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None]) -> Callable[[], None]:
    def finish() -> None:
        if not woken.done():
            woken.set_result(None)

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop of a caller that is gone
            loop.call_soon_threadsafe(finish)

    return wake
