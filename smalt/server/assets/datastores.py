"""Datastores: the workspace's own, which stand on this server, and those that lead elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from smalt.entities.datastore import Datastore, LocalDatastore
from smalt.entities.kinds import entity_class
from smalt.errors import Conflict, Forbidden, InvalidRequest, NotFound
from smalt.server.assets.tables import datastores
from smalt.server.http import Page
from smalt.server.identity import allows
from smalt.server.records import Record, Records
from smalt.server.vault import Vault
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

DEFAULT = "workspaceblobstore"
ARTIFACTS = "workspaceartifactstore"
ARTIFACT_CONTAINER = "azureml"
WORKING = "workspaceworkingdirectory"
"""The files of people: notebooks, and what lies beside them."""


def blob_container(workspace_id: str) -> str:
    """The container of the default datastore."""
    return f"azureml-blobstore-{workspace_id}"


def working_container(workspace_id: str) -> str:
    """The container of people's files."""
    return f"working-{workspace_id}"


def built_in(workspace_id: str) -> dict[str, str]:
    """The containers of the workspace's own datastores, by name."""
    return {
        DEFAULT: blob_container(workspace_id),
        ARTIFACTS: ARTIFACT_CONTAINER,
        "workspacefilestore": f"code-{workspace_id}",
        WORKING: working_container(workspace_id),
    }


class DatastoreService:
    """The verbs of datastores.

    Args:
        vault: Seals credentials.
        home: The server's own folder, which no datastore may show.
    """

    def __init__(self, vault: Vault, home: Path) -> None:
        self._vault = vault
        self._home = home.resolve()
        self._records = Records(datastores)

    def ensure_defaults(self, work: Work, workspace: WorkspaceRecord) -> None:
        """Make the workspace's own datastores."""
        for name, container in built_in(workspace.id).items():
            document = {"name": name, "type": "azure_blob", "container_name": container, "is_default": name == DEFAULT}
            self._records.put(work, workspace.id, name, document)

    def put(self, work: Work, workspace: WorkspaceRecord, store: Datastore) -> tuple[Record, bool]:
        """Create or replace.

        Raises:
            Conflict: The name is that of one of the workspace's own.
            Forbidden: A folder of this machine, by someone who may not change the workspace.
        """
        assert store.name is not None
        if store.name.lower() in built_in(workspace.id):
            raise Conflict(f"Datastore {store.name!r} is the workspace's own and stays as it is. Choose another name.")
        if isinstance(store, LocalDatastore):
            self._check_folder(work, workspace, store)
        whole = msgspec.json.encode(store.document(secrets=True)).decode()
        sealed = self._vault.seal(whole, context=_context(workspace.id, store.name))
        document = {**store.document(), "is_default": False}
        return self._records.put(work, workspace.id, store.name, document, sealed=sealed)

    def _check_folder(self, work: Work, workspace: WorkspaceRecord, store: LocalDatastore) -> None:
        if not allows(work.actor, "workspaces/write", workspace.scope):
            raise Forbidden(
                f"Datastore {store.name!r} would open the folder {store.path!r} of the server's machine to the "
                "workspace. Only who may change the workspace may do that: ask for the role Contributor or Owner."
            )
        self.folder(store)

    def folder(self, store: LocalDatastore) -> Path:
        """The folder of a local datastore, looked at anew each time: what it was may have become a link.

        Raises:
            InvalidRequest: It is none, or would show the server's own files.
        """
        folder = Path(store.path)
        if not folder.is_absolute() or not folder.is_dir():
            raise InvalidRequest(
                f"path {store.path!r} is no folder of the server's machine. Give an absolute path of one.",
                target="path",
            )
        real = folder.resolve()
        if real.is_relative_to(self._home) or self._home.is_relative_to(real):
            raise InvalidRequest(
                f"path {store.path!r} holds the server's own files and keys. Give another folder.", target="path"
            )
        return real

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Record:
        """The datastore of this name, without secrets.

        Raises:
            NotFound: There is none.
        """
        found = self._records.find(work, workspace.id, name)
        if found is None:
            raise NotFound(f"No datastore {name!r} in workspace {workspace.name!r}. See `smalt datastore list`.")
        return found

    def entity(self, record: Record) -> Datastore:
        """What a record says, without secrets."""
        return _parse(record.document)

    def with_secrets(self, workspace: WorkspaceRecord, record: Record) -> Datastore:
        """The whole datastore; callers must hold the right to list secrets, or be the server itself."""
        if record.sealed is None:
            return self.entity(record)
        whole = msgspec.json.decode(self._vault.open(record.sealed, context=_context(workspace.id, record.name)))
        return _parse(whole)

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None, limit: int = 100) -> Page[Record]:
        """Datastores by name."""
        return self._records.page(work, workspace.id, after=after, limit=limit)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Forget a datastore; what it leads to stays.

        Raises:
            Conflict: It is one of the workspace's own.
        """
        if name.lower() in built_in(workspace.id):
            raise Conflict(
                f"Datastore {name!r} is the workspace's own and cannot be deleted. Delete the workspace, or leave it."
            )
        return self._records.delete(work, workspace.id, name)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every datastore of a workspace; what they lead to elsewhere stays."""
        self._records.delete_all(work, workspace_id)

    def reseal(self, work: Work, fresh: Vault) -> int:
        """Seal every secret with another vault; how many there were."""

        def renewed(record: Record) -> str:
            context = _context(record.owner, record.name)
            return fresh.seal(self._vault.open(record.sealed or "", context=context), context=context)

        return self._records.reseal(work, renewed)


def is_own(workspace_id: str, record: Record) -> bool:
    """Whether a datastore stands on this server."""
    return record.name in built_in(workspace_id)


def _parse(document: Mapping[str, Any]) -> Datastore:
    entity = entity_class("datastore", str(document.get("type"))).parse(document)
    assert isinstance(entity, Datastore)
    return entity


def _context(owner: str, name: str) -> str:
    return f"datastore/{owner}/{name.lower()}"
