"""What the slice hands out: an owner's containers and versions, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from smalt.entities.base import AssetContainer, Entity

KINDS = ("codes", "components", "data", "environments", "models")
"""The versioned kinds, in the words of the ARM path."""

SINGULAR = {kind: kind.rstrip("s") if kind != "data" else "data" for kind in KINDS}


class Owner(Protocol):
    """A workspace or a registry: whatever assets may belong to."""

    @property
    def id(self) -> str:
        """Its guid."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def scope(self) -> str:
        """What the ids of its assets begin with."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who made a row and who changed it last."""

    revision: int
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """All versions of one asset together."""

    kind: str
    name: str
    entity: AssetContainer
    labels: Mapping[str, str]
    next_number: int
    is_archived: bool
    is_anonymous: bool
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class AssetVersion:
    """One version of an asset.

    Args:
        id: Its ARM id, or `azureml://registries/...` for one in a registry.
        kind: One of `KINDS`.
        workspace_id: The owner's guid.
        entity: What it says.
    """

    id: str
    kind: str
    name: str
    version: str
    workspace_id: str
    entity: Any  # Any: the entity class of the kind; callers know which they asked for
    is_archived: bool
    stamp: Stamp

    @property
    def etag(self) -> str:
        """What `If-Match` must name to change exactly this state."""
        return f'"{self.name}-{self.version}-{self.stamp.revision}"'


def document_of(entity: Entity) -> dict[str, Any]:
    """What is stored of an entity: all but what the row itself holds."""
    return {key: value for key, value in entity.document().items() if key not in {"id", "creation_context"}}
