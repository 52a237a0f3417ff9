"""Pages of a list: an opaque token that says where the next page begins, and the link that carries it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from smalt.errors import InvalidRequest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the position after the last one when there are more."""

    items: Sequence[T]
    after: Any = None


def encode(position: Any) -> str:
    """A position (any JSON value) as a token for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def foreign(name: str = "$skip") -> InvalidRequest:
    """The failure of a token that was made for another list."""
    return InvalidRequest(
        "The continuation token belongs to another list. Start the list again without it.", target=name
    )


def decode(token: str) -> Any:
    """The position in a token.

    Raises:
        InvalidRequest: The token was not made by this server.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise InvalidRequest(
            f"The continuation token {token[:80]!r} is not one of ours. Start the list again without it.",
            target="$skip",
        ) from error
