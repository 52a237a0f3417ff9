"""Keys of blobs: relative, normalised, and never a way out of their container."""

from __future__ import annotations

import base64
import binascii
import re

from smalt.errors import InvalidRequest

STAGED = ".smalt-staged"
"""A folder of this name, anywhere in a container, holds unfinished writes: it has no keys and shows in no listing."""

_LONGEST = 1024
_LONGEST_PART = 255
# XML, in which keys are listed, has no way to write these.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LONGEST_BLOCK_ID = 88
"""As Azure has it: 64 bytes in base64."""


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


def block_name(block_id: str) -> str:
    """A file name for the id of a block, from which `block_id` reads it back.

    Raises:
        InvalidRequest: It is empty or too long.
    """
    if not 0 < len(block_id) <= _LONGEST_BLOCK_ID:
        raise InvalidRequest(
            f"The block id {block_id[:100]!r} has {len(block_id)} characters. Take 1 to {_LONGEST_BLOCK_ID}: the "
            "base64 of at most 64 bytes.",
            code="InvalidQueryParameterValue",
        )
    return base64.urlsafe_b64encode(block_id.encode("utf-8", "surrogatepass")).decode()


def block_id(name: str) -> str | None:
    """The id whose file name this is; None for what `block_name` never made."""
    try:
        return base64.b64decode(name, b"-_", validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        return None


def problem(key: str) -> str | None:
    """Why a text is no key, or None when it is one."""
    if key == "":
        return "is empty"
    if _UNWRITABLE.search(key):
        return "holds a control character or half a character"
    length = len(key.encode())
    if length > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    if "\\" in key:
        return "holds a backslash"
    parts = key.split("/")
    if "" in parts:
        return "begins or ends with a slash, or holds two in a row"
    if "." in parts or ".." in parts:
        return "holds '.' or '..'"
    if length > _LONGEST_PART and any(len(part.encode()) > _LONGEST_PART for part in parts):
        return f"has a part longer than {_LONGEST_PART} bytes"
    if STAGED in parts:
        return f"holds {STAGED!r}, a name that is kept for unfinished writes"
    return None
