"""JSON schemas of request bodies, made from the entities and the tables that spell them. For the API description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.base import Entity
from smalt.wire.arm.shape import Both, CamelKeys, JsonObject, MapOf, Part, Seconds, Shape, Words

ANYTHING: JsonObject = {}
_DROPPED = frozenset({"$defs", "title", "default", "discriminator"})
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def own_schema(model: type[Entity]) -> JsonObject:
    """The schema of an entity in its own spelling, with every reference written out."""
    whole = model.model_json_schema()
    found: JsonObject = _written_out(whole, whole.get("$defs", {}), ())
    return found


def wire_schema(model: type[Entity], shape: Shape) -> JsonObject:
    """The schema of an entity as a shape spells it."""
    return _shaped(shape, own_schema(model))


def body(properties: JsonObject, beside: Mapping[str, JsonObject] | None = None) -> JsonObject:
    """The schema of a whole body: `properties`, and what tracked resources have beside them."""
    return {"type": "object", "required": ["properties"], "properties": {**(beside or {}), "properties": properties}}


def _written_out(schema: Any, definitions: JsonObject, inside: tuple[str, ...]) -> Any:  # Any: a JSON schema
    if isinstance(schema, list):
        return [_written_out(item, definitions, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return ANYTHING if name in inside else _written_out(definitions[name], definitions, (*inside, name))
    found = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: _written_out(item, definitions, inside) for name, item in value.items()}
        elif key not in _DROPPED:
            found[_BOUNDS.get(key, key)] = _written_out(value, definitions, inside)
    return found


def _part(part: Part | None, own: JsonObject) -> JsonObject:
    """How a value of schema `own` looks behind a part; what a function spells may be anything."""
    if part is None:
        return own
    if isinstance(part, Words):
        return {"type": "string", "enum": list(dict.fromkeys(part.pairs.values()))}
    if isinstance(part, Seconds):
        return {"type": "string", "format": "duration", "examples": ["PT1H"]}
    if isinstance(part, Shape):
        return _shaped(part, _object_in(own))
    if isinstance(part, MapOf):
        inner = _object_in(own).get("additionalProperties")
        return {"type": "object", "additionalProperties": _part(part.part, inner if isinstance(inner, dict) else {})}
    if isinstance(part, CamelKeys):
        return {"type": "object"}
    return part.schema if isinstance(part, Both) and part.schema is not None else ANYTHING


def _shaped(shape: Shape, own: JsonObject) -> JsonObject:
    known: JsonObject = own.get("properties", {})
    properties = {
        wire: _part(shape.parts.get(name), known.get(name, ANYTHING))
        for name, wire in shape.names.items()
        if name not in shape.skip
    }
    properties |= {key: {"const": value} for key, value in shape.constants.items()}
    required = [shape.names[name] for name in own.get("required", ()) if name in shape.names]
    found: JsonObject = {"type": "object", "properties": properties}
    return found | ({"required": required} if required else {})


def _object_in(schema: JsonObject) -> JsonObject:
    """The object among the alternatives of a schema."""
    choices = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return next((choice for choice in choices if choice.get("type") == "object"), {})
