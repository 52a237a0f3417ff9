"""The files of a workspace as a folder of this machine, walked from handle to handle so that no link is ever followed.

Kernels write here as well, with whatever names and links they like: what is no plain file or folder, or has a name that
no path may have, is neither shown nor touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from smalt.blobs.keys import problem
from smalt.server.notebooks.errors import FileExists, FileMissing, FileMovedOn, InvalidPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEEPEST = 40
_MOST_FOLDERS = 5000
_PACKAGES = frozenset({"node_modules", "__pycache__", "site-packages"})
ANY = "*"
"""The condition `If-Match: *`: whatever is there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder.

    Args:
        path: From the root of the files.
        is_folder: Whether it is a folder.
        size: Bytes of a file.
        modified_at: When it was written last.
        etag: Changes whenever the file does; a folder has none.
    """

    path: str
    is_folder: bool
    size: int
    modified_at: datetime
    etag: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Tree:
    """The files below one folder.

    Args:
        root: The folder; made when it is missing.
        staging: Where unfinished writes are, on the same file system and out of sight.
    """

    def __init__(self, root: Path, staging: Path) -> None:
        self._root = root
        self._staging = staging

    def list(self, folder: str, *, most: int) -> tuple[list[Entry], bool]:
        """What is in a folder, folders first, by name; also whether there is more than `most`.

        Raises:
            FileMissing: There is no such folder.
        """
        base = f"{checked(folder, allow_empty=True)}/" if folder else ""
        with self._folder(folder) as handle:
            found = []
            for name in os.listdir(handle):  # noqa: PTH208  (a handle is no path)
                entry = None if problem(base + name) else _entry(handle, name, base + name)
                if entry is not None:
                    found.append(entry)
        found.sort(key=lambda entry: (not entry.is_folder, entry.name.lower(), entry.name))
        return found[:most], len(found) > most

    def find(self, path: str) -> Entry | None:
        """A file or folder, or None."""
        try:
            with self._parent(path) as (handle, name):
                return _entry(handle, name, path)
        except FileMissing:
            return None

    def get(self, path: str) -> Entry:
        """A file or folder.

        Raises:
            FileMissing: There is none.
        """
        found = self.find(path)
        if found is None:
            raise _missing(path)
        return found

    def open(self, path: str) -> tuple[Entry, BinaryIO]:
        """A file, and its content to be read and closed.

        Raises:
            FileMissing: There is no such file.
        """
        with self._parent(path) as (handle, name):
            try:
                opened = os.open(name, _FILE, dir_fd=handle)
            except OSError:
                raise _missing(path) from None
        entry = _of(os.fstat(opened), path)
        if entry is None or entry.is_folder:
            os.close(opened)
            raise _missing(path)
        return entry, os.fdopen(opened, "rb")

    def write(self, path: str, content: bytes, *, if_match: str | None, overwrite: bool = False) -> tuple[Entry, bool]:
        """Save a file whole or not at all; also whether it is new. Folders on the way are made.

        Args:
            path: The file.
            content: All of it.
            if_match: The etag of what is written over, or `ANY`; None for a file that is not there yet.
            overwrite: Write over whatever file is there.

        Raises:
            FileMovedOn: It is another than the one that was read, or gone.
            FileExists: It is there already, or a folder of this name is.
        """
        checked(path)
        self._make(path.rpartition("/")[0])
        fresh = self._fresh(content)
        try:
            with self._alone(), self._parent(path) as (handle, name):
                before = _entry(handle, name, path)
                if before is not None and before.is_folder:
                    raise FileExists(f"{path!r} is a folder. Choose another name for the file.", target="path")
                if before is None and _is_there(handle, name):
                    raise FileExists(f"Something that is no file stands at {path!r}. Choose another name.")
                if not overwrite:
                    _check(path, before, if_match)
                os.rename(fresh, name, dst_dir_fd=handle)
                saved = _entry(handle, name, path)
        finally:
            fresh.unlink(missing_ok=True)
        assert saved is not None
        return saved, before is None

    def make_folder(self, path: str) -> Entry:
        """Make a folder, with those it is in.

        Raises:
            FileExists: Something has this name.
        """
        if self.find(checked(path)) is not None:
            raise _exists(path)
        self._make(path)
        return self.get(path)

    def move(self, source: str, target: str) -> Entry:
        """Give a file or folder another path.

        Raises:
            FileMissing: There is nothing to move.
            FileExists: Something has the new path.
            InvalidPath: A folder would come into itself.
        """
        self._check_pair(source, target)
        self._make(target.rpartition("/")[0])
        with self._alone(), self._parent(source) as (old, old_name), self._parent(target) as (new, new_name):
            if _entry(old, old_name, source) is None:
                raise _missing(source)
            if _is_there(new, new_name):
                raise _exists(target)
            os.rename(old_name, new_name, src_dir_fd=old, dst_dir_fd=new)
        return self.get(target)

    def copy(self, source: str, target: str, *, most_files: int, most_bytes: int) -> Entry:
        """Copy a file or folder.

        Raises:
            FileMissing: There is nothing to copy.
            FileExists: Something has the new path.
            InvalidPath: A folder would come into itself, or it is too much.
        """
        self._check_pair(source, target)
        if self.find(target) is not None:
            raise _exists(target)
        for entry in self.files(source, most_files=most_files, most_bytes=most_bytes):
            with self.open(entry.path)[1] as content:
                self.write(target + entry.path[len(source) :], content.read(), if_match=None)
        if self.find(target) is None:
            return self.make_folder(target)
        return self.get(target)

    def remove(self, path: str) -> bool:
        """Remove a file, or a folder with all that is in it; whether there was one."""
        with contextlib.suppress(FileMissing), self._alone(), self._parent(path) as (handle, name):
            found = _entry(handle, name, path)
            if found is None:
                return False
            if found.is_folder:
                shutil.rmtree(name, dir_fd=handle)
            else:
                os.unlink(name, dir_fd=handle)
            return True
        return False

    def files(self, path: str, *, most_files: int, most_bytes: int) -> Iterator[Entry]:
        """A file, or every file below a folder, by path.

        Raises:
            FileMissing: There is none.
            InvalidPath: There are too many, or too much is in them.
        """
        count = size = 0
        for entry in self._walk(path, 0):
            count, size = count + 1, size + entry.size
            if count > most_files or size > most_bytes:
                raise InvalidPath(
                    f"{path or 'The workspace'!r} has more than {most_files} files or {most_bytes} bytes. Take a "
                    "folder in it.",
                    target="path",
                )
            yield entry

    def some(self, most: int) -> Iterator[Entry]:
        """Files of all folders, or so many of them: those near the top first, none of hidden folders and packages.

        So nobody's large folder, which lies deep, hides the notebooks of others.
        """
        folders = deque([""])
        for _ in range(_MOST_FOLDERS):
            if not folders or most <= 0:
                return
            found = self.list(folders.popleft(), most=1 << 30)[0]
            files = [each for each in found if not each.is_folder][:most]
            yield from files
            most -= len(files)
            folders.extend(each.path for each in found if each.is_folder and not _is_aside(each.path))

    def _walk(self, path: str, depth: int) -> Iterator[Entry]:
        entry = self.get(path) if path else None
        if entry is not None and not entry.is_folder:
            yield entry
            return
        if depth > _DEEPEST:
            return
        for found in self.list(path, most=1 << 30)[0]:
            if found.is_folder:
                yield from self._walk(found.path, depth + 1)
            else:
                yield found

    def _check_pair(self, source: str, target: str) -> None:
        checked(source)
        checked(target)
        if target == source or target.startswith(f"{source}/"):
            raise InvalidPath(f"{source!r} cannot come to {target!r}, which is in itself. Choose another place.")

    def _fresh(self, content: bytes) -> Path:
        self._staging.mkdir(parents=True, exist_ok=True)
        fresh = self._staging / uuid.uuid4().hex
        fresh.write_bytes(content)
        return fresh

    def _make(self, folder: str) -> None:
        checked(folder, allow_empty=True)
        with contextlib.ExitStack() as stack:
            handle = stack.enter_context(self._folder(""))
            for part in folder.split("/") if folder else ():
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
                try:
                    handle = stack.enter_context(_held(os.open(part, _FOLDER, dir_fd=handle)))
                except OSError:
                    raise FileExists(
                        f"{part!r} in {folder!r} is no folder. Choose another path.", target="path"
                    ) from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Between a look and a change nobody else changes anything, in whatever thread or server."""
        with self._folder("") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        self._root.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            handle = stack.enter_context(_held(os.open(self._root, _FOLDER)))
            for part in path.split("/") if path else ():
                try:
                    handle = stack.enter_context(_held(os.open(part, _FOLDER, dir_fd=handle)))
                except OSError:
                    raise _missing(path) from None
            yield handle

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        folder, _, name = checked(path).rpartition("/")
        with self._folder(folder) as handle:
            yield handle, name


