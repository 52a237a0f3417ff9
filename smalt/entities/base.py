"""What all nouns share: unknown fields are kept, names follow rules, assets have versions and creation facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator

from smalt.entities.text import FreeText, Text
from smalt.entities.warned import Warned, Warnings
from smalt.errors import InvalidRequest, ValidationFailed

ASSET_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
RESOURCE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{1,32}")

TextMap = Annotated[dict[str, FreeText], BeforeValidator(lambda value: {} if value is None else value)]
"""A mapping of text to text (tags, properties); `null` is the empty mapping."""


class Entity(BaseModel):
    """A noun, or a part of one. Unknown fields are kept and can be listed with `unknown_fields`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())

    keeps_any_field: ClassVar[bool] = False
    """True for documents that are not modelled in full, whose further fields are therefore no doubt."""

    holds_secrets: ClassVar[bool] = False
    """True for credentials: a further field may be a misspelt secret, and is shown as little as one."""

    @classmethod
    def parse(cls, document: object, warnings: Warnings | None = None) -> Self:
        """Read a document of plain values.

        Raises:
            ValidationFailed: Something is wrong; every mistake is in its `details`.
        """
        try:
            return cls.model_validate(document, context=warnings)
        except ValidationError as error:
            raise validation_failed(error) from None

    def document(self, *, secrets: bool = False) -> dict[str, Any]:  # Any: a document of plain values
        """Plain values (text, numbers, lists, mappings) in the order of the fields, without what is not set.

        Args:
            secrets: Include secret values; they are left out otherwise.
        """
        values = self.__dict__
        known: dict[str, Any] = {}  # Any: a document of plain values
        for name in _shown_fields(type(self)):
            value = values[name]
            if type(value) in _ATOMS:
                known[name] = value
            elif value is not None and (secrets or not _is_secret(value)):
                known[name] = _plain(value, secrets=secrets)
        further = {} if self.holds_secrets and not secrets else self.model_extra
        return {**known, **further} if further else known

    def _items(self) -> Iterator[tuple[str, object]]:
        values = self.__dict__
        return ((name, values[name]) for name in _shown_fields(type(self)))


# Documents are written for every step of every pipeline, so what is plain already is passed on at once.
_ATOMS = frozenset({str, int, float, bool})


@cache
def _shown_fields(model: type[Entity]) -> tuple[str, ...]:
    return tuple(name for name, info in model.model_fields.items() if not info.exclude)


def _plain(value: object, *, secrets: bool) -> Any:  # Any: a document of plain values
    if type(value) in _ATOMS:
        return value
    if isinstance(value, Entity):
        return value.document(secrets=secrets)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item, secrets=secrets) for key, item in value.items() if secrets or not _is_secret(item)}
    if isinstance(value, list | tuple):
        return [_plain(item, secrets=secrets) for item in value if secrets or not _is_secret(item)]
    return value


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretStr)


# A value that fits no member of a union fails once per member; one sentence is enough.
_UNION_MEMBERS = frozenset({"int", "float", "str", "bool"})


def validation_failed(error: ValidationError) -> ValidationFailed:
    """Our failure for pydantic's, one detail per mistake. Values of the input are never repeated."""
    found: dict[str, InvalidRequest] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        target = ".".join(str(part) for part in item["loc"] if part not in _UNION_MEMBERS)
        found.setdefault(target, InvalidRequest(_sentence(item["type"], item["msg"]), target=target))
    details = list(found.values())
    listed = "; ".join(f"{detail.target or 'document'}: {detail.message}" for detail in details[:5])
    more = f" (and {len(details) - 5} more)" if len(details) > 5 else ""
    return ValidationFailed(f"The {error.title} is not valid. {listed}{more}", details=details)


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "This field is required. Add it."
    text = message.removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."


def unknown_fields(entity: Entity, prefix: tuple[str | int, ...] = ()) -> list[Warned]:
    """Fields that no schema knows, at every modelled level, as warnings."""
    extra = {} if entity.keeps_any_field else entity.model_extra or {}
    found = [
        Warned(".".join(str(part) for part in (*prefix, key)), f"Unknown field {key!r}; it is kept but has no effect.")
        for key in extra
    ]
    for name, value in entity._items():
        found.extend(_unknown_below(value, (*prefix, name)))
    return found


def _unknown_below(value: object, prefix: tuple[str | int, ...]) -> list[Warned]:
    if isinstance(value, Entity):
        return unknown_fields(value, prefix)
    if isinstance(value, dict):
        return [item for key, inner in value.items() for item in _unknown_below(inner, (*prefix, key))]
    if isinstance(value, list):
        return [item for index, inner in enumerate(value) for item in _unknown_below(inner, (*prefix, index))]
    return []


def check_name(name: str, rule: re.Pattern[str], *, field: str = "name") -> str:
    """Return `name` if it follows `rule`.

    Raises:
        ValueError: It does not; the message says what to write.
    """
    if rule.fullmatch(name):
        return name
    if re.search(r"[<{][^>}]*[>}]", name):
        raise ValueError(
            f"The {field} {name!r} is an unfilled placeholder. Fill it in, or set it with --set {field}=..."
        )
    longest = 33 if rule is RESOURCE_NAME else 255
    raise ValueError(
        f"The {field} {name!r} is not allowed. Use 1 to {longest} ASCII letters, digits, '-', '_' or '.', "
        "and begin with a letter or digit."
    )


class CreationContext(Entity):
    """Who made and last changed something, and when."""

    created_at: str | None = None
    created_by: str | None = None
    created_by_type: str | None = None
    last_modified_at: str | None = None
    last_modified_by: str | None = None
    last_modified_by_type: str | None = None


class Named(Entity):
    """A noun with a name, a description, tags and properties."""

    name_rule: ClassVar[re.Pattern[str]] = ASSET_NAME

    name: Text | None = None
    id: Text | None = None
    description: Text | None = None
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)
    creation_context: CreationContext | None = None

    @field_validator("name")
    @classmethod
    def _name_follows_the_rule(cls, name: str | None) -> str | None:
        return None if name is None else check_name(name, cls.name_rule)


class Asset(Named):
    """A versioned noun. Content is immutable per version; description, tags, properties and stage are not."""

    version: Text | None = None
    is_anonymous: bool = False
    is_archived: bool = False
    stage: Text | None = None
    provisioning_state: str | None = None

    @field_validator("version")
    @classmethod
    def _version_follows_the_rule(cls, version: str | None) -> str | None:
        return None if version is None else check_name(version, ASSET_NAME, field="version")


class AssetContainer(Named):
    """All versions of one asset together."""

    is_archived: bool = False
    latest_version: Text | None = None
    next_version: Text | None = None
    type: Text | None = None
