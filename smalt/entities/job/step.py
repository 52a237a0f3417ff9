"""A step of a pipeline: what runs, and what its inputs and outputs are bound to."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.text import Text, literal_text
from smalt.entities.types import AssetTypeField, ModeField

CONTROL_TYPES = ("if_else", "do_while", "parallel_for")
"""Steps that decide what other steps do."""


class StepInput(Entity):
    """Data by path or binding. Type and mode are the component's where they are not given."""

    type: AssetTypeField | None = None
    path: Text | None = None
    mode: ModeField | None = None
    path_on_compute: Text | None = None
    datastore: Text | None = None
    description: Text | None = None


class StepOutput(Entity):
    """Where a step writes: a binding such as `${{parent.outputs.x}}` in `path`, a path of its own, or neither.

    `type` is the component's where it is not given; it may be a plain value's for outputs that steer the pipeline.
    """

    type: Text | None = None
    mode: ModeField | None = None
    path: Text | None = None
    name: Text | None = None
    version: Text | None = None
    path_on_compute: Text | None = None
    description: Text | None = None


def _input(value: Any) -> Any:  # Any: raw input of a validator
    if not isinstance(value, dict):
        return literal_text(value) if isinstance(value, list) else value
    if "path" not in value and ("value" in value or "default" in value):
        inner = value.get("value", value.get("default"))
        return inner if isinstance(inner, str | int | float | bool) else literal_text(inner)
    known = StepInput.model_fields.keys() | {"uri"}
    return literal_text(value) if value and not known & value.keys() else value


def _inputs(value: Any) -> Any:  # Any: raw input of a validator
    return {name: item for name, item in (value or {}).items() if item is not None} if _maps(value) else value


def _outputs(value: Any) -> Any:  # Any: raw input of a validator
    if not _maps(value):
        return value
    return {name: {"path": item} if isinstance(item, str) else item or {} for name, item in (value or {}).items()}


def _maps(value: object) -> bool:
    return value is None or isinstance(value, dict)


StepValue = Annotated[StepInput | bool | int | float | str, BeforeValidator(_input)]


class Step(Entity):
    """One entry of `jobs`. Fields that only one type of step has are kept as given: they may hold bindings.

    Attributes:
        type: `command`, `pipeline`, `sweep`, `parallel`, `automl`, ... or one of `CONTROL_TYPES`.
        component: What runs: a reference, or the document of a component written in place.
        trial: The same for a sweep.
        inputs: Values and bindings by name; an input set to null is not given.
    """

    keeps_any_field = True

    type: Text = "command"
    component: str | dict[str, Any] | None = None  # Any: a component's document
    trial: str | dict[str, Any] | None = None  # Any: a component's document
    compute: Text | None = None
    display_name: Text | None = None
    inputs: Annotated[dict[str, StepValue], BeforeValidator(_inputs)] = Field(default_factory=dict)
    outputs: Annotated[dict[str, StepOutput], BeforeValidator(_outputs)] = Field(default_factory=dict)

    @property
    def searched(self) -> frozenset[str]:
        """The inputs of the component that a sweep gives by itself, another value in each trial."""
        space = (self.model_extra or {}).get("search_space")
        return frozenset(space) if isinstance(space, dict) else frozenset()


def _step(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, dict) and value.get("type") is None:
        kind = "sweep" if "trial" in value else "pipeline" if "jobs" in value else "command"
        return {**value, "type": kind}
    return value


Steps = Annotated[
    dict[str, Annotated[Step, BeforeValidator(_step)]],
    BeforeValidator(lambda value: {} if value is None else value),
    Field(default_factory=dict),
]
