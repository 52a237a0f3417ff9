"""What the slice hands out: an owner's containers and versions, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from smalt.entities.base import AssetContainer, Entity
from smalt.errors import Unsupported
from smalt.wire.references import WorkspaceName

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


def check_home(owner: Owner, named: WorkspaceName | None, reference: str) -> None:
    """Return when a reference stays in the workspace it is read in.

    Raises:
        Unsupported: It names another, whose asset of the same name must not be taken for it.
    """
    if named is None or _is_called(owner, named):
        return
    raise Unsupported(
        f"{reference[:200]!r} names the workspace {named.name!r}, and this is {owner.name!r}. Register what it means "
        "here, or share it through a registry.",
        target="path",
    )


def _is_called(owner: Owner, named: WorkspaceName) -> bool:
    scope = owner.scope.lower()
    subscription, group = (named.subscription or "").lower(), (named.resource_group or "").lower()
    return (
        named.name.lower() in (owner.name.lower(), owner.id.lower())
        and (not subscription or scope.startswith(f"/subscriptions/{subscription}/"))
        and (not group or f"/resourcegroups/{group}/" in scope)
    )


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

    def source_in(self, workspace: Owner) -> str:
        """What leads to its files from a workspace: its path, or, for what stands elsewhere, its id."""
        return str(getattr(self.entity, "path", None) or "") if self.workspace_id == workspace.id else self.id

    @property
    def etag(self) -> str:
        """What `If-Match` must name to change exactly this state."""
        return f'"{self.name}-{self.version}-{self.stamp.revision}"'


def document_of(entity: Entity) -> dict[str, Any]:
    """What is stored of an entity: all but what the row itself holds."""
    return {key: value for key, value in entity.document().items() if key not in {"id", "creation_context"}}