def checked(path: str, *, allow_empty: bool = False) -> str:
    """The path, when it is one.

    Raises:
        InvalidPath: It is absolute, has steps upwards, or holds what no path may.
    """
    if path == "" and allow_empty:
        return path
    told = problem(path)
    if told is not None:
        raise InvalidPath(
            f"The path {path[:120]!r} {told}. Write it as seen from the workspace's files, e.g. Users/me/train.ipynb.",
            target="path",
        )
    return path


@contextlib.contextmanager
def _held(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _is_there(handle: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _entry(handle: int, name: str, path: str) -> Entry | None:
    try:
        return _of(os.stat(name, dir_fd=handle, follow_symlinks=False), path)
    except OSError:
        return None


def _of(found: os.stat_result, path: str) -> Entry | None:
    is_folder = stat.S_ISDIR(found.st_mode)
    if not is_folder and not stat.S_ISREG(found.st_mode):
        return None
    # The clock of a file system may not tell two quick writes apart; each of ours is another inode.
    etag = "" if is_folder else f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
    modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
    return Entry(path, is_folder, 0 if is_folder else found.st_size, modified_at, etag)


def _check(path: str, before: Entry | None, if_match: str | None) -> None:
    if if_match is None:
        if before is not None:
            raise _exists(path)
        return
    if before is None:
        raise FileMovedOn(
            f"{path!r} is not there any more: somebody has moved or deleted it. Save it under a new name.",
            target="path",
        )
    if if_match not in (ANY, before.etag):
        raise FileMovedOn(
            f"{path!r} was changed since it was read. Look at what differs, and save again upon that.",
            target="path",
            facts={"etag": before.etag, "modifiedAt": before.modified_at.isoformat()},
        )


def _is_aside(folder: str) -> bool:
    name = folder.rpartition("/")[2]
    return name.startswith(".") or name in _PACKAGES


def _missing(path: str) -> FileMissing:
    return FileMissing(f"There is nothing at {path[:200]!r}. See `smalt notebook list`.", target="path")


def _exists(path: str) -> FileExists:
    return FileExists(f"There is something at {path[:200]!r} already. Choose another name.", target="path")
