"""Facts about schedules that others may want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class ScheduleChanged(Event):
    """A schedule was written, so that it may fire sooner than was known."""

    schedule: str
