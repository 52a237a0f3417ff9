"""The verbs of flows: each save is a version that never changes, and nobody's save is lost to another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smalt.entities.code import Code
from smalt.errors import Forbidden, InvalidRequest
from smalt.flows.definition.outline import Outline, outline
from smalt.kit import ids
from smalt.server.assets import AssetService
from smalt.server.flows import contents, store
from smalt.server.flows.contents import Contents, Edit, Folders
from smalt.server.flows.document import version_to_json
from smalt.server.flows.errors import FlowExists, FlowMovedOn, FlowNotFound
from smalt.server.flows.events import FlowChanged
from smalt.server.flows.store import FlowRecord, VersionRecord
from smalt.server.http import Page
from smalt.server.identity import allows
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_LONGEST_TEXT = 256 * 1024
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a flow; None leaves it as it is."""

    display_name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None
    cloned_from: Mapping[str, Any] | None = None  # Any: JSON


class FlowService:
    """Keeps flows.

    Args:
        assets: Where their files become code that jobs run.
        folders: Where the files are.
    """

    def __init__(self, assets: AssetService, folders: Folders) -> None:
        self._assets = assets
        self._folders = folders

    def get(self, work: Work, workspace: WorkspaceRecord, name: str, *, lock: bool = False) -> FlowRecord:
        """A flow.

        Raises:
            FlowNotFound: There is none of this name.
        """
        found = store.find(work.connection, workspace.id, name, lock=lock)
        if found is None:
            raise FlowNotFound(
                f"No flow {name[:255]!r} in workspace {workspace.name!r}. See `smalt flow list`.", target="flow"
            )
        return found

    def page(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        *,
        search: str | None,
        tag: tuple[str, str | None] | None,
        after: str | None,
        limit: int,
    ) -> Page[FlowRecord]:
        """Flows by name."""
        found = store.page(work.connection, workspace.id, search=search, tag=tag, after=after, limit=limit + 1)
        return Page(found[:limit], found[limit - 1].name if len(found) > limit else None)

    def version(self, work: Work, record: FlowRecord, number: str) -> VersionRecord:
        """A version, by its number or `latest`.

        Raises:
            FlowNotFound: There is none.
        """
        wanted = record.latest_version if number.lower() == LATEST else _number(number)
        found = store.version(work.connection, record.id, wanted) if wanted is not None else None
        if found is None:
            raise FlowNotFound(
                f"Flow {record.name!r} has no version {number[:40]!r}. Its versions are 1 to {record.latest_version}.",
                target="version",
            )
        return found

    def versions(self, work: Work, record: FlowRecord, *, below: int | None, limit: int) -> Page[VersionRecord]:
        """Versions, the newest first."""
        found = store.versions(work.connection, record.id, below=below, limit=limit + 1)
        return Page(found[:limit], found[limit - 1].version if len(found) > limit else None)

    def create(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        name: str,
        files: Contents,
        described: Described,
        *,
        message: str | None,
    ) -> FlowRecord:
        """Make a flow with its first version.

        Raises:
            FlowExists: The name is taken.
            InvalidFlowFiles: The files are none that a flow can have.
        """
        contents.check(files)
        drawn = draw(files)
        by = work.actor.name[:255]
        record = FlowRecord(
            id=ids.opaque(),
            workspace_id=workspace.id,
            name=name,
            key=name.lower(),
            display_name=described.display_name or name,
            description=described.description,
            tags=dict(described.tags or {}),
            type=drawn.type,
            kind=drawn.kind,
            entry_file=drawn.entry_file,
            latest_version=1,
            cloned_from=described.cloned_from,
            created_at=work.now,
            created_by=by,
            modified_at=work.now,
            modified_by=by,
        )
        if not store.add(work.connection, record):
            raise FlowExists(
                f"There is a flow {name!r} in workspace {workspace.name!r} already. Choose another name, or save a "
                "version of it.",
                target="name",
            )
        self._write(work, workspace, record, files, message=message, changed=sorted(files))
        return record

    def save(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        name: str,
        edits: Sequence[Edit],
        *,
        base: int,
        message: str | None,
    ) -> tuple[VersionRecord, bool]:
        """Make the next version: the base with some files changed. Also whether there is one, for nothing may differ.

        Raises:
            FlowMovedOn: The base is not the latest version any more.
            InvalidFlowFiles: The files are none that a flow can have.
        """
        record = self.get(work, workspace, name, lock=True)
        latest = self.version(work, record, LATEST)
        if base != latest.version:
            raise FlowMovedOn(
                f"Flow {record.name!r} is at version {latest.version}, saved by {latest.created_by!r}, and this was "
                f"made of version {base}. Look at what differs, and save again upon {latest.version}.",
                target="base",
                facts={"latest": version_to_json(latest)},
            )
        before = self.contents(latest)
        after = contents.edited(before, edits)
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        if not changed:
            return latest, False
        drawn = draw(after)
        moved = replace(record, latest_version=latest.version + 1)
        store.change(
            work.connection,
            record,
            latest_version=moved.latest_version,
            type=drawn.type,
            kind=drawn.kind,
            entry_file=drawn.entry_file,
            **_touched(work),
        )
        return self._write(work, workspace, moved, after, message=message, changed=changed), True

    def change(self, work: Work, workspace: WorkspaceRecord, name: str, described: Described) -> FlowRecord:
        """Say something else of a flow."""
        record = self.get(work, workspace, name, lock=True)
        given = {
            "display_name": described.display_name,
            "description": described.description,
            "tags": None if described.tags is None else dict(described.tags),
        }
        store.change(
            work.connection, record, **{key: item for key, item in given.items() if item is not None}, **_touched(work)
        )
        work.publish(FlowChanged(workspace.id, record.name))
        return self.get(work, workspace, name)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether there was one. Its files stay for the jobs and deployments that were made of them."""
        record = store.find(work.connection, workspace.id, name, lock=True)
        if record is None:
            return False
        store.remove(work.connection, record)
        work.publish(FlowChanged(workspace.id, record.name))
        return True

    def contents(self, version: VersionRecord) -> dict[str, bytes]:
        """All files of a version."""
        return {path: self._read(version, path) for path in version.digests()}

    def file(self, version: VersionRecord, path: str) -> bytes:
        """A file of a version.

        Raises:
            FlowNotFound: It has no such file.
        """
        if path not in version.digests():
            raise FlowNotFound(f"Version {version.version} has no file {path[:200]!r}. List its files.", target="path")
        return self._read(version, path)

    def outline(self, version: VersionRecord) -> Outline:
        """What is drawn of a version."""
        sizes = {str(file["path"]): int(file["size"]) for file in version.files}

        def text(path: str) -> str | None:
            if sizes.get(path, _LONGEST_TEXT + 1) > _LONGEST_TEXT:
                return None
            return self.file(version, path).decode(errors="replace")

        return outline(list(sizes), text)

    def readable(self, work: Work, workspace: WorkspaceRecord, name: str, number: str) -> VersionRecord:
        """A version that the caller may copy, be it of another workspace.

        Raises:
            Forbidden: They may not read the flows of that workspace.
            FlowNotFound: There is none.
        """
        if not allows(work.actor, "workspaces/flows/read", workspace.scope):
            raise Forbidden(
                f"{work.actor.name!r} may not read the flows of workspace {workspace.name!r}. Ask an owner for a role."
            )
        return self.version(work, self.get(work, workspace, name), number)

    def _read(self, version: VersionRecord, path: str) -> bytes:
        return self._folders.read(version.workspace_id, version.flow_id, str(version.version), path)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every flow of a workspace; its containers go with the others."""
        store.remove_all(work.connection, workspace_id)

    def _write(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        record: FlowRecord,
        files: Contents,
        *,
        message: str | None,
        changed: Sequence[str],
    ) -> VersionRecord:
        number = record.latest_version
        place = self._folders.write(workspace, record.id, str(number), files)
        code = Code.parse({"path": place, "is_anonymous": True, "description": f"Flow {record.name}, version {number}"})
        registered = self._assets.register(work, workspace, "codes", record.id, str(number), code)
        version = VersionRecord(
            flow_id=record.id,
            version=number,
            workspace_id=workspace.id,
            message=message,
            changed=list(changed),
            files=contents.facts(files),
            uri=place,
            code_id=registered.id,
            created_at=work.now,
            created_by=work.actor.name[:255],
        )
        store.add_version(work.connection, version)
        work.publish(FlowChanged(workspace.id, record.name))
        work.tell(version=number, changed=list(changed)[:50])
        return version


def draw(files: Contents) -> Outline:
    """What is drawn of some files."""

    def text(path: str) -> str | None:
        content = files.get(path)
        return None if content is None or len(content) > _LONGEST_TEXT else content.decode(errors="replace")

    return outline(list(files), text)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _touched(work: Work) -> dict[str, Any]:  # Any: values of columns
    return {"modified_at": work.now, "modified_by": work.actor.name[:255]}


def require_base(given: object) -> int:
    """The version that a save was made of.

    Raises:
        InvalidRequest: It is no number.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        raise InvalidRequest("base is missing. Send the number of the version that was edited.", target="base")
    return given
