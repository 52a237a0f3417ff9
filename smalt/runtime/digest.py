"""What an output holds, as one number: equal content gives an equal digest, wherever and whenever it was written."""

from __future__ import annotations

import os
from _blake2 import blake2b  # hashlib costs more to import than most outputs take to read.

MOST_BYTES = 1 << 30
MOST_FILES = 50_000
_PIECE = 1 << 20


def of_path(path: str) -> str | None:
    """The digest of a file or a folder; None where there is nothing, or so much that reading it again would show."""
    if os.path.isfile(path):
        return _of_files([("", path)])
    if not os.path.isdir(path):
        return None
    found: list[tuple[str, str]] = []
    for base, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            whole = os.path.join(base, name)
            if os.path.isfile(whole):
                found.append((os.path.relpath(whole, path), whole))
        if len(found) > MOST_FILES:
            return None
    return _of_files(found)


def _of_files(files: list[tuple[str, str]]) -> str | None:
    if sum(os.path.getsize(path) for _, path in files) > MOST_BYTES:
        return None
    whole = blake2b(digest_size=16)
    for name, path in files:
        content = blake2b(digest_size=16)
        with open(path, "rb") as stream:
            for piece in iter(lambda: stream.read(_PIECE), b""):
                content.update(piece)
        whole.update(f"{len(name.encode())}:".encode() + name.encode() + content.digest())
    return whole.hexdigest()
