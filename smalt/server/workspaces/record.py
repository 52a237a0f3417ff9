"""A workspace as the other slices see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.workspace import Workspace


@dataclass(frozen=True)
class WorkspaceRecord:
    """A workspace that exists.

    Args:
        id: Its guid, which never changes and names its containers.
        name: Its name.
        group: Its resource group.
        subscription: Its subscription.
        location: Its location.
        scope: Its ARM id.
        entity: The workspace itself.
        revision: Counts its changes.
    """

    id: str
    name: str
    group: str
    subscription: str
    location: str
    scope: str
    entity: Workspace
    revision: int = 1

    @property
    def etag(self) -> str:
        """What `If-Match` must name to change exactly this state."""
        return f'"{self.id}-{self.revision}"'


@dataclass(frozen=True)
class GroupRecord:
    """A resource group that exists."""

    subscription: str
    name: str
    location: str
    tags: Mapping[str, Any]

    @property
    def scope(self) -> str:
        """Its ARM id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"
