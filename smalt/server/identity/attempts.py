"""Counts wrong secrets, so that guessing is slow: a bounded table of recent failures."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from smalt.server.identity.errors import TooManyAttempts


class Attempts:
    """Failures per place and name in a sliding window.

    Args:
        limit: Failures that are heard within the window.
        window_seconds: How long a failure counts.
        size: Most keys that are remembered.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        limit: int = 10,
        window_seconds: float = 60,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._window = window_seconds
        self._size = size
        self._clock = clock
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Return when another attempt is heard.

        Raises:
            TooManyAttempts: It is not yet.
        """
        with self._lock:
            moments = self._recent(key)
            if len(moments) < self._limit:
                return
            wait = math.ceil(moments[0] + self._window - self._clock())
        raise TooManyAttempts(
            f"{self._limit} wrong secrets came for this client. Try again in {wait} s with the right one.",
            retry_after_seconds=max(wait, 1),
        )

    def failed(self, key: str) -> None:
        """Count a failure."""
        with self._lock:
            moments = [*self._recent(key), self._clock()]
            self._failures.pop(key, None)
            while len(self._failures) >= self._size:
                del self._failures[next(iter(self._failures))]
            self._failures[key] = moments[-self._limit :]

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: str) -> list[float]:
        oldest = self._clock() - self._window
        return [moment for moment in self._failures.get(key, ()) if moment > oldest]
