"""Small text files, such as descriptions of models and flows, wherever their bytes are."""

from __future__ import annotations

from smalt.blobs import clean_key
from smalt.server.assets.locator import Location

_LONGEST_BYTES = 1 << 20


def small_text(place: Location, name: str, *, most_bytes: int = _LONGEST_BYTES) -> str | None:
    """The text of a file in a folder; None where there is none, or it is longer than such files are.

    Raises:
        InvalidRequest: The name leads elsewhere.
    """
    clean_key(name)
    if place.local_path is not None:
        path = place.local_path / name
        # A job may have written a link there, which must not lead the server to files of its own.
        is_below = path.resolve().is_relative_to(place.local_path.resolve())
        is_there = is_below and path.is_file() and path.stat().st_size <= most_bytes
        return path.read_text(encoding="utf-8", errors="replace") if is_there else None
    if place.store is None:
        return None
    key = f"{place.key}/{name}".lstrip("/")
    found = place.store.head(key)
    if found is None or found.size > most_bytes:
        return None
    return b"".join(place.store.read(key)).decode(errors="replace")
