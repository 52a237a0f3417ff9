"""Assets: versioned code, data, environments, models and components; datastores; and the bytes behind them."""

from smalt.server.assets.blob_routes import blob_routes
from smalt.server.assets.containers import Behind, Containers
from smalt.server.assets.datastore_routes import datastore_routes
from smalt.server.assets.datastores import (
    ARTIFACT_CONTAINER,
    ARTIFACTS,
    DEFAULT,
    WORKING,
    DatastoreService,
    blob_container,
    working_container,
)
from smalt.server.assets.events import AssetRegistered
from smalt.server.assets.locator import EXTERNAL, DataLocator, Location
from smalt.server.assets.prepare import Preparation
from smalt.server.assets.receive import receive
from smalt.server.assets.records import KINDS, AssetVersion, ContainerRecord, Owner, Stamp
from smalt.server.assets.routes import AssetPages, archived_view
from smalt.server.assets.service import AssetService
from smalt.server.assets.signing import Signer
from smalt.server.assets.small_text import small_text

__all__ = [
    "ARTIFACTS",
    "ARTIFACT_CONTAINER",
    "DEFAULT",
    "EXTERNAL",
    "KINDS",
    "WORKING",
    "AssetPages",
    "AssetRegistered",
    "AssetService",
    "AssetVersion",
    "Behind",
    "ContainerRecord",
    "Containers",
    "DataLocator",
    "DatastoreService",
    "Location",
    "Owner",
    "Preparation",
    "Signer",
    "Stamp",
    "archived_view",
    "blob_container",
    "blob_routes",
    "datastore_routes",
    "receive",
    "small_text",
    "working_container",
]
