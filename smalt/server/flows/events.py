"""Facts about flows that open pages want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class FlowChanged(Event):
    """A flow was saved, described anew or deleted."""

    flow: str
