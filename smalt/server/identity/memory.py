"""A small memory with a short lifetime: spares a query per request, and forgets at once when told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ShortMemory(Generic[K, V]):
    """Keys to values for a few seconds.

    Args:
        lifetime_seconds: How stale a value may be that another process has changed.
        size: Most entries; the oldest go first.

    A value read before something was forgotten and offered after it is not kept: the reader asks for a `ticket` before
    it reads.
    """

    def __init__(self, *, lifetime_seconds: float = 5.0, size: int = 4096) -> None:
        self._lifetime = lifetime_seconds
        self._size = size
        self._entries: dict[K, tuple[float, V]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The value, when it is fresh."""
        entry = self._entries.get(key)
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def ticket(self) -> int:
        """What to hand to `put` with a value that is read from now on."""
        return self._generation

    def put(self, key: K, value: V, *, ticket: int, lifetime_seconds: float | None = None) -> None:
        """Keep a value, unless something was forgotten since the ticket was given."""
        lifetime = self._lifetime if lifetime_seconds is None else min(self._lifetime, lifetime_seconds)
        with self._lock:
            if ticket != self._generation or lifetime <= 0:
                return
            self._entries.pop(key, None)
            while len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (time.monotonic() + lifetime, value)

    def forget(self, is_meant: Callable[[V], bool]) -> None:
        """Forget some values."""
        with self._lock:
            self._generation += 1
            self._entries = {key: entry for key, entry in self._entries.items() if not is_meant(entry[1])}

    def forget_all(self) -> None:
        """Start anew."""
        with self._lock:
            self._generation += 1
            self._entries.clear()
