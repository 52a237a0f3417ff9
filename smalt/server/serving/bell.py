"""Wakes coroutines that wait for something which happens in threads."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Bell:
    """Any number of coroutines wait; a ring from any thread wakes all of them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def ring(self) -> None:
        """Wake whoever waits."""
        with self._guard:
            waiting = list(self._waiting)
        for loop, event in waiting:
            with contextlib.suppress(RuntimeError):  # the loop of a server that has ended
                loop.call_soon_threadsafe(event.set)

    @contextlib.contextmanager
    def listening(self):  # type: ignore[no-untyped-def]  # yields what `wait` is called on
        """What happens inside the block is heard, even when it happens before the wait."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._guard:
            self._waiting.add(entry)
        try:
            yield entry[1]
        finally:
            with self._guard:
                self._waiting.discard(entry)


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for a ring; False when none came in time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    event.clear()
    return True
