"""A container that is a folder: every blob a plain file, so that a mount is the folder itself."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from smalt.blobs import keys
from smalt.blobs.base import CHUNK_BYTES, BlobInfo, BlobPage, BlobStore
from smalt.blobs.keys import block_name, clean_key, problem
from smalt.errors import Conflict, InvalidRequest, NotFound, PreconditionFailed

_PLACE_ATTEMPTS = 20


class LocalBlobStore(BlobStore):
    """A folder.

    Args:
        root: The folder; files that a job writes into it are blobs at once.
        staging: Where unfinished writes are kept, on the same file system: outside the folder, or inside it under the
            reserved name `STAGED`, which no key and no listing reaches.

    A key never leads through a symbolic link out of the folder, whoever made the link.
    """

    def __init__(self, root: Path, staging: Path) -> None:
        self._root = root
        self._staging = staging

    def head(self, key: str) -> BlobInfo | None:
        """See `BlobStore.head`."""
        path = self._path(clean_key(key))
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _info(key, found) if path.is_file() else None

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `BlobStore.read`."""
        path = self._path(clean_key(key))
        try:
            if not path.is_file():  # opening a pipe would wait for whoever writes into it
                raise FileNotFoundError
            file = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound(f"There is no blob {key[:200]!r}.", code="BlobNotFound") from None
        return _chunks(file, start, length)

    def write(
        self, key: str, chunks: Iterable[bytes], *, only_if_missing: bool = False, md5: bytes | None = None
    ) -> BlobInfo:
        """See `BlobStore.write`."""
        path = self._path(clean_key(key))
        if only_if_missing and path.exists():
            raise _exists(key)  # known before the content is read; `_place` settles the race
        fresh = self._fresh()
        try:
            digest = hashlib.md5(usedforsecurity=False)
            with fresh.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    if md5 is not None:
                        digest.update(chunk)
            if md5 is not None and digest.digest() != md5:
                raise InvalidRequest(
                    f"The content of {key[:200]!r} does not have the MD5 it was sent with. Send it again.",
                    code="Md5Mismatch",
                )
            return self._place(fresh, path, key, only_if_missing=only_if_missing)
        finally:
            fresh.unlink(missing_ok=True)

    def delete(self, key: str) -> bool:
        """See `BlobStore.delete`."""
        path = self._path(clean_key(key))
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            return False
        # A folder exists only as long as something is in it, as in an object store.
        for parent in path.parents:
            if parent == self._root:
                break
            try:
                parent.rmdir()
            except OSError:
                break
        return True

    def list(
        self, prefix: str = "", *, delimiter: str | None = None, after: str | None = None, limit: int = 1000
    ) -> BlobPage:
        """See `BlobStore.list`."""
        folder = clean_key(prefix.rpartition("/")[0], allow_empty=True)
        items: list[BlobInfo] = []
        prefixes: list[str] = []
        for key, path in self._walk(folder, prefix, delimiter, after):
            if len(items) + len(prefixes) == limit:
                last = max([*(item.key for item in items[-1:]), *prefixes[-1:]])
                return BlobPage(tuple(items), tuple(prefixes), last)
            if key.endswith("/"):
                prefixes.append(key)
                continue
            try:
                items.append(_info(key, path.stat()))
            except FileNotFoundError:  # went while we listed
                continue
        return BlobPage(tuple(items), tuple(prefixes))

    def local_path(self, key: str) -> Path | None:
        """See `BlobStore.local_path`."""
        return self._path(clean_key(key, allow_empty=True))

    def files(self, prefix: str = "") -> Iterator[tuple[str, Path]]:
        """Every blob below a prefix, by key, and the file that it is."""
        return self._walk(clean_key(prefix.rpartition("/")[0], allow_empty=True), prefix, None, None)

    def stage_block(self, key: str, block_id: str, chunks: Iterable[bytes]) -> None:
        """See `BlobStore.stage_block`."""
        name = block_name(block_id)
        folder = self._blocks(clean_key(key))
        folder.mkdir(parents=True, exist_ok=True)
        fresh = self._fresh()
        try:
            with fresh.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            fresh.replace(folder / name)
        finally:
            fresh.unlink(missing_ok=True)

    def staged_blocks(self, key: str) -> Mapping[str, int]:
        """See `BlobStore.staged_blocks`."""
        found: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):  # none were sent, or the blob has just been made of them
            for entry in os.scandir(self._blocks(clean_key(key))):
                if (name := keys.block_id(entry.name)) is not None:
                    found[name] = entry.stat().st_size
        return found

    def commit_blocks(self, key: str, block_ids: Sequence[str], *, only_if_missing: bool = False) -> BlobInfo:
        """See `BlobStore.commit_blocks`."""
        path = self._path(clean_key(key))
        folder = self._blocks(key)
        blocks = [folder / block_name(block_id) for block_id in block_ids]
        missing = next((name for name, block in zip(block_ids, blocks, strict=True) if not block.is_file()), None)
        if missing is not None:
            raise InvalidRequest(
                f"Block {missing[:80]!r} of {key[:200]!r} was never sent. Send it, then the list again.",
                code="InvalidBlockList",
            )
        fresh = self._fresh()
        try:
            with fresh.open("wb") as target:
                for block in blocks:
                    with block.open("rb") as source:
                        shutil.copyfileobj(source, target, CHUNK_BYTES)
            info = self._place(fresh, path, key, only_if_missing=only_if_missing)
        finally:
            fresh.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        return info

    def append(self, key: str, content: bytes, *, at: int | None = None) -> BlobInfo:
        """See `BlobStore.append`."""
        path = self._path(clean_key(key))
        try:
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK), "ab")
        except OSError:  # none there, a folder, a link, or a pipe that nobody reads
            raise NotFound(f"There is no blob {key[:200]!r}.", code="BlobNotFound") from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file.fileno()).st_size
            if at is not None and size != at:
                raise PreconditionFailed(
                    f"The blob {key[:200]!r} has {size} bytes and not {at}. Go on from there.",
                    code="AppendPositionConditionNotMet",
                )
            try:
                file.write(content)
                file.flush()
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
            return _info(key, os.fstat(file.fileno()))

    def _path(self, key: str) -> Path:
        path = self._root / key if key else self._root
        if _has_link(str(self._root), key) and not self._is_within(path):
            raise InvalidRequest(f"The key {key[:120]!r} leads out of its container by a link.", target="path")
        return path

    def _is_within(self, path: Path) -> bool:
        # Only an existing link can lead out; resolving the deepest existing folder finds it.
        root, real = os.path.realpath(self._root), os.path.realpath(path)
        if real != root and not real.startswith(root.rstrip("/") + "/"):
            return False
        try:
            os.stat(real)  # noqa: PTH116  (this is asked for every key, and a Path costs as much as the question)
        except OSError as error:
            return error.errno != errno.ELOOP  # links in a circle lead nowhere
        return True

    def _fresh(self) -> Path:
        self._staging.mkdir(parents=True, exist_ok=True)
        return self._staging / uuid.uuid4().hex

    def _blocks(self, key: str) -> Path:
        return self._staging / "blocks" / hashlib.sha256(f"{self._root}/{key}".encode()).hexdigest()

    def _place(self, fresh: Path, path: Path, key: str, *, only_if_missing: bool) -> BlobInfo:
        found = _later_than(path, fresh)
        for attempt in range(_PLACE_ATTEMPTS):
            try:
                self._make_folder(path.parent, key)
                if only_if_missing:
                    os.link(fresh, path)  # fails when there is one, without a moment in between
                else:
                    fresh.replace(path)
                return _info(key, found)
            except FileExistsError:
                raise _exists(key) from None
            except IsADirectoryError:
                raise _both(key) from None
            except FileNotFoundError:  # someone deleted the last other blob, and the folder with it
                if attempt == _PLACE_ATTEMPTS - 1:
                    raise
        raise AssertionError

    @staticmethod
    def _make_folder(folder: Path, key: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except NotADirectoryError:
            raise _both(key) from None
        except FileExistsError as error:
            if os.path.lexists(folder) and not folder.is_dir():
                raise _both(key) from None
            # It stood there when it should have been made, and was gone when it was looked at.
            raise FileNotFoundError(error.errno, error.strerror, error.filename) from None

    def _walk(self, folder: str, prefix: str, delimiter: str | None, after: str | None) -> Iterator[tuple[str, Path]]:
        """Keys in order, those of folders with a slash at the end when a delimiter sums them up."""
        root = self._path(folder)
        base = f"{folder}/" if folder else ""
        try:
            # A file whose name is no key (a job may write any) could be listed and then not be asked for.
            entries = [entry for entry in os.scandir(root) if problem(base + entry.name) is None]
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return
        named = [(base + entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""), entry) for entry in entries]
        for key, entry in sorted(named, key=lambda pair: pair[0]):
            if not (key.startswith(prefix) or (key.endswith("/") and prefix.startswith(key))):
                continue
            if key.endswith("/"):
                if delimiter == "/" and key.startswith(prefix):
                    if (after is None or key > after) and _holds_a_file(Path(entry.path)):
                        yield key, Path(entry.path)
                elif after is None or key > after or after.startswith(key):
                    yield from self._walk(key[:-1], prefix, delimiter, after)
            elif (after is None or key > after) and self._is_inside(entry):
                yield key, Path(entry.path)

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return entry.is_file()
        return self._is_within(Path(entry.path)) and Path(entry.path).is_file()


