"""Facts about assets that others may want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class AssetRegistered(Event):
    """There is a new version of an asset."""

    kind: str
    name: str
    version: str
