"""One thread that looks at jobs of a cluster now and then: often at what their nodes told, seldom at the cluster."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from smalt.executors.base import Handle

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
_ASK_SECONDS = 5.0
_SHORTEST_ASK_SECONDS = 0.1
"""Between two questions to the cluster, however many jobs there are."""
_CALM_SECONDS = 10.0
"""For so long after a change the cluster is asked at every look: an end is told there and here in short order."""


class Look(Protocol):
    """Looks at a workload."""

    def __call__(self, handle: Handle, *, ask_cluster: bool) -> object:
        """Something that differs when the workload may have changed."""


class Watcher:
    """Calls back when a job may have changed. A hint to look, never the truth.

    Args:
        look: Looks at one workload.
        on_change: Called in the watcher's thread.
    """

    def __init__(self, look: Look, on_change: Callable[[Handle], None]) -> None:
        self._look = look
        self._on_change = on_change
        self._guard = threading.Lock()
        self._watched: dict[Handle, _Watched] = {}
        self._closed = threading.Event()
        self._has_work = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smalt-ray-executor", daemon=True)
        self._thread.start()

    def add(self, handle: Handle) -> None:
        """Watch a workload from now on."""
        with self._guard:
            self._watched.setdefault(handle, _Watched())
        self._has_work.set()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._has_work.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._has_work.wait()
            with self._guard:
                watched = list(self._watched.items())
                if not watched:
                    self._has_work.clear()
            for handle, seen in watched:
                if self._closed.is_set():
                    return
                self._look_at(handle, seen)
            self._closed.wait(_LOOK_SECONDS)

    def _look_at(self, handle: Handle, seen: _Watched) -> None:
        try:
            here, _ = _pair(self._look(handle, ask_cluster=False))
            now = time.monotonic()
            has_changed = here != seen.here
            if has_changed:
                seen.here, seen.changed_at = here, now
            if now >= seen.ask_at or now - seen.changed_at < _CALM_SECONDS:
                _, there = _pair(self._look(handle, ask_cluster=True))
                seen.ask_at = now + _ASK_SECONDS
                has_changed = has_changed or there != seen.there
                seen.there = there
                self._closed.wait(_SHORTEST_ASK_SECONDS)
            if seen.there in ("SUCCEEDED", "FAILED", "STOPPED", "gone"):
                with self._guard:
                    self._watched.pop(handle, None)
            if has_changed:
                self._on_change(handle)
        except Exception:
            _log.exception("A look at job %r on its cluster failed.", handle)
            seen.ask_at = time.monotonic() + _ASK_SECONDS


class _Watched:
    """What was seen of a workload last."""

    def __init__(self) -> None:
        self.here: object = None
        self.there: object = None
        self.ask_at = 0.0
        self.changed_at = time.monotonic()


def _pair(seen: object) -> tuple[object, object]:
    assert isinstance(seen, tuple)
    return seen[0], seen[1]
