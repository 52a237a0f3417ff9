"""The verbs of a workspace's files: who changed what is told to open pages and to the audit trail."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from smalt.errors import NotFound
from smalt.server.assets import Containers, working_container
from smalt.server.notebooks.errors import FileMissing
from smalt.server.notebooks.events import FilesChanged
from smalt.server.notebooks.tree import Entry, Tree, checked
from smalt.server.work import Actor, Work
from smalt.server.workspaces import WorkspaceRecord

LARGEST_FILE_BYTES = 64 << 20
MOST_ENTRIES = 2000
_MOST_FILES = 2000
_MOST_BYTES = 256 << 20
_PEOPLE = "Users"
_CHUNK_BYTES = 1 << 20
_NO_NAME = re.compile(r"[^\w.@+-]+")
# Archives are the same bytes for the same files, so that they can be compared.
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


class FileService:
    """Keeps the files of people.

    Args:
        containers: The server's own, one of which they are in.
    """

    def __init__(self, containers: Containers) -> None:
        self._containers = containers

    def tree(self, workspace: WorkspaceRecord) -> Tree:
        """All files of a workspace."""
        root = self._containers.store(workspace.id, working_container(workspace.id)).local_path("")
        if root is None:
            raise NotFound("The files of this workspace are not on this machine.")
        return Tree(root, root.parent / ".staging")

    def home(self, actor: Actor) -> str:
        """The folder of a person."""
        return f"{_PEOPLE}/{_NO_NAME.sub('-', actor.name).strip('.-')[:100] or actor.id}"

    def list(self, workspace: WorkspaceRecord, folder: str) -> tuple[list[Entry], bool]:
        """What is in a folder, and whether there is more than is told.

        Raises:
            FileMissing: There is no such folder.
        """
        return self.tree(workspace).list(folder, most=MOST_ENTRIES)

    def paths(self, workspace: WorkspaceRecord, *, most: int) -> tuple[str, ...]:
        """The paths of all files, or of so many; none where they are not on this machine."""
        try:
            return tuple(each.path for each in self.tree(workspace).some(most))
        except NotFound:
            return ()

    def open(self, workspace: WorkspaceRecord, path: str) -> tuple[Entry, BinaryIO]:
        """A file, to be read and closed.

        Raises:
            FileMissing: There is none.
        """
        return self.tree(workspace).open(path)

    def save(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        path: str,
        content: bytes,
        *,
        if_match: str | None,
        overwrite: bool = False,
    ) -> tuple[Entry, bool]:
        """Save a file, new or upon the one that was read; also whether it is new.

        Raises:
            FileMovedOn: Somebody has saved in the meantime.
            FileExists: It is there, and no condition was given.
        """
        saved = self.tree(workspace).write(path, content, if_match=if_match, overwrite=overwrite)
        self._tell(work, workspace, path)
        work.tell(path=path, size=len(content))
        return saved

    def make_folder(self, work: Work, workspace: WorkspaceRecord, path: str) -> Entry:
        """Make a folder.

        Raises:
            FileExists: Something has its name.
        """
        made = self.tree(workspace).make_folder(path)
        self._tell(work, workspace, path)
        return made

    def move(self, work: Work, workspace: WorkspaceRecord, source: str, target: str) -> Entry:
        """Rename a file or folder, or move it elsewhere.

        Raises:
            FileMissing: There is nothing to move.
            FileExists: Something has the new path.
        """
        moved = self.tree(workspace).move(source, target)
        self._tell(work, workspace, source)
        self._tell(work, workspace, target)
        work.tell(path=source, target=target)
        return moved

    def copy(self, work: Work, workspace: WorkspaceRecord, source: str, target: str) -> Entry:
        """Copy a file or folder.

        Raises:
            FileMissing: There is nothing to copy.
            FileExists: Something has the new path.
        """
        copied = self.tree(workspace).copy(source, target, most_files=_MOST_FILES, most_bytes=_MOST_BYTES)
        self._tell(work, workspace, target)
        work.tell(path=source, target=target)
        return copied

    def remove(self, work: Work, workspace: WorkspaceRecord, path: str) -> bool:
        """Remove a file or a whole folder; whether there was one."""
        was_there = self.tree(workspace).remove(path)
        if was_there:
            self._tell(work, workspace, path)
            work.tell(path=path)
        return was_there

    def archive(self, workspace: WorkspaceRecord, folder: str) -> bytes:
        """A folder as a zip file.

        Raises:
            FileMissing: There is none.
            InvalidPath: It is too much for one.
        """
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in self.contents(workspace, folder):
                archive.writestr(zipfile.ZipInfo(path, _ZIP_MOMENT), content, zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    def contents(self, workspace: WorkspaceRecord, folder: str) -> Iterator[tuple[str, bytes]]:
        """Every file below a folder, by its path in it.

        Raises:
            FileMissing: There is no such folder.
            InvalidPath: It is more than may be taken at once.
        """
        tree = self.tree(workspace)
        if folder and not tree.get(checked(folder)).is_folder:
            raise FileMissing(f"{folder!r} is a file. Name its folder.", target="path")
        start = len(folder) + 1 if folder else 0
        for entry in tree.files(folder, most_files=_MOST_FILES, most_bytes=_MOST_BYTES):
            with tree.open(entry.path)[1] as content:
                yield entry.path[start:], content.read()

    @staticmethod
    def _tell(work: Work, workspace: WorkspaceRecord, path: str) -> None:
        work.publish(FilesChanged(workspace.id, path.rpartition("/")[0]))


def pieces(content: BinaryIO) -> Iterator[bytes]:
    """An open file, piece by piece; it is closed at the end."""
    with content:
        while piece := content.read(_CHUNK_BYTES):
            yield piece
