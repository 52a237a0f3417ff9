"""Copies of files and trees into a job's own folders, cheap where the file system can share blocks."""

from __future__ import annotations

import errno
import fcntl
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FICLONE = 0x40049409
_PIECE_BYTES = 1 << 30
_NOT_HERE = {errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS, errno.EPERM, errno.EBADF}


def copy_file(source: str, target: str) -> None:
    """Copy one file; the copy is its owner's to write and run, since blob storage keeps no permission bits.

    Blocks are shared where the file system can. A hard link is no way here: the job may write into its copy.
    """
    with open(source, "rb") as reader, open(target, "wb") as writer:
        os.fchmod(writer.fileno(), 0o755)
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError as failure:
            if failure.errno not in _NOT_HERE:
                raise
            _copy_bytes(reader.fileno(), writer.fileno())


def _copy_bytes(reader: int, writer: int) -> None:
    while True:
        try:
            copied = os.copy_file_range(reader, writer, _PIECE_BYTES)
        except OSError as failure:
            if failure.errno not in _NOT_HERE:
                raise
            break
        if not copied:
            return
    for piece in iter(lambda: os.read(reader, 1 << 20), b""):
        rest = piece
        while rest:
            rest = rest[os.write(writer, rest) :]


def copy_tree(source: str, target: str) -> list[str]:
    """Copy a folder's content into a folder that may exist.

    Links that stay inside the source are kept as relative links; links that lead outside are left out.

    Returns:
        The relative paths of the links that were left out.
    """
    root = os.path.realpath(source)
    left_out: list[str] = []
    _copy_folder(root, "", target, left_out)
    return left_out


def _copy_folder(root: str, inner: str, target: str, left_out: list[str]) -> None:
    os.makedirs(target, exist_ok=True)
    with os.scandir(os.path.join(root, inner)) as entries:
        # Sorted, so that the copy lists in name order on file systems that keep the order of creation.
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = os.path.join(inner, entry.name)
            copy = os.path.join(target, entry.name)
            if entry.is_symlink():
                if not _copy_link(root, path, copy):
                    left_out.append(path)
            elif entry.is_dir():
                _copy_folder(root, path, copy, left_out)
            elif entry.is_file():
                copy_file(entry.path, copy)


def _copy_link(root: str, path: str, copy: str) -> bool:
    link = os.path.join(root, path)
    aim = os.path.realpath(link)
    if not is_inside(aim, root) or not os.path.exists(aim):
        return False
    os.symlink(os.path.relpath(aim, os.path.dirname(link)), copy)
    return True


def is_inside(path: str, root: str) -> bool:
    """Whether a resolved path is the root or lies below it."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def files_below(folder: str) -> Iterator[str]:
    """Relative paths of the regular files of a tree, in name order, links not followed."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield os.path.relpath(path, folder)


def remove_tree(path: str) -> None:
    """Remove a file, link or tree; what cannot be removed stays."""
    try:
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            return
        with os.scandir(path) as entries:
            for entry in list(entries):
                remove_tree(entry.path)
        os.rmdir(path)
    except OSError:
        return
