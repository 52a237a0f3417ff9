"""What a codec is, and the one that serves most kinds: a table of shapes, and the envelope round the properties."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from smalt.entities.base import Entity
from smalt.entities.kinds import canonical_type, entity_class, types_of
from smalt.errors import InvalidRequest
from smalt.wire.arm import schema
from smalt.wire.arm.envelope import parse_arm_id
from smalt.wire.arm.shape import JsonObject, Part, Shape, snake

_MAX_DEPTH = 100

ENVELOPE = frozenset({"name", "id", "creation_context"})
"""Fields that travel in the envelope and not in `properties`."""

_IN_REGISTRY = "azureml://registries/"


class Codec(Protocol):
    """Both spellings of one kind."""

    def to_arm(self, entity: Entity, *, secrets: bool = False) -> JsonObject:
        """The body of a resource: `properties`, and what tracked resources have beside them."""

    def from_arm(self, body: object, *, name: str | None = None, version: str | None = None) -> Entity:
        """Read a body; name, version, id and creation facts come from the envelope where it has them.

        Raises:
            ValidationFailed: The body is not a valid entity.
        """

    def schema(self) -> JsonObject:
        """JSON schema of a body, for the API description."""


class ShapeCodec:
    """A codec made of tables.

    Args:
        kind: The kind of entity.
        shape: The table for an entity class.
        type_key: The discriminator on the wire, for kinds with types.
        tracked: Keys that stand beside `properties`, with their parts.
        finish: Last changes to the properties on the way to the wire.
        begin: First changes to the properties on the way from it.
        outline: The same changes to the schemas of the properties.
    """

    def __init__(
        self,
        kind: str,
        shape: Callable[[type[Entity]], Shape],
        *,
        type_key: str | None = None,
        tracked: Mapping[str, Part | None] | None = None,
        finish: Callable[[JsonObject], JsonObject] = lambda properties: properties,
        begin: Callable[[JsonObject], JsonObject] = lambda properties: properties,
        outline: Callable[[JsonObject], JsonObject] = lambda properties: properties,
    ) -> None:
        self._kind = kind
        self._shape = shape
        self._type_key = type_key
        self._tracked = tracked or {}
        self._finish = finish
        self._begin = begin
        self._outline = outline
        self._shapes: dict[type[Entity], Shape] = {}

    def to_arm(self, entity: Entity, *, secrets: bool = False) -> JsonObject:
        """See `Codec.to_arm`."""
        document = entity.document(secrets=secrets)
        body: JsonObject = {}
        for key, part in self._tracked.items():
            if key in document:
                value = document.pop(key)
                body[key] = value if part is None else part.to_arm(value)
        body["properties"] = self._finish(self._shape_of(type(entity)).to_arm(document))
        return body

    def from_arm(self, body: object, *, name: str | None = None, version: str | None = None) -> Entity:
        """See `Codec.from_arm`."""
        whole, properties = opened(body)
        properties = self._begin(properties)
        model = self._class_for(properties)
        document = self._shape_of(model).from_arm(properties)
        for key, part in self._tracked.items():
            if whole.get(key) is not None:
                document[key] = whole[key] if part is None else part.from_arm(whole[key])
        return model.parse(document | envelope_fields(whole, name=name, version=version))

    def schema(self) -> JsonObject:
        """See `Codec.schema`."""
        beside = {key: {"type": "object"} for key in self._tracked if key != "kind"}
        beside |= {key: {"type": "string"} for key in ("location", "kind") if key in self._tracked}
        if self._type_key is None:
            return schema.body(self._properties(entity_class(self._kind)), beside)
        choices = []
        for name in types_of(self._kind):
            properties = self._properties(entity_class(self._kind, name))
            properties["properties"][self._type_key] = {"const": self._type_word(name)}
            properties["required"] = [*dict.fromkeys([*properties.get("required", ()), self._type_key])]
            choices.append(properties)
        return schema.body({"anyOf": choices}, beside)

    def _properties(self, model: type[Entity]) -> JsonObject:
        found = schema.wire_schema(model, self._shape_of(model))
        own = {key: value for key, value in found["properties"].items() if key not in self._tracked}
        return found | {"properties": self._outline(own)}

    def _type_word(self, name: str) -> str:
        part = self._shape_of(entity_class(self._kind, name)).parts.get("type")
        return name if part is None else str(part.to_arm(name))

    def _shape_of(self, model: type[Entity]) -> Shape:
        if model not in self._shapes:
            self._shapes[model] = self._shape(model)
        return self._shapes[model]

    def _class_for(self, properties: JsonObject) -> type[Entity]:
        if self._type_key is None:
            return entity_class(self._kind)
        given = properties.get(self._type_key)
        if not isinstance(given, str) or canonical_type(self._kind, given) is None:
            known = ", ".join(types_of(self._kind))
            raise InvalidRequest(
                f"properties.{self._type_key} is {given!r}. Send one of: {known} (any case).",
                target=f"properties.{self._type_key}",
            )
        return entity_class(self._kind, given)


def opened(body: object) -> tuple[JsonObject, JsonObject]:
    """The body and its properties.

    Raises:
        InvalidRequest: One of them is not an object.
    """
    _check_depth(body)
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(properties, dict):
        raise InvalidRequest("The body has no 'properties' object. Send {\"properties\": {...}}.", target="properties")
    return body, dict(properties)


def as_object(value: object, where: str) -> JsonObject:
    """`value` as an object; null is an empty one.

    Raises:
        InvalidRequest: It is something else.
    """
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"{where} is not an object. Send {{...}}.", target=where)
    return value or {}


def _check_depth(body: object) -> None:
    """Refuse bodies so deep that walking them would exhaust the stack."""
    level = [body]
    for _ in range(_MAX_DEPTH):
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [value for values in inner for value in values]
        if not level:
            return
    raise InvalidRequest(f"The body is more than {_MAX_DEPTH} levels deep. Flatten it.")


def envelope_fields(body: JsonObject, *, name: str | None, version: str | None) -> JsonObject:
    """Name, version, id and creation facts, from the arguments and from the envelope."""
    fields: JsonObject = {"name": name, "version": version}
    identifier = body.get("id")
    found = parse_arm_id(identifier) if isinstance(identifier, str) else None
    if found is not None or str(identifier).startswith(_IN_REGISTRY):
        fields["id"] = identifier
    if found is not None:
        fields["name"] = name or found.parts[-1][1] if found.parts else name or found.name
        if found.version is not None:
            fields |= {"name": name or found.name, "version": version or found.version}
    system = body.get("systemData")
    if isinstance(system, dict):
        fields["creation_context"] = {snake(key): value for key, value in system.items()}
    return {key: value for key, value in fields.items() if value is not None}


def plain(skip: Collection[str] = (), **options: Any) -> Callable[[type[Entity]], Shape]:  # Any: as Shape.of
    """A shape made from the model alone, with the envelope's fields left out."""
    return lambda model: Shape.of(model, skip=ENVELOPE | set(skip), **options)
