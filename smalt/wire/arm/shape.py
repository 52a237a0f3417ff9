"""Tables that turn snake_case documents into camelCase ones and back. What a table does not know is kept as it is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from smalt.entities.base import Entity
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest
from smalt.kit import duration

JsonObject = dict[str, Any]  # Any: JSON


class Part(Protocol):
    """How one value is spelled at both ends."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """The value as ARM writes it."""

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """The value as the YAML schema writes it."""


def camel(name: str) -> str:
    """`instance_count` as `instanceCount`."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`instanceCount` as `instance_count`."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match[1].lower(), name)


@dataclass(frozen=True)
class Words:
    """The words of an enumeration; any case is understood, and unknown words stay."""

    pairs: Mapping[str, str]

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """The ARM word."""
        found = self._find(value)
        return self.pairs[found] if found is not None else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """The YAML word."""
        found = self._find(value)
        return value if found is None else found

    def _find(self, value: Any) -> str | None:  # Any: JSON
        if not isinstance(value, str):
            return None
        wanted = normal_form(value)
        return next((own for own, arm in self.pairs.items() if wanted in {normal_form(own), normal_form(arm)}), None)


class Seconds:
    """Seconds here, an ISO 8601 duration there."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """`3600` as `PT1H`."""
        return duration.to_iso(_finite(value)) if isinstance(value, int | float) else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """`PT1H` as `3600`; what is no duration stays, and is refused by the entity."""
        if not isinstance(value, str):
            return _finite(value) if isinstance(value, float) else value
        try:
            seconds = duration.from_iso(value)
        except ValueError:
            if value.strip().lower().lstrip("+-") in {"nan", "inf", "infinity"}:  # an entity would take it for a number
                _finite(float(value))
            return value
        return int(seconds) if seconds.is_integer() else seconds


def _finite(seconds: float) -> float:
    """Steps of pipelines are kept as they are written, so that no entity has looked at theirs."""
    if not math.isfinite(seconds):
        raise InvalidRequest(f"{seconds} is no span of time. Write seconds, such as 3600.")
    return seconds


class JsonText:
    """A list here, its JSON as text there."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """`[a, b]` as `'["a", "b"]'`."""
        return json.dumps(value) if isinstance(value, list) else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """`'["a", "b"]'` as `[a, b]`; what is no list stays, and is refused by the entity."""
        if not isinstance(value, str):
            return value
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return found if isinstance(found, list) else value


class CamelKeys:
    """A mapping that is not modelled: only its own keys change their spelling."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """Keys in camelCase."""
        return {camel(key): item for key, item in value.items()} if isinstance(value, dict) else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """Keys in snake_case."""
        return {snake(key): item for key, item in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class MapOf:
    """A mapping of names to values of one part; null values reach the part."""

    part: Part

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """Each value as ARM writes it."""
        return {key: self.part.to_arm(item) for key, item in value.items()} if isinstance(value, dict) else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """Each value as the schema writes it."""
        return {key: self.part.from_arm(item) for key, item in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class ListOf:
    """A list of values of one part."""

    part: Part

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """Each value as ARM writes it."""
        return [self.part.to_arm(item) for item in value] if isinstance(value, list) else value

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """Each value as the schema writes it."""
        return [self.part.from_arm(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Both:
    """A part made of two functions; `schema` tells how the value looks on the wire."""

    forth: Callable[[Any], Any]  # Any: JSON
    back: Callable[[Any], Any]  # Any: JSON
    schema: JsonObject | None = None

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """The value as ARM writes it."""
        return self.forth(value)

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """The value as the schema writes it."""
        return self.back(value)


@dataclass(frozen=True)
class Shape:
    """The fields of one object: their names on the wire, and the parts of those that need more than a name.

    Args:
        names: Names on the wire by field.
        parts: Conversions by field.
        skip: Fields that do not travel here.
        constants: Keys written to the wire and dropped from it, such as `jobLimitsType`.
    """

    names: Mapping[str, str]
    parts: Mapping[str, Part] = field(default_factory=dict)
    skip: Collection[str] = ()
    constants: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(
        model: type[Entity],
        rename: Mapping[str, str] | None = None,
        parts: Mapping[str, Part] | None = None,
        skip: Collection[str] = (),
        constants: Mapping[str, str] | None = None,
    ) -> Shape:
        """The shape of a model: every field in camelCase, except those in `rename`."""
        names = {name: camel(name) for name in model.model_fields if name not in skip} | dict(rename or {})
        return Shape(names, parts or {}, skip, constants or {})

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """The object as ARM writes it."""
        if not isinstance(value, dict):
            return value
        body: JsonObject = dict(self.constants)
        for name, item in value.items():
            if name in self.skip:
                continue
            part = self.parts.get(name)
            body[self.names.get(name, name)] = item if part is None or item is None else part.to_arm(item)
        return body

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """The object as the schema writes it; null in a known field is the same as its absence."""
        if not isinstance(value, dict):
            return value
        own = {wire: name for name, wire in self.names.items()}
        document: JsonObject = {}
        for key, item in value.items():
            name = own[key] if key in own else str(key)
            if key in self.constants or (item is None and key in own):
                continue
            part = self.parts.get(name) if key in own else None
            document[name] = item if part is None else part.from_arm(item)
        return document
