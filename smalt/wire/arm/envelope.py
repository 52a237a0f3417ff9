"""The envelope of ARM resources, and their ids: built here, and parsed without regard to case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smalt.kit import clock

PROVIDER = "Microsoft.MachineLearningServices"

_SPELLINGS = (
    "workspaces", "registries", "codes", "components", "data", "environments", "models", "versions", "labels",
    "datastores", "computes", "jobs", "connections", "schedules", "onlineEndpoints", "batchEndpoints",
    "deployments", "serverlessEndpoints", "marketplaceSubscriptions", "featuresets", "featurestoreEntities",
    "experiments", "runs", "outputs", "capabilityHosts", "outboundRules", "virtualClusters",
)  # fmt: skip
_CANONICAL = {spelling.lower(): spelling for spelling in _SPELLINGS}
_ID = re.compile(
    rf"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/{re.escape(PROVIDER)}"
    r"/(?P<root>workspaces|registries)/(?P<name>[^/]+)(?P<rest>(?:/[^/]+/[^/]+)*)/?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scope:
    """A workspace or a registry: what ids of its children begin with."""

    subscription: str
    resource_group: str
    name: str
    root: str = "workspaces"

    @property
    def path(self) -> str:
        """The id of the workspace or registry itself."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}/providers/{PROVIDER}"
            f"/{self.root}/{self.name}"
        )


@dataclass(frozen=True)
class ArmId:
    """A parsed id: the scope, then pairs of type and name, e.g. `(("models", "iris"), ("versions", "3"))`."""

    scope: Scope
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def type(self) -> str:
        """The type of the first child (`models`, `jobs`), or of the scope itself."""
        return self.parts[0][0] if self.parts else self.scope.root

    @property
    def name(self) -> str:
        """The name of the first child, or of the scope itself."""
        return self.parts[0][1] if self.parts else self.scope.name

    @property
    def version(self) -> str | None:
        """The version, for a versioned asset."""
        return self._child("versions")

    @property
    def label(self) -> str | None:
        """The label, e.g. `latest`."""
        return self._child("labels")

    @property
    def workspace(self) -> str | None:
        """The name of the workspace, if it is one."""
        return self.scope.name if self.scope.root == "workspaces" else None

    @property
    def registry(self) -> str | None:
        """The name of the registry, if it is one."""
        return self.scope.name if self.scope.root == "registries" else None

    @property
    def resource_type(self) -> str:
        """The full ARM type, e.g. `Microsoft.MachineLearningServices/workspaces/models/versions`."""
        return "/".join((PROVIDER, self.scope.root, *(kind for kind, _ in self.parts)))

    def _child(self, kind: str) -> str | None:
        return next((name for part, name in self.parts[1:] if part == kind), None)

    def __str__(self) -> str:
        return arm_id(self.scope, *(word for part in self.parts for word in part))


def arm_id(scope: Scope, *words: str) -> str:
    """The id of a child: `arm_id(scope, "models", "iris", "versions", "3")`."""
    return "/".join((scope.path, *words))


def parse_arm_id(text: str) -> ArmId | None:
    """Parse the id of a workspace, a registry or something inside; None if `text` is no such id."""
    match = _ID.match(text)
    if match is None:
        return None
    words = match["rest"].strip("/").split("/") if match["rest"] else []
    parts = tuple(zip((canonical_type(word) for word in words[::2]), words[1::2], strict=True))
    root = canonical_type(match["root"])
    return ArmId(Scope(match["subscription"], match["group"], match["name"], root), parts)


def canonical_type(word: str) -> str:
    """The usual spelling of a resource type: `onlineendpoints` is `onlineEndpoints`."""
    return _CANONICAL.get(word.lower(), word)


def resource(
    *,
    id: str,  # noqa: A002 - the word on the wire
    name: str,
    type: str,  # noqa: A002 - the word on the wire
    properties: Mapping[str, Any],  # Any: JSON
    created_at: datetime | str | None = None,
    created_by: str | None = None,
    modified_at: datetime | str | None = None,
    modified_by: str | None = None,
    created_by_type: str = "User",
    etag: str | None = None,
    **tracked: Any,  # Any: location, tags, identity, kind, sku
) -> dict[str, Any]:
    """The resource as ARM answers it: id, name, type, `systemData`, properties and what tracked resources add."""
    system = {
        "createdAt": _moment(created_at),
        "createdBy": created_by,
        "createdByType": created_by_type if created_by else None,
        "lastModifiedAt": _moment(modified_at or created_at),
        "lastModifiedBy": modified_by or created_by,
        "lastModifiedByType": created_by_type if modified_by or created_by else None,
    }
    body: dict[str, Any] = {"id": id, "name": name, "type": type, "properties": dict(properties)}
    body["systemData"] = {key: value for key, value in system.items() if value is not None}
    if etag is not None:
        body["etag"] = etag
    return body | {key: value for key, value in tracked.items() if value is not None}


def _moment(moment: datetime | str | None) -> str | None:
    return clock.to_text(moment) if isinstance(moment, datetime) else moment
