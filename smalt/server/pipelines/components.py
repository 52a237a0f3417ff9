"""What steps run: components, each looked up once per pipeline and kept with it, so that nothing changes under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.base import Entity
from smalt.entities.component import ANONYMOUS_COMPONENT, Component
from smalt.entities.job.flow_words import FLOW_OUTPUTS
from smalt.entities.job.step import Step, StepInput, Steps
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest
from smalt.server.assets import AssetService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm.steps import STEPS

_IN_PLACE = ("command", "jobs", "task", "code", "entry", "source", "sink")
_OWN_FIELDS = frozenset({"component", "trial", "compute", "display_name", "name", "inputs", "outputs", "_source"})


class _Body(Entity):
    jobs: Steps


class Components:
    """The components of one pipeline.

    Args:
        documents: Component documents by reference, as an earlier `documents` gave them.
    """

    def __init__(self, documents: Mapping[str, Any] | None = None) -> None:  # Any: component documents
        self._found: dict[str, Component] = {}
        self._documents = dict(documents or {})

    @property
    def documents(self) -> dict[str, Any]:  # Any: component documents
        """What is kept with the pipeline."""
        return {**self._documents, **{reference: one.document() for reference, one in self._found.items()}}

    def look_up(self, work: Work, workspace: WorkspaceRecord, assets: AssetService, reference: str) -> Component:
        """Find a registered component.

        Raises:
            NotFound: There is none of this name or version.
        """
        if reference not in self._found:
            version = assets.resolve(work, workspace, "components", reference)
            assert isinstance(version.entity, Component)
            self._found[reference] = version.entity.model_copy(update={"id": version.id})
        return self._found[reference]

    def of(self, step: Step) -> Component:
        """What a step runs; everything registered has been looked up before.

        Raises:
            InvalidRequest: The step names nothing to run.
        """
        given = step.trial if normal_form(step.type) == "sweep" else step.component
        if isinstance(given, str):
            if given not in self._found:
                self._found[given] = Component.parse(self._documents[given])
            return self._found[given]
        if isinstance(given, dict):
            return Component.parse(_in_place(step, {"type": _default_type(step), **given}))
        extra = step.model_extra or {}
        if normal_form(step.type) == "automl" or any(key in extra for key in _IN_PLACE):
            return Component.parse(_in_place(step, {"type": step.type, **extra}))
        raise InvalidRequest("This step names nothing to run. Give it a component, or a command with an environment.")


def is_anonymous(component: Component) -> bool:
    """Whether a component was written for one pipeline only."""
    return component.is_anonymous or component.name in (None, ANONYMOUS_COMPONENT)


def module_name(component: Component, step: str) -> str:
    """What the job of a step says it runs: the component, or the step where that has no name of its own."""
    return component.own_name or (step if is_anonymous(component) else str(component.name))


def reference_of(step: Step) -> str | None:
    """The registered component a step names, or None for one written in place."""
    given = step.trial if normal_form(step.type) == "sweep" else step.component
    return given if isinstance(given, str) else None


def steps_of(component: Component) -> dict[str, Step]:
    """The steps of a pipeline component, however they were spelled."""
    given = (component.model_extra or {}).get("jobs")
    if not isinstance(given, dict):
        raise InvalidRequest(f"The pipeline component {component.name!r} has no 'jobs'.")
    return _Body.parse({"jobs": STEPS.from_arm(given)}).jobs


def _default_type(step: Step) -> str:
    return "command" if normal_form(step.type) == "sweep" else step.type


def _in_place(step: Step, document: dict[str, Any]) -> dict[str, Any]:  # Any: a component's document
    """The document with ports for what the step binds, where it declares none."""
    fields = {key: value for key, value in document.items() if key not in _OWN_FIELDS - {"inputs", "outputs"}}
    declared_inputs = document.get("inputs") or {}
    declared_outputs = document.get("outputs") or {}
    if normal_form(str(fields.get("type"))) == "flow":
        declared_outputs = {FLOW_OUTPUTS: {"type": "uri_folder"}, **declared_outputs}
    inputs = {name: declared_inputs.get(name) or _port(value) for name, value in step.inputs.items()}
    outputs = {
        name: declared_outputs.get(name) or {"type": output.type or "uri_folder"}
        for name, output in step.outputs.items()
    }
    return {**fields, "inputs": {**declared_inputs, **inputs}, "outputs": {**declared_outputs, **outputs}}


def _port(value: StepInput | str | int | float | bool) -> dict[str, Any]:  # Any: a port's document
    """A port that takes whatever the step gives it; `any` is a binding whose type only its source knows."""
    if isinstance(value, StepInput):
        return {"type": value.type or "any", "optional": value.path is None}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, str) and value.startswith("${{"):
        return {"type": "any"}
    return {"type": "string"}
