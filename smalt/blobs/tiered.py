"""A container whose blobs live in an object store, with a folder of this machine in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from pathlib import Path

from smalt.blobs.base import BlobInfo, BlobPage, BlobStore
from smalt.blobs.index import LAST, BlobIndex, Held
from smalt.blobs.keys import clean_key
from smalt.blobs.local import LocalBlobStore
from smalt.errors import Conflict, NotFound
from smalt.kit import clock


class TieredBlobStore(BlobStore):
    """The container.

    What is written is written into the folder, where jobs find it as plain files, and `note` hears of it: whoever
    listens brings it into the object store. What stands in the object store only is read from there, and has no path.

    Args:
        local: The folder.
        remote: The object store.
        index: What the object store has.
        base: What keys of this container begin with there; ends with a slash.
        note: Is given the key there of what was written or deleted.
    """

    def __init__(
        self, local: LocalBlobStore, remote: BlobStore, index: BlobIndex, base: str, note: Callable[[str], None]
    ) -> None:
        self._local = local
        self._remote = remote
        self._index = index
        self._base = base
        self._note = note

    def head(self, key: str) -> BlobInfo | None:
        """See `BlobStore.head`."""
        found = self._local.head(key)
        if found is None and (held := self._absent(key)) is not None:
            return _info(held, self._base)
        return found

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `BlobStore.read`."""
        try:
            return self._local.read(key, start, length)
        except NotFound:
            if self._absent(key) is None:
                raise
            return self._remote.read(self._base + key, start, length)

    def write(
        self, key: str, chunks: Iterable[bytes], *, only_if_missing: bool = False, md5: bytes | None = None
    ) -> BlobInfo:
        """See `BlobStore.write`."""
        self._must_be_missing(key, only_if_missing=only_if_missing)
        return self._written(self._local.write(key, chunks, only_if_missing=only_if_missing, md5=md5))

    def delete(self, key: str) -> bool:
        """See `BlobStore.delete`."""
        was_here = self._local.delete(key)
        was_there = self._index.doom(self._base + clean_key(key))
        if was_there:
            self._note(self._base + key)
        return was_here or was_there

    def list(
        self, prefix: str = "", *, delimiter: str | None = None, after: str | None = None, limit: int = 1000
    ) -> BlobPage:
        """See `BlobStore.list`."""
        here = self._local.list(prefix, delimiter=delimiter, after=after, limit=limit)
        there = self._listed(prefix, delimiter, after)
        entries = merge(_entries(here), there, key=lambda entry: entry[0])
        items: list[BlobInfo] = []
        prefixes: list[str] = []
        last = ""
        for key, info in entries:
            if key == last:
                continue
            if here.after is not None and key > here.after:
                return BlobPage(tuple(items), tuple(prefixes), last)
            if len(items) + len(prefixes) == limit:
                return BlobPage(tuple(items), tuple(prefixes), last)
            last = key
            if info is None:
                prefixes.append(key)
            else:
                items.append(info)
        return BlobPage(tuple(items), tuple(prefixes), here.after)

    def local_path(self, key: str) -> Path | None:
        """Where it is a file or folder of this machine as a whole; None when a part is in the object store only.

        The container's own folder is always one: it is where jobs write.
        """
        clean = clean_key(key, allow_empty=True)
        if clean:
            whole = self._base + clean
            if self._index.is_absent(whole):
                return None
            self._index.use(whole, clock.now())
        return self._local.local_path(clean)

    def stage_block(self, key: str, block_id: str, chunks: Iterable[bytes]) -> None:
        """See `BlobStore.stage_block`."""
        self._local.stage_block(key, block_id, chunks)

    def staged_blocks(self, key: str) -> Mapping[str, int]:
        """See `BlobStore.staged_blocks`."""
        return self._local.staged_blocks(key)

    def commit_blocks(self, key: str, block_ids: Sequence[str], *, only_if_missing: bool = False) -> BlobInfo:
        """See `BlobStore.commit_blocks`."""
        self._must_be_missing(key, only_if_missing=only_if_missing)
        return self._written(self._local.commit_blocks(key, block_ids, only_if_missing=only_if_missing))

    def append(self, key: str, content: bytes, *, at: int | None = None) -> BlobInfo:
        """See `BlobStore.append`."""
        if self._local.head(key) is None and self._absent(key) is not None:
            self._local.write(key, self._remote.read(self._base + key))
        return self._written(self._local.append(key, content, at=at))

    def _absent(self, key: str) -> Held | None:
        held = self._index.find(self._base + clean_key(key))
        return held if held is not None and held.here is None else None

    def _must_be_missing(self, key: str, *, only_if_missing: bool) -> None:
        if only_if_missing and self._absent(key) is not None:
            raise Conflict(
                f"There is a blob {key[:200]!r} already. Delete it first, or send no If-None-Match.",
                code="BlobAlreadyExists",
            )

    def _written(self, info: BlobInfo) -> BlobInfo:
        self._index.arrived(self._base + info.key)
        self._note(self._base + info.key)
        return info

    def _listed(self, prefix: str, delimiter: str | None, after: str | None) -> Iterator[tuple[str, BlobInfo | None]]:
        begin = "" if after is None else self._base + after
        while True:
            summed = None
            for held in self._index.absent(self._base + prefix, after=begin):
                key = held.key.removeprefix(self._base)
                rest = key[len(prefix) :]
                if delimiter and delimiter in rest:
                    summed = prefix + rest.split(delimiter, 1)[0] + delimiter
                    break
                yield key, _info(held, self._base)
            if summed is None:
                return
            if after is None or summed > after:
                yield summed, None
            begin = f"{self._base}{summed}{LAST}"  # the next one that is not below it


def _entries(page: BlobPage) -> Iterator[tuple[str, BlobInfo | None]]:
    named: list[tuple[str, BlobInfo | None]] = [(item.key, item) for item in page.items]
    named += [(prefix, None) for prefix in page.prefixes]
    return iter(sorted(named, key=lambda entry: entry[0]))


def _info(held: Held, base: str) -> BlobInfo:
    return BlobInfo(held.key.removeprefix(base), held.size, held.modified_at, held.etag)
