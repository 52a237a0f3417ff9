"""What this slice tells."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class MonitorRead(Event):
    """The results of a run of a monitor were read."""

    monitor: str


@dataclass(frozen=True, slots=True)
class AlertsWaiting(Event):
    """Somebody is to be told something."""