def _exists(key: str) -> Conflict:
    return Conflict(f"There is a blob {key[:200]!r} already. Delete it first, or send no If-None-Match.",
                    code="BlobAlreadyExists")  # fmt: skip


def _both(key: str) -> Conflict:
    return Conflict(f"{key[:200]!r} cannot be a file and a folder at once. Choose another key.",
                    code="BlobAlreadyExists")  # fmt: skip


def _holds_a_file(folder: Path) -> bool:
    return any(files for _, _, files in os.walk(folder))


def _has_link(root: str, key: str) -> bool:
    """Whether a key leads over a link. Few do, and to resolve a path costs more than to look at its steps."""
    path = root
    for part in key.split("/") if key else ():
        path = f"{path}/{part}"
        try:
            mode = os.lstat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return False  # What is not there leads nowhere.
        except OSError:
            return True  # Too long a name, say: whoever resolves it finds out.
        if stat.S_ISLNK(mode):
            return True
    return False


def _later_than(path: Path, fresh: Path) -> os.stat_result:
    """Date a file after the one it replaces: the clock of a file system may not tell two quick writes apart."""
    found = fresh.stat()
    try:
        before = path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return found
    if found.st_mtime_ns <= before and path.is_file():
        os.utime(fresh, ns=(found.st_atime_ns, before + 1))
        found = fresh.stat()
    return found


def _info(key: str, found: os.stat_result) -> BlobInfo:
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return BlobInfo(key, found.st_size, modified, f"0x{found.st_mtime_ns:X}{found.st_size:X}")


def _chunks(file: BinaryIO, start: int, length: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = length
        while left is None or left > 0:
            chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk
