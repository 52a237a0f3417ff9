"""Keys of blobs: relative, normalised, and never a way out of their container."""

from __future__ import annotations

from smalt.errors import InvalidRequest

STAGED = ".smalt-staged"
"""A folder of this name, anywhere in a container, holds unfinished writes: it has no keys and shows in no listing."""

_LONGEST = 1024


def clean_key(key: str, *, allow_empty: bool = False) -> str:
    """The key, when it is one.

    Raises:
        InvalidRequest: It is empty, absolute, too long, reserved, or has `.`, `..`, empty or control parts.
    """
    if key == "" and allow_empty:
        return key
    found = problem(key)
    if found:
        raise InvalidRequest(
            f"The key {key[:120]!r} {found}. A key is a relative path such as folder/file.csv.",
            target="path",
            code="InvalidResourceName",
        )
    return key


def problem(key: str) -> str | None:
    """Why a text is no key, or None when it is one."""
    if key == "":
        return "is empty"
    if any(_is_unwritable(character) for character in key):
        return "holds a control character or half a character"
    if len(key.encode()) > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    if "\\" in key:
        return "holds a backslash"
    parts = key.split("/")
    if "" in parts:
        return "begins or ends with a slash, or holds two in a row"
    if "." in parts or ".." in parts:
        return "holds '.' or '..'"
    if any(len(part.encode()) > 255 for part in parts):
        return "has a part longer than 255 bytes"
    if STAGED in parts:
        return f"holds {STAGED!r}, a name that is kept for unfinished writes"
    return None


def _is_unwritable(character: str) -> bool:
    """Whether XML, in which keys are listed, has no way to write it."""
    number = ord(character)
    return number < 32 or number == 127 or 0xD800 <= number <= 0xDFFF or number in (0xFFFE, 0xFFFF)
