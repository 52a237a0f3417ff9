"""A data asset: a versioned name for a file, a folder or an MLTable."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Asset
from smalt.entities.text import Text
from smalt.entities.types import AssetType, AssetTypeField


class Data(Asset):
    """`path` is local before it is uploaded, and a URI after; `datastore` is where to, and no longer known then."""

    type: AssetTypeField = AssetType.URI_FOLDER
    path: Text | None = None
    datastore: Text | None = None
    referenced_uris: list[str] | None = None
    auto_delete_setting: dict[str, Any] | None = None  # Any: kept as given
