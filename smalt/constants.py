"""Constants with the names of the v2 SDK."""

from __future__ import annotations

from smalt.entities.types import AssetType as AssetTypes
from smalt.entities.types import Mode as InputOutputModes

__all__ = ["AssetTypes", "InputOutputModes"]
