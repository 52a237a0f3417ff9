"""Files behind a reference as one ZIP archive, written while it is read: no folder is too large for it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, cast

from smalt.blobs import BlobInfo, BlobStore
from smalt.errors import NotFound
from smalt.server.assets import Location

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that the format knows."""


def packed(location: Location, folder: str) -> Iterator[bytes]:
    """The archive of all files below a folder of a place, in pieces.

    Args:
        location: Where the reference leads.
        folder: Which folder below it, without slashes at the ends; empty for the place itself.

    Raises:
        NotFound: Nothing is there that this server could read.
    """
    store = location.store
    key = "/".join(part for part in (location.key, folder) if part)
    if store is None or not (key == "" or store.head(key) or store.list(f"{key}/", limit=1).items):
        raise NotFound(
            f"{location.uri!r} has no files here. Look at its folder in the studio, or with `smalt data show`."
        )
    return _pieces(store, key)


def _pieces(store: BlobStore, key: str) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w") as archive:
        for item, name in _files(store, key):
            moment = max(item.modified_at.timetuple()[:6], _EARLIEST)
            with archive.open(zipfile.ZipInfo(name, moment), "w", force_zip64=True) as file:
                for piece in store.read(item.key):
                    file.write(piece)
                    yield from sink.take()
    yield from sink.take()


def _files(store: BlobStore, key: str) -> Iterator[tuple[BlobInfo, str]]:
    single = store.head(key) if key else None
    if single is not None:
        yield single, key.rpartition("/")[2]
        return
    prefix = f"{key}/" if key else ""
    after: str | None = None
    while True:
        page = store.list(prefix, after=after)
        for item in page.items:
            yield item, item.key.removeprefix(prefix)
        after = page.after
        if after is None:
            return


class _Sink:
    """What an archive is written to: it cannot go back, and gives away what it has."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> list[bytes]:
        taken, self._written = self._written, []
        return taken
