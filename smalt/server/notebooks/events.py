"""Facts about notebooks that open pages want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class FilesChanged(Event):
    """Something in a folder was made, saved, moved or removed."""

    folder: str
