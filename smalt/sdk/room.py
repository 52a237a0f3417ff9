"""The workspace or registry in which operations work: its paths, its containers, its defaults."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.sdk.blobs import BlobContainer
from smalt.wire import references
from smalt.wire.arm.envelope import PROVIDER, Scope

if TYPE_CHECKING:
    from smalt.sdk.connect import Place
    from smalt.sdk.transport import Transport

_OPEN_KINDS = {"AzureBlob", "S3", "Gcs", "Local"}
"""Types of datastores that the server reads and writes."""


class Room:
    """A workspace, or a registry when one is named.

    Args:
        transport: The server.
        place: The workspace.
        registry: The registry whose assets are meant; the workspace is then not used for assets.
    """

    def __init__(self, transport: Transport, place: Place, registry: str | None = None) -> None:
        self.transport = transport
        self.place = place
        self.registry = registry
        self._datastores: dict[str, dict[str, Any]] = {}  # Any: JSON

    @cached_property
    def subscription(self) -> str:
        """The subscription."""
        return self._named("subscription", self.place.subscription)

    @cached_property
    def group(self) -> str:
        """The resource group."""
        return self._named("resource group", self.place.group)

    @cached_property
    def workspace(self) -> str:
        """The name of the workspace."""
        return self._named("workspace", self.place.workspace)

    @property
    def provider(self) -> str:
        """The path of everything of the platform in this resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{PROVIDER}"

    @cached_property
    def path(self) -> str:
        """The id of the workspace."""
        return Scope(self.subscription, self.group, self.workspace).path

    @property
    def asset_path(self) -> str:
        """The id of what holds the assets: the registry if one is named, else the workspace."""
        if self.registry is None:
            return self.path
        return Scope(self.subscription, self.group, self.registry, "registries").path

    @cached_property
    def details(self) -> dict[str, Any]:  # Any: JSON
        """The workspace as the server tells of it."""
        return self.transport.json("GET", self.path)

    @property
    def location(self) -> str:
        """The region of the workspace."""
        return str(self.details.get("location") or "local")

    def datastore(self, name: str) -> dict[str, Any]:  # Any: JSON
        """The properties of a datastore."""
        if name not in self._datastores:
            self._datastores[name] = self.transport.json("GET", f"{self.path}/datastores/{name}")["properties"]
        return self._datastores[name]

    @cached_property
    def default_datastore(self) -> str:
        """The name of the default datastore."""
        query = {"isDefault": "true", "count": "30", "orderByAsc": "false"}
        for body in self.transport.items(f"{self.path}/datastores", params=query):
            if body.get("properties", {}).get("isDefault"):
                self._datastores[body["name"]] = body["properties"]
                return str(body["name"])
        return "workspaceblobstore"

    def container(self, datastore: str) -> BlobContainer:
        """The container behind a datastore.

        Raises:
            Unsupported: The datastore is no container on this server.
        """
        properties = self.datastore(datastore)
        kind = properties.get("datastoreType")
        if kind not in _OPEN_KINDS:
            raise Unsupported(
                f"Datastore {datastore!r} is of type {kind}; its files cannot be moved through the server. "
                "Use the tools of that store, or a datastore of type azure_blob, s3, gcs or local."
            )
        workspace_id = self.details["properties"]["workspaceId"]
        is_own = f"/blob/{workspace_id}" in (properties.get("accountName") or "")
        # What stands elsewhere the server opens with the datastore's own credentials, which never come here.
        container = properties["containerName"] if is_own else f"datastore-{datastore}"
        return BlobContainer(self.transport, f"/blob/{workspace_id}/{container}")

    def container_of_name(self, name: str) -> BlobContainer:
        """A container of the workspace's own datastores, whose files may be written over.

        Raises:
            NotFound: No datastore of this server has it.
        """
        workspace_id = self.details["properties"]["workspaceId"]
        for body in self.transport.items(f"{self.path}/datastores"):
            properties = body["properties"]
            if properties.get("containerName") == name and f"/blob/{workspace_id}" in properties.get("accountName", ""):
                return BlobContainer(self.transport, f"/blob/{workspace_id}/{name}", writes_over=True)
        raise NotFound(
            f"No datastore of this server has a container {name!r}. `smalt datastore show -n workspaceblobstore` "
            "tells the one of the default datastore."
        )

    def locate(self, uri: str) -> tuple[BlobContainer, str] | None:
        """The container and key behind a URI of a datastore or of this server; None for what lies elsewhere."""
        reference = references.parse(uri)
        if isinstance(reference, references.DatastorePath):
            return self.container(reference.datastore), reference.path
        parts = urlsplit(self.transport.resolve(uri)) if isinstance(reference, references.RemoteUrl) else None
        if parts is None or not self.transport.url.endswith(f"//{parts.netloc}"):
            return None
        words = parts.path.split("/", 4)
        if len(words) != 5 or words[1] != "blob":
            return None
        return BlobContainer(self.transport, "/".join(words[:4])), references.clean_key(unquote(words[4]))

    def datastore_uri(self, datastore: str, key: str) -> str:
        """The long URI of a key in a datastore, which means the same from every workspace."""
        return (
            f"azureml://subscriptions/{self.subscription}/resourcegroups/{self.group}/workspaces/{self.workspace}"
            f"/datastores/{datastore}/paths/{key}"
        )

    @staticmethod
    def _named(what: str, value: str | None) -> str:
        if value:
            return value
        raise InvalidRequest(
            f"No {what} is named. Pass it, set it in config.json, or start a server: smalt up --detach"
        )
