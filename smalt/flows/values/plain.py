"""Values of flows as plain values that JSON can hold: what records, answers and tables show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from smalt.flows.tools.types import Secret
from smalt.flows.values.images import PFBytes, Text
from smalt.flows.values.streams import AsyncStream, Stream

_SIMPLE = (str, int, float, bool, type(None))
SCRUBBED = "**data_scrubbed**"


def plain(value: Any, image: Callable[[PFBytes], Any] = str) -> Any:  # Any: values of flows, JSON
    """The value as JSON can hold it.

    Connections become their names, secrets stars, streams the text that was read, images what `image` makes of them,
    and what has no other form its text.
    """
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if kind is dict:
        return {str(key): plain(item, image) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [plain(item, image) for item in value]
    return _special(value, image)


def _special(value: Any, image: Callable[[PFBytes], Any]) -> Any:
    if isinstance(value, PFBytes):
        return image(value)
    if isinstance(value, Text):
        return value.serialize()
    if isinstance(value, Secret):
        return SCRUBBED
    if isinstance(value, Stream | AsyncStream):
        return value.so_far()
    if isinstance(value, Enum):
        return plain(value.value, image)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "secrets") and hasattr(value, "configs"):
        return getattr(value, "name", None) or type(value).__name__
    if isinstance(value, Mapping):
        return {str(key): plain(item, image) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), image) for field in fields(value)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, image) for item in value]
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(), image)
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return plain(value.tolist(), image)
    return value if isinstance(value, int | float) else str(value)
