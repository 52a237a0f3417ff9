"""What this slice tells."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class MonitorChanged(Event):
    """A run of a monitor was begun, or its results were read."""

    monitor: str


@dataclass(frozen=True, slots=True)
class AlertsWaiting(Event):
    """Somebody is to be told something."""
