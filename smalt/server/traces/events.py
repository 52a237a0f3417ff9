"""Facts about traces that others may want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class TracesStored(Event):
    """There are new traces, or more is known of some."""
