"""Facts about runs that others may want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class RunLogged(Event):
    """A run has more metrics, params or tags."""

    run: str
