"""Goes through the files of a model, wherever they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from smalt.blobs import BlobStore
from smalt.errors import SmaltError
from smalt.server.assets import Location
from smalt.server.scans.looking import HEAD_BYTES, LARGEST_BYTES, look, may_hold_pickles
from smalt.server.scans.verdict import Scan, Verdict, together

_IN_MEMORY_BYTES = 16 << 20
_MOST_FILES = 20_000


def scan(place: Location) -> Scan:
    """What the files of a model hold."""
    if place.local_path is None and place.store is None:
        return Scan(Verdict.UNREADABLE, (f"{place.uri} is outside of every datastore",))
    try:
        if place.local_path is not None:
            return together(_of_folder(place.local_path))
        assert place.store is not None
        return together(_of_store(place.store, place.key))
    except (SmaltError, OSError) as failure:
        return Scan(Verdict.UNREADABLE, (f"{place.uri} cannot be read ({failure})",))


def _of_folder(root: Path) -> Iterator[Scan]:
    files = [root] if root.is_file() else sorted(each for each in root.rglob("*") if each.is_file())
    if not files:
        yield Scan(Verdict.UNREADABLE, ("it has no files",))
    if len(files) > _MOST_FILES:
        yield Scan(Verdict.UNREADABLE, (f"it has more than {_MOST_FILES} files",))
    base = root.parent if root.is_file() else root
    within = root.resolve()
    for path in files[:_MOST_FILES]:
        name = path.relative_to(base).as_posix()
        # A job may have written a link there, which must not lead the server to files of its own.
        if not path.resolve().is_relative_to(within):
            yield Scan(Verdict.UNREADABLE, (f"{name} is a link that leads elsewhere",))
            continue
        with path.open("rb") as file:
            if not may_hold_pickles(name, file.read(HEAD_BYTES)):
                continue
            file.seek(0)
            yield _too_large(name) if path.stat().st_size > LARGEST_BYTES else look(name, file)


def _of_store(store: BlobStore, key: str) -> Iterator[Scan]:
    single = store.head(key)
    prefix, after, count = f"{key}/", None, 0
    listed = store.list(prefix, after=after) if single is None else None
    items = [single] if single is not None else list(listed.items if listed is not None else ())
    while items:
        for item in items:
            count += 1
            name = item.key.removeprefix(prefix)
            if not may_hold_pickles(name, b"".join(store.read(item.key, 0, HEAD_BYTES))):
                continue
            if item.size > LARGEST_BYTES:
                yield _too_large(name)
                continue
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
                for piece in store.read(item.key):
                    file.write(piece)
                file.seek(0)
                yield look(name, file)  # type: ignore[arg-type]  # a file in all but its class
        if listed is None or listed.after is None or count > _MOST_FILES:
            break
        listed = store.list(prefix, after=listed.after)
        items = list(listed.items)
    if count == 0 or count > _MOST_FILES:
        yield Scan(Verdict.UNREADABLE, ("it has no files" if not count else f"it has more than {_MOST_FILES} files",))


def _too_large(name: str) -> Scan:
    return Scan(Verdict.UNREADABLE, (f"{name} is too large to be looked through",))
