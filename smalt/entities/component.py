"""A component: a reusable step, kept as the document it was given as."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Asset, Entity
from smalt.entities.text import Text, coerce_literal
from smalt.entities.types import ModeField

ANONYMOUS_COMPONENT = "azureml_anonymous"
_PORTS = frozenset(
    {"path", "uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model", "mltable_folder"}
)


def _port(value: object) -> object:
    """A null port is a folder; a bare word is its type."""
    if value is None:
        return {"type": "uri_folder"}
    return {"type": value} if isinstance(value, str) else value


class ComponentInput(Entity):
    """A declared input: a parameter with its type and default, or a port."""

    type: Text = "uri_folder"
    optional: bool = False
    default: Any = None  # Any: of the declared type, written as text, number or truth value
    description: Text | None = None
    min: Any = None  # Any: as `default`
    max: Any = None  # Any: as `default`
    enum: list[Any] | None = None  # Any: as `default`
    mode: ModeField | None = None

    @property
    def is_port(self) -> bool:
        """Whether the input takes a path rather than a value."""
        return self.type.lower() in _PORTS

    def coerced(self, value: Any) -> str | int | float | bool:  # Any: raw literal
        """`value` in the declared type, so that `1e-3` is a number and `yes` a truth value where declared."""
        return coerce_literal(value, self.type)


class ComponentOutput(Entity):
    """A declared output port."""

    type: Text = "uri_folder"
    description: Text | None = None
    mode: ModeField | None = None


InputPort = Annotated[ComponentInput, BeforeValidator(_port)]
OutputPort = Annotated[ComponentOutput, BeforeValidator(_port)]


class Component(Asset):
    """A component of any type (command, pipeline, parallel, sweep, spark, automl, import, data_transfer).

    Fields that only one type has are kept as given. Components that were written for one pipeline share one name;
    `own_name` is what their files call them. `component_spec` is the document as it came on the wire; it is
    returned verbatim and is not part of what `show` prints.
    """

    keeps_any_field = True

    type: Text = "command"
    display_name: Text | None = None
    is_deterministic: bool | None = None
    inputs: Annotated[dict[str, InputPort], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    outputs: Annotated[dict[str, OutputPort], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    command: Text | None = None
    code: Text | None = None
    environment: str | dict[str, Any] | None = None  # Any: an inline environment is kept as given
    own_name: Text | None = None
    component_spec: dict[str, Any] | None = Field(default=None, exclude=True)  # Any: verbatim
