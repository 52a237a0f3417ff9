"""Local files to a container: a few at a time, in bounded memory, and only those that are not there yet."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from functools import partial
from pathlib import Path

from smalt.sdk.blobs import BlobContainer
from smalt.sdk.errors import TransferFailed
from smalt.sdk.lanes import Lanes
from smalt.sdk.snapshot import LocalFile, Snapshot

SINGLE_PUT_BYTES = 64 * 1024 * 1024
BLOCK_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024

Progress = Callable[[int, int], None]
"""Told of the bytes done and the bytes in all."""


def key_of(snapshot: Snapshot, content_hash: str) -> str:
    """Where content of this hash lies in a container: the same content always has the same key."""
    return f"LocalUpload/{content_hash}/{snapshot.name}"


def upload(
    container: BlobContainer,
    snapshot: Snapshot,
    content_hash: str,
    *,
    resume: bool = True,
    metadata: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> str:
    """Upload what is missing, and return the key of the file or folder.

    Args:
        container: Where to.
        snapshot: What.
        content_hash: Of the snapshot.
        resume: Ask first what is there already, down to the blocks of big files; without it every file is sent, and
            refused one by one when it is there.
        metadata: Left on the first file when all is there, by which other clients know that the upload is complete.
        progress: Told how far the upload is.

    Raises:
        TransferFailed: A file has changed since it was hashed.
    """
    root = key_of(snapshot, content_hash)
    there = {blob.key: blob.size for blob in container.list(root)} if resume else {}
    keys = {file: f"{root}/{file.key}" if snapshot.is_folder else root for file in snapshot.files}
    meter = _Meter(snapshot.size, progress)
    missing = {file: key for file, key in keys.items() if there.get(key) != file.size}
    meter.add(sum(file.size for file in keys.keys() - missing.keys()))
    _send_all(container, missing, meter, staged=container.staged_blocks if resume else None)
    if metadata is not None and there.keys() != set(keys.values()):
        container.set_metadata(next(iter(keys.values())), {"upload_status": "completed", **metadata})
    return root


def upload_as(container: BlobContainer, keys: Mapping[LocalFile, str]) -> None:
    """Upload files to keys of their own.

    Raises:
        TransferFailed: A file changes meanwhile.
    """
    _send_all(container, keys, _Meter(0, None), staged=None)


def _send_all(
    container: BlobContainer,
    keys: Mapping[LocalFile, str],
    meter: _Meter,
    *,
    staged: Callable[[str], Mapping[str, int]] | None,
) -> None:
    with Lanes() as lanes:
        for file, key in keys.items():
            if file.size <= SINGLE_PUT_BYTES:
                lanes.run(partial(_put, container, file, key, meter))
            else:
                known = staged(key) if staged is not None else {}
                _put_blocks(container, file, key, lanes=lanes, meter=meter, staged=known)


class _Meter:
    """Adds up what several threads have sent."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        if self._progress is None:
            return
        with self._lock:
            self._done += size
            self._progress(self._done, self._total)


def _put(container: BlobContainer, file: LocalFile, key: str, meter: _Meter) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    for piece in _pieces(file.path, _PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    _check(file, size)
    container.put(key, partial(_pieces, file.path, _PIECE_BYTES), size=size, md5=digest.digest())
    meter.add(file.size)


def _put_blocks(
    container: BlobContainer, file: LocalFile, key: str, *, lanes: Lanes, meter: _Meter, staged: Mapping[str, int]
) -> None:
    """Send the blocks that an earlier upload has not left there, then make a blob of all."""
    digest = hashlib.md5(usedforsecurity=False)
    blocks, sent, size = [], [], 0

    def send(block: str, piece: bytes, md5: bytes) -> None:
        container.put_block(key, block, piece, md5=md5)
        meter.add(len(piece))

    for number, piece in enumerate(_pieces(file.path, BLOCK_BYTES)):
        digest.update(piece)
        size += len(piece)
        md5 = hashlib.md5(piece, usedforsecurity=False).digest()
        # The id tells the content, so what waits under it need not be sent again, whoever sent it.
        block = base64.b64encode(b"%08d" % number + md5).decode()
        blocks.append(block)
        if staged.get(block) == len(piece):
            meter.add(len(piece))
        else:
            sent.append(lanes.run(partial(send, block, piece, md5)))
    wait(sent)
    for each in sent:
        each.result()
    _check(file, size)
    container.commit(key, blocks, md5=digest.digest())


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(size):
            yield piece


def _check(file: LocalFile, size: int) -> None:
    if size != file.size:
        raise TransferFailed(f"{file.path} had {file.size} bytes and now has {size}. Upload when it does not change.")
