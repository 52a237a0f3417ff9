"""Copies an asset of a workspace, with its files, into a registry."""

from __future__ import annotations

from smalt.entities.base import Asset
from smalt.errors import Conflict, Forbidden, InvalidRequest
from smalt.kit import ids
from smalt.server.assets import AssetService, AssetVersion, Containers, DataLocator, Location
from smalt.server.audit import AuditRecorder
from smalt.server.http import Answer, Call, empty
from smalt.server.identity import allows
from smalt.server.registries.service import RegistryOwner
from smalt.server.work import Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire import references
from smalt.wire.references import AssetReference


class Sharing:
    """Shares assets.

    Args:
        works: Opens the transaction that registers the copy: files are copied before it begins.
        assets: The verbs of assets.
        locator: Finds the files.
        containers: Where the registry keeps them.
        workspaces: Finds the workspace.
        recorder: Audit.
    """

    def __init__(
        self,
        works: Works,
        assets: AssetService,
        *,
        locator: DataLocator,
        containers: Containers,
        workspaces: WorkspaceService,
        recorder: AuditRecorder,
    ) -> None:
        self._works = works
        self._assets = assets
        self._locator = locator
        self._containers = containers
        self._workspaces = workspaces
        self._recorder = recorder

    def share(self, call: Call, registry: RegistryOwner) -> Answer:
        """Copy what the body names; done when it is answered, and with no body, as the official client wants it.

        Raises:
            InvalidRequest: The body names no asset of a workspace.
            Forbidden: The caller may not read it there.
            Conflict: The registry has this version already.
        """
        body = call.json_object()
        workspace, found = self._source(call.work, body.get("sourceAssetId"))
        name, version = body.get("destinationName") or found.name, body.get("destinationVersion") or found.version
        if not isinstance(name, str) or not isinstance(version, str):
            raise InvalidRequest(
                "destinationName or destinationVersion is no text. Send text, or leave it out.",
                target="destinationName",
            )
        if self._assets.exists(call.work, registry, found.kind, name, version):
            raise Conflict(
                f"Registry {registry.name!r} has {name!r} version {version!r} already. Give another version."
            )
        path = self._copy(call, workspace, found, registry)
        entity = type(found.entity).parse({**found.entity.document(), "name": name, "version": version, "path": path})
        assert isinstance(entity, Asset)
        with self._works.write(call.actor, correlation=call.work.correlation) as work:
            self._assets.put(work, registry, found.kind, name, version, entity)
            self._recorder.record(work, call, 200)
        return empty(200)

    def _source(self, work: Work, identifier: object) -> tuple[WorkspaceRecord, AssetVersion]:
        reference = references.parse(identifier) if isinstance(identifier, str) else None
        if not isinstance(reference, AssetReference) or reference.workspace is None or reference.kind is None:
            raise InvalidRequest(
                "sourceAssetId names no version in a workspace. Send an id such as "
                "azureml://locations/<region>/workspaces/<id>/models/<name>/versions/<version>.",
                target="sourceAssetId",
            )
        workspace = self._workspaces.named(work, reference.workspace)
        if not allows(work.actor, f"workspaces/{reference.kind}/versions/read", workspace.scope):
            raise Forbidden(
                f"{work.actor.name!r} may not read the {reference.kind} of workspace {workspace.name!r}. Get a role."
            )
        return workspace, self._assets.resolve(work, workspace, reference.kind, references.format(reference))

    def _copy(self, call: Call, workspace: WorkspaceRecord, found: AssetVersion, registry: RegistryOwner) -> str | None:
        if not getattr(found.entity, "path", None):
            return None
        location = self._locator.locate(call.work, workspace, found.source_in(workspace))
        container = f"shared-{ids.opaque()}"
        name = location.key.rpartition("/")[2] or "files"
        self._containers.ensure(registry.id, container)
        target = self._containers.store(registry.id, container)
        source = location.store
        if source is None:
            return location.uri  # outside every datastore: the address is all there is
        if location.key and source.head(location.key) is not None:
            target.write(name, source.read(location.key))
        for key in _below(location):
            target.write(f"{name}/{key}", source.read(f"{location.key}/{key}".lstrip("/")))
        return f"{call.base_url}/blob/{registry.id}/{container}/{name}"


def _below(location: Location) -> list[str]:
    """Keys of the files in a folder, relative to it."""
    assert location.store is not None
    prefix = f"{location.key}/" if location.key else ""
    found: list[str] = []
    after: str | None = None
    while True:
        page = location.store.list(prefix, after=after)
        found += [item.key[len(prefix) :] for item in page.items]
        after = page.after
        if after is None:
            return found
