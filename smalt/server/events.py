"""Facts that travel upwards: a slice publishes, the slices above it listen; delivered after commit, never before."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened in a workspace. Each slice derives its own."""

    workspace_id: str


E = TypeVar("E", bound=Event)


class Events:
    """Who listens to what.

    Delivery is a hint to look, not a promise: a process may die between commit and delivery, so every listener must
    also be able to find its work in the tables.
    """

    def __init__(self) -> None:
        self._listeners: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, kind: type[E], listener: Callable[[E], None]) -> None:
        """Call `listener` for every event of exactly this class."""
        self._listeners[kind].append(listener)

    def deliver(self, events: Iterable[Event]) -> None:
        """Hand events to their listeners; one that fails is logged and stops no other."""
        for happened in events:
            for listener in self._listeners[type(happened)]:
                try:
                    listener(happened)
                except Exception:
                    _log.exception("A listener failed on %r.", happened)
