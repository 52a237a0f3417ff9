"""A registry: assets shared by many workspaces."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from smalt.entities.base import RESOURCE_NAME, Named
from smalt.entities.identity import ResourceIdentity
from smalt.entities.text import Text


class Registry(Named):
    """A registry and where it is kept."""

    name_rule: ClassVar[re.Pattern[str]] = RESOURCE_NAME

    location: Text | None = None
    public_network_access: Text | None = None
    replication_locations: list[dict[str, Any]] | None = None  # Any: kept as given
    intellectual_property: dict[str, Any] | None = None  # Any: kept as given
    container_registry: Any = None  # Any: a name or a mapping, kept as given
    identity: ResourceIdentity | None = None
    kind: Text | None = None
    managed_resource_group: Any = None  # Any: kept as given
    mlflow_registry_uri: Text | None = None
    discovery_url: Text | None = None
