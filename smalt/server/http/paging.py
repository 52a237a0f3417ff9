"""Pages of a list: an opaque token that says where the next page begins, and the link that carries it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from smalt.errors import InvalidRequest
from smalt.server.http import incoming

T = TypeVar("T")

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment in a position."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the position after the last one when there are more."""

    items: Sequence[T]
    after: Any = None


def encode(position: Any) -> str:
    """A position (any JSON value) as a token for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode(token: str, shape: type[T], *, name: str = "$skip") -> T:
    """The position in a token.

    Raises:
        InvalidRequest: It is not a token of a list whose positions have this shape.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        incoming.json_value(raw)
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, InvalidRequest) as error:
        raise InvalidRequest(
            f"The continuation token {token[:80]!r} is not one of this list. Start the list again without it.",
            target=name,
        ) from error
