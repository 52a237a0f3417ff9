"""Blobs to local files: a few at a time, in ranges, and never outside the folder that was named."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import wait
from functools import partial
from pathlib import Path

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import ids
from smalt.sdk.blobs import Blob, BlobContainer
from smalt.sdk.errors import TransferFailed
from smalt.sdk.lanes import Lanes

_RANGE_BYTES = 8 * 1024 * 1024
_ONE_REQUEST_BYTES = 64 * 1024 * 1024


def download(container: BlobContainer, prefix: str, target: Path) -> list[Path]:
    """Fetch the blob `prefix`, or everything below it, into the folder `target`.

    Raises:
        NotFound: There is nothing.
        InvalidRequest: A name would lead out of `target`.
    """
    root = prefix.rstrip("/")
    blobs = [blob for blob in container.list(root) if blob.key == root or not root or blob.key.startswith(root + "/")]
    if not blobs:
        raise NotFound(f"Nothing is stored under {prefix!r}. The job may have written nothing there.")
    places = {blob: safe_path(target, _relative(blob.key, root)) for blob in blobs if not blob.key.endswith("/")}
    with Lanes() as lanes:
        for blob, path in places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.parent.resolve().is_relative_to(target.resolve()):
                raise InvalidRequest(f"{path} leads out of {target} through a link. Choose an empty folder.")
            _fetch(container, blob, path, lanes)
    return list(places.values())


def _relative(key: str, root: str) -> str:
    return key.rsplit("/", 1)[-1] if key == root else key[len(root) :].removeprefix("/")


def safe_path(target: Path, key: str) -> Path:
    """The local path of a key below `target`.

    Raises:
        InvalidRequest: The key would lead out of it.
    """
    parts = key.split("/")
    if "\0" in key or "\\" in key or any(part in {"", ".", ".."} for part in parts) or (os.name == "nt" and ":" in key):
        raise InvalidRequest(f"The name {key!r} could lead out of {target}; it is not downloaded.")
    return target.joinpath(*parts)


def _fetch(container: BlobContainer, blob: Blob, path: Path, lanes: Lanes) -> None:
    """Write beside the place first, so that a broken download leaves no half file."""
    if blob.size <= _ONE_REQUEST_BYTES:
        lanes.run(partial(_fetch_whole, container, blob, path))
        return
    with _beside(path) as descriptor:
        os.truncate(descriptor, blob.size)
        pieces = [
            lanes.run(partial(_fetch_range, container, blob, descriptor, start))
            for start in range(0, blob.size, _RANGE_BYTES)
        ]
        wait(pieces)
        for piece in pieces:
            piece.result()


def _fetch_whole(container: BlobContainer, blob: Blob, path: Path) -> None:
    with _beside(path) as descriptor:
        _check(blob, _write(descriptor, 0, container.read(blob.key) if blob.size else ()), blob.size)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[int]:
    """A file that takes the place of `path` when the block ends well, and vanishes when it does not."""
    partly = path.with_name(f".download-{ids.opaque()}")
    descriptor = os.open(partly, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        yield descriptor
        partly.replace(path)
    finally:
        os.close(descriptor)
        partly.unlink(missing_ok=True)


def _fetch_range(container: BlobContainer, blob: Blob, descriptor: int, start: int) -> None:
    end = min(start + _RANGE_BYTES, blob.size)
    _check(blob, _write(descriptor, start, container.read(blob.key, start=start, end=end)), end - start)


def _write(descriptor: int, start: int, pieces: Iterable[bytes]) -> int:
    offset = start
    for piece in pieces:
        offset += os.pwrite(descriptor, piece, offset)
    return offset - start


def _check(blob: Blob, size: int, expected: int) -> None:
    if size != expected:
        raise TransferFailed(f"{blob.key} ended after {size} of {expected} bytes. Download it again.")
