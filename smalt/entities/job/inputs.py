"""Inputs of a job: literals, and things behind a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from smalt.entities.base import Entity
from smalt.entities.text import Text, coerce_literal, literal_text
from smalt.entities.types import AssetType, AssetTypeField, ModeField
from smalt.entities.warned import warn

_LITERAL_TYPES = frozenset({"string", "integer", "number", "boolean", "int", "float", "bool", "literal"})
_INPUT_KEYS = frozenset({"type", "path", "mode", "value", "default", "description", "path_on_compute", "datastore"})


class DataInput(Entity):
    """Data, an MLTable or a model, by reference."""

    type: AssetTypeField = AssetType.URI_FOLDER
    path: Text | None = None
    mode: ModeField | None = None
    path_on_compute: Text | None = None
    datastore: Text | None = None
    description: Text | None = None


class LiteralInput(Entity):
    """A value written with more than itself, e.g. its type or a description."""

    type: Text | None = None
    value: str | int | float | bool
    description: Text | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:  # Any: raw input of a validator
        return value if isinstance(value, str | int | float | bool) else literal_text(value)

    @model_validator(mode="after")
    def _fits_its_type(self) -> LiteralInput:
        coerce_literal(self.value, self.type)
        return self

    @property
    def text(self) -> str:
        """The value as it reaches the command, coerced by its declared type."""
        return literal_text(coerce_literal(self.value, None if self.type == "literal" else self.type))


def _normalise(value: Any) -> Any:  # Any: raw input of a validator
    if value is None:
        return {"type": "uri_folder"}
    if isinstance(value, list) or (isinstance(value, dict) and value and not _INPUT_KEYS & value.keys()):
        return literal_text(value)
    if isinstance(value, dict) and _is_literal(value):
        given = {("value" if key == "default" else key): item for key, item in value.items()}
        return given["value"] if given.keys() == {"value"} and isinstance(given["value"], str | int | float) else given
    return value


def _is_literal(value: dict[str, Any]) -> bool:  # Any: raw input of a validator
    kind = str(value.get("type", "")).lower()
    return "path" not in value and ("value" in value or kind in _LITERAL_TYPES)


def _shape(value: object) -> str:
    if isinstance(value, DataInput):
        return "data"
    if isinstance(value, LiteralInput):
        return "literal"
    if isinstance(value, dict):
        return "literal" if _is_literal(value) else "data"
    return "value"


JobInput = Annotated[
    Annotated[DataInput, Tag("data")]
    | Annotated[LiteralInput, Tag("literal")]
    | Annotated[bool | int | float | str, Tag("value")],
    Discriminator(_shape),
    BeforeValidator(_normalise),
]


def _inputs(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    if value is None:
        return {}
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        warn(info, f"{info.field_name}.type", f"This is a literal input named 'type' with the value {value['type']!r}.")
    return value


JobInputs = Annotated[dict[str, JobInput], BeforeValidator(_inputs), Field(default_factory=dict)]


def input_text(value: DataInput | LiteralInput | str | int | float | bool) -> str | None:
    """The text of a literal input, or None for one that is behind a path."""
    if isinstance(value, DataInput):
        return None
    return value.text if isinstance(value, LiteralInput) else literal_text(value)


def data_inputs(inputs: Mapping[str, DataInput | LiteralInput | str | int | float | bool]) -> dict[str, DataInput]:
    """Inputs that are behind a path, by name."""
    return {name: value for name, value in inputs.items() if isinstance(value, DataInput)}


def literal_texts(inputs: Mapping[str, DataInput | LiteralInput | str | int | float | bool]) -> dict[str, str]:
    """Literal inputs by name, as text for a command."""
    found = {name: input_text(value) for name, value in inputs.items()}
    return {name: text for name, text in found.items() if text is not None}
