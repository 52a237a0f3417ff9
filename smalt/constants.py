"""Constants with the names of the v2 SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smalt.entities.types import AssetType as AssetTypes
from smalt.entities.types import Mode as InputOutputModes

if TYPE_CHECKING:
    from smalt.entities.time_zone import TimeZone

__all__ = ["AssetTypes", "InputOutputModes", "TimeZone"]


def __getattr__(name: str) -> object:
    if name != "TimeZone":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from smalt.entities.time_zone import TimeZone  # loaded on use, for the table behind it

    return TimeZone
