"""What a folder or file holds at the moment of an upload: its files in order, and the hash of their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from smalt.errors import InvalidRequest
from smalt.sdk.ignore import IgnoreRules

HASH_VERSION = "202208"
"""The rule by which content is hashed; the official clients know it by this number."""

ALWAYS_LEFT_OUT = frozenset({".git", "__pycache__"})
"""Folders that are never part of code."""

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class LocalFile:
    """A file to upload: where it is, its path below the root, and its size."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True)
class Snapshot:
    """The files of an upload, sorted by path without regard to case."""

    name: str
    files: tuple[LocalFile, ...]
    is_folder: bool

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(file.size for file in self.files)

    def content_hash(self) -> str:
        """SHA-256 over the number of files, their paths and sizes, then their contents."""
        digest = hashlib.sha256(str(len(self.files)).encode())
        for file in self.files:
            digest.update(f"#{file.key}#{file.size}".encode())
        for file in self.files:
            with file.path.open("rb") as opened:
                while piece := opened.read(_PIECE_BYTES):
                    digest.update(piece)
        return digest.hexdigest()


def take(path: Path, *, left_out: Collection[str] = ()) -> Snapshot:
    """Look at a file or folder.

    Args:
        path: What is to be uploaded.
        left_out: Names of folders that are passed over at any depth.

    Raises:
        InvalidRequest: It does not exist, holds no file, or has a link that leads out of it.
    """
    if path.is_file():
        found = [LocalFile(path, path.name, path.stat().st_size)]
        return Snapshot(path.name, tuple(found), is_folder=False)
    if not path.is_dir():
        raise InvalidRequest(f"{path} does not exist. A relative path is taken from the folder of the file it is in.")
    root = path.resolve()
    rules = IgnoreRules.of(root)
    files = [file for file in _walk(root, left_out) if not rules.excludes(file.key)]
    if not files:
        raise InvalidRequest(f"{path} holds no file to upload. Add one, or look at its .amlignore.")
    return Snapshot(root.name, tuple(sorted(files, key=lambda file: (file.key.lower(), file.key))), is_folder=True)


def _walk(root: Path, left_out: Collection[str]) -> Iterator[LocalFile]:
    seen: set[Path] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        real = here.resolve()
        if real in seen:  # a link back to a folder above
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if name not in left_out and _inside(root, here / name)]
        for name in names:
            path = here / name
            if _inside(root, path) and path.is_file():
                yield LocalFile(path, path.relative_to(root).as_posix(), path.stat().st_size)


def _inside(root: Path, path: Path) -> bool:
    if not path.is_symlink() or path.resolve().is_relative_to(root):
        return True
    raise InvalidRequest(f"The link {path} leads out of {root}. Copy what it points to, or name it in .amlignore.")
