"""Keys of blobs: relative, normalised, and never a way out of their container."""

from __future__ import annotations

from smalt.errors import InvalidRequest

_LONGEST = 1024


def clean_key(key: str, *, allow_empty: bool = False) -> str:
    """The key, when it is one.

    Raises:
        InvalidRequest: It is empty, absolute, too long, or has `.`, `..`, empty or control parts.
    """
    if key == "" and allow_empty:
        return key
    problem = _problem(key)
    if problem:
        raise InvalidRequest(
            f"The key {key[:120]!r} {problem}. A key is a relative path such as folder/file.csv.",
            target="path",
            code="InvalidResourceName",
        )
    return key


def _problem(key: str) -> str | None:
    if key == "":
        return "is empty"
    if len(key.encode()) > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        return "holds a control character"
    if "\\" in key:
        return "holds a backslash"
    parts = key.split("/")
    if "" in parts:
        return "begins or ends with a slash, or holds two in a row"
    if "." in parts or ".." in parts:
        return "holds '.' or '..'"
    if any(len(part.encode()) > 255 for part in parts):
        return "has a part longer than 255 bytes"
    return None
