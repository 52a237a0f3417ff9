"""Resources without versions: datastores, computes, connections, workspaces, registries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smalt.sdk.operations.base import JsonObject, JsonObjects, Operations, required_name
from smalt.sdk.poller import Poller
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import PROVIDER

if TYPE_CHECKING:
    from smalt.entities.compute.base import Compute
    from smalt.entities.connection import Connection
    from smalt.entities.datastore import Datastore
    from smalt.entities.registry import Registry
    from smalt.entities.workspace import Workspace


class DatastoreOperations(Operations["Datastore"]):
    """`client.datastores`."""

    kind = "datastores"

    def list(self, *, include_secrets: bool = False, max_results: int | None = None) -> Iterator[Datastore]:
        """All datastores."""
        for found in self._list(max_results=max_results):
            yield self._with_secrets(found) if include_secrets else found

    def get(self, name: str, *, include_secrets: bool = False) -> Datastore:
        """One datastore."""
        found = self._get(name)
        return self._with_secrets(found) if include_secrets else found

    def get_default(self, *, include_secrets: bool = False) -> Datastore:
        """The datastore that is used where none is named."""
        return self.get(self._room.default_datastore, include_secrets=include_secrets)

    def create_or_update(self, datastore: Datastore) -> Datastore:
        """Write a datastore."""
        return self._put(required_name(datastore, "datastore"), datastore, {"skipValidation": "true"})

    def delete(self, name: str) -> None:
        """Forget a datastore; what it points to stays."""
        self._room.transport.request("DELETE", self._path(name))

    def _with_secrets(self, datastore: Datastore) -> Datastore:
        if datastore.credentials.type == "none":
            return datastore
        path = self._path(required_name(datastore, "datastore"), "listSecrets")
        secrets = self._room.transport.json("POST", path, body={})
        body = codec(self.kind).to_arm(datastore)
        credentials = body["properties"].setdefault("credentials", {})
        credentials["secrets"] = secrets
        return self._read({**body, "id": datastore.id, "name": datastore.name})


class ConnectionOperations(Operations["Connection"]):
    """`client.connections`."""

    kind = "connections"

    def list(
        self, connection_type: str | None = None, *, populate_secrets: bool = False, max_results: int | None = None
    ) -> Iterator[Connection]:
        """All connections, or those of one type."""
        query = {"category": connection_type} if connection_type else None
        for found in self._list(query, max_results=max_results):
            yield self.get(required_name(found, "connection"), populate_secrets=True) if populate_secrets else found

    def get(self, name: str, *, populate_secrets: bool = False) -> Connection:
        """One connection; its secrets only when asked for and allowed."""
        if not populate_secrets:
            return self._get(name)
        return self._read({"name": name, **self._room.transport.json("POST", self._path(name, "listsecrets"), body={})})

    def create_or_update(self, connection: Connection, *, populate_secrets: bool = False) -> Connection:
        """Write a connection."""
        name = required_name(connection, "connection")
        written = self._put(name, connection)
        return self.get(name, populate_secrets=True) if populate_secrets else written

    def delete(self, name: str) -> None:
        """Delete a connection."""
        self._room.transport.request("DELETE", self._path(name))


class ComputeOperations(Operations["Compute"]):
    """`client.compute`."""

    kind = "computes"

    def list(self, *, compute_type: str | None = None, max_results: int | None = None) -> Iterator[Compute]:
        """All computes, or those of one type."""
        wanted = compute_type.lower() if compute_type else None
        found = (each for each in self._list() if wanted in {None, each.type.lower()})
        return (each for _, each in zip(range(max_results), found, strict=False)) if max_results else found

    def get(self, name: str) -> Compute:
        """One compute."""
        return self._get(name)

    def list_nodes(self, name: str) -> JsonObjects:
        """The nodes of a cluster."""
        answer = self._room.transport.json("POST", self._path(name, "listNodes"))
        return list(answer.get("nodes") or answer.get("value") or ())

    def begin_create_or_update(self, compute: Compute) -> Poller[Compute]:
        """Create a compute, or change it."""
        body = codec(self.kind).to_arm(compute, secrets=True)
        body.setdefault("location", self._room.location)
        return self._begin_put(required_name(compute, "compute"), body)

    begin_attach = begin_create_or_update
    begin_update = begin_create_or_update

    def begin_delete(self, name: str, *, action: str = "Delete") -> Poller[None]:
        """Delete a compute, or only detach it (`action="Detach"`)."""
        return self._begin("DELETE", self._path(name), query={"underlyingResourceAction": action})

    def begin_start(self, name: str) -> Poller[None]:
        """Start a compute."""
        return self._begin("POST", self._path(name, "start"))

    def begin_stop(self, name: str) -> Poller[None]:
        """Stop a compute."""
        return self._begin("POST", self._path(name, "stop"))

    def begin_restart(self, name: str) -> Poller[None]:
        """Restart a compute."""
        return self._begin("POST", self._path(name, "restart"))

    def enable_sso(self, name: str, *, enable_sso: bool = True) -> None:
        """Let people in with the identity they are signed in with, or stop that."""
        self._room.transport.request("POST", self._path(name, "enableSso"), body={"enableSso": enable_sso})

    def list_sizes(self, location: str | None = None) -> JsonObjects:
        """The sizes of machines."""
        return list(self._room.transport.items(self._in_location(location, "vmSizes")))

    def list_usage(self, location: str | None = None) -> JsonObjects:
        """What is used of each quota."""
        return list(self._room.transport.items(self._in_location(location, "usages")))

    def _in_location(self, location: str | None, what: str) -> str:
        place = location or self._room.location
        return f"/subscriptions/{self._room.subscription}/providers/{PROVIDER}/locations/{place}/{what}"


class WorkspaceOperations(Operations["Workspace"]):
    """`client.workspaces`."""

    kind = "workspaces"

    @property
    def _root(self) -> str:
        return self._room.provider

    def list(self, *, filtered_kinds: str | None = None, max_results: int | None = None) -> Iterator[Workspace]:
        """The workspaces of the resource group, or those of some kinds (comma-separated)."""
        return self._list({"kind": filtered_kinds} if filtered_kinds else None, max_results=max_results)

    def get(self, name: str | None = None) -> Workspace:
        """One workspace; by default the one that this client works in."""
        return self._get(name or self._room.workspace)

    def get_keys(self, name: str | None = None) -> JsonObject:
        """The keys of the resources a workspace stands on."""
        return self._room.transport.json("POST", self._path(name or self._room.workspace, "listKeys"))

    def begin_create(self, workspace: Workspace) -> Poller[Workspace]:
        """Create a workspace."""
        body = codec(self.kind).to_arm(workspace, secrets=True)
        body.setdefault("location", "local")
        return self._begin_put(required_name(workspace, "workspace"), body)

    def begin_update(self, workspace: Workspace) -> Poller[Workspace]:
        """Change a workspace."""
        name = required_name(workspace, "workspace")
        body = codec(self.kind).to_arm(workspace, secrets=True)
        response = self._room.transport.request("PATCH", self._path(name), body=body)
        return Poller(self._room.transport, response, lambda: self._get(name))

    def begin_delete(
        self, name: str, *, delete_dependent_resources: bool = False, permanently_delete: bool = False
    ) -> Poller[None]:
        """Delete a workspace. What it stands on is this server's, so there is nothing else to delete."""
        return self._begin("DELETE", self._path(name), query={"forceToPurge": str(permanently_delete).lower()})

    def begin_diagnose(self, name: str) -> Poller[None]:
        """Check what a workspace stands on."""
        return self._begin("POST", self._path(name, "diagnose"), body={})

    def begin_sync_keys(self, name: str | None = None) -> Poller[None]:
        """Read the keys of the resources again."""
        return self._begin("POST", self._path(name or self._room.workspace, "resyncKeys"))


class RegistryOperations(Operations["Registry"]):
    """`client.registries`."""

    kind = "registries"

    @property
    def _root(self) -> str:
        return self._room.provider

    def list(self, *, max_results: int | None = None) -> Iterator[Registry]:
        """All registries."""
        return self._list(max_results=max_results)

    def get(self, name: str) -> Registry:
        """One registry."""
        return self._get(name)

    def begin_create(self, registry: Registry) -> Poller[Registry]:
        """Create a registry, or change it."""
        body = codec(self.kind).to_arm(registry, secrets=True)
        body.setdefault("location", "local")
        return self._begin_put(required_name(registry, "registry"), body)

    def begin_delete(self, name: str) -> Poller[None]:
        """Delete a registry."""
        return self._begin("DELETE", self._path(name))
