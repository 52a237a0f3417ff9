"""A one-line notation for the fields of a call, for the API description: `"run_id! order_by[] max_results:int"`.

`!` marks a field that must be there, `[]` a list, `:kind` anything but text.
"""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_PAIR: dict[str, Any] = {
    "type": "object",
    "required": ["key", "value"],
    "properties": {"key": _TEXT, "value": _TEXT},
}
_KINDS: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "pair": _PAIR,
    "object": {"type": "object"},
    "texts": {"type": "object", "additionalProperties": _TEXT},
    "moment": {"type": "string", "format": "date-time"},
}


def read(notation: str) -> tuple[str, dict[str, Any], bool]:
    """Name, JSON schema and whether it must be there, of one field."""
    rest = notation.removesuffix("!")
    plain = rest.removesuffix("[]")
    name, _, kind = plain.partition(":")
    schema = _KINDS[kind or "text"]
    return name, schema if plain == rest else {"type": "array", "items": schema}, rest != notation


def body(notation: str) -> dict[str, Any]:
    """The JSON schema of a body with these fields."""
    found = [read(word) for word in notation.split()]
    schema: dict[str, Any] = {"type": "object", "properties": {name: schema for name, schema, _ in found}}
    required = [name for name, _, must in found if must]
    return schema | ({"required": required} if required else {})
