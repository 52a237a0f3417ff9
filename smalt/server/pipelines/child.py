"""From a step to the job it becomes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.component import Component, ComponentInput
from smalt.entities.fit import check_value
from smalt.entities.flow_component import is_flow_component
from smalt.entities.job.base import Job
from smalt.entities.job.pipeline import PipelineSettings
from smalt.entities.job.step import Step, StepInput, StepOutput
from smalt.entities.kinds import entity_class
from smalt.entities.text import literal_text, normal_form
from smalt.errors import InvalidRequest
from smalt.server.pipelines import bindings, draft
from smalt.server.pipelines.bindings import ParentOutput
from smalt.server.pipelines.components import module_name, steps_of
from smalt.server.pipelines.flow_steps import as_flow
from smalt.server.pipelines.values import Data, Value, Values

_FILE = "uri_file"


@dataclass(frozen=True)
class Surroundings:
    """What the pipeline gives to each of its steps.

    Args:
        values: What bindings come to.
        outputs: Places of the pipeline's own outputs.
        output_types: Their types.
        settings: Its settings.
        compute: The compute of the pipeline itself.
        identity: Its identity.
    """

    values: Values
    outputs: Mapping[str, str]
    output_types: Mapping[str, str]
    settings: PipelineSettings
    compute: str | None = None
    identity: Any = None  # Any: an identity


def build(
    name: str,
    step: Step,
    component: Component,
    around: Surroundings,
    *,
    overrides: Mapping[str, Value] | None = None,
) -> Job:
    """The job of a step.

    Args:
        name: The step's key.
        step: The step.
        component: What it runs.
        around: Its surroundings.
        overrides: Inputs that a loop gives instead of the step's own.

    Raises:
        InvalidRequest: A required input has no value, or a value is not of its type.
        ValidationFailed: The step and its component do not make a job.
    """
    if is_flow_component(component.type):
        step, component = as_flow(step, component)
    kind = normal_form(step.type)
    settings = bindings.fill(draft.settings_of(step), around.values.plain)
    document: dict[str, Any] = {
        **draft.merged(component, settings),
        "display_name": settings.get("display_name") or name,
        "inputs": _inputs(step, component, around.values, overrides or {}),
        "outputs": _outputs(name, step, component, around),
        "compute": settings.get("compute") or around.settings.default_compute or around.compute,
        "component": component.id,
        "properties": {**settings.get("properties", {}), "azureml.moduleName": module_name(component, name)},
    }
    if document.get("identity") is None and around.identity is not None:
        document["identity"] = around.identity
    if kind == "command":
        document.pop("retry_settings", None)
    document = draft.with_trial(kind, document)
    if kind == "pipeline":
        document["jobs"] = {key: value.document() for key, value in steps_of(component).items()}
        document["settings"] = _inherited(document.get("settings"), around.settings)
    found = entity_class("job", step.type).parse({"type": step.type, **_set(document)})
    assert isinstance(found, Job)
    return found


def _inputs(
    step: Step, component: Component, values: Values, overrides: Mapping[str, Value]
) -> dict[str, Any]:  # Any: documents of inputs
    found: dict[str, Any] = {}
    for name in {**component.inputs, **step.inputs}:
        if name in step.searched:
            continue
        declared = component.inputs.get(name)
        given = step.inputs.get(name)
        value = overrides[name] if name in overrides else None if given is None else values.of(given)
        mode = (given.mode if isinstance(given, StepInput) else None) or (declared.mode if declared else None)
        if value is None and declared is not None and declared.default is not None:
            if declared.is_port:
                found[name] = {"type": declared.type.lower(), "path": str(declared.default)}
                continue
            value = literal_text(declared.default)
        if value is None:
            if declared is not None and not declared.optional:
                raise InvalidRequest(f"The input {name!r} ({declared.type}) has no value.", target=f"inputs.{name}")
            continue
        found[name] = _document(name, value, declared, given, mode)
    return found


def _document(
    name: str, value: Data | str, declared: ComponentInput | None, given: object, mode: object
) -> Any:  # Any: the document of an input
    if isinstance(value, Data):
        own = given.type if isinstance(given, StepInput) else None
        wanted = declared.type.lower() if declared is not None and declared.is_port else None
        found = {"type": wanted if wanted not in (None, "path") else own or value.type or "uri_folder"}
        return {**found, "path": value.uri, **({"mode": mode} if mode else {})}
    if declared is None or declared.type == "any":
        return value
    if declared.is_port:
        raise InvalidRequest(f"{name!r} takes {declared.type} and is given the value {value!r}.", target=name)
    check_value(name, declared, value)
    return {"type": declared.type.lower(), "value": declared.coerced(value)}


def _outputs(name: str, step: Step, component: Component, around: Surroundings) -> dict[str, Any]:  # Any: documents
    found: dict[str, Any] = {}
    for output in {**component.outputs, **step.outputs}:
        declared = component.outputs.get(output)
        given = step.outputs.get(output) or StepOutput()
        kind = (declared.type if declared is not None else given.type or "uri_folder").lower()
        if is_value_type(kind):
            kind = _FILE
        elif kind in ("path", "mltable_folder", "any"):
            kind = "uri_folder"
        binding = bindings.whole(given.path)
        if kind == "uri_folder" and isinstance(binding, ParentOutput):
            # A step written in place says only where its output goes; that it is a file stands with the pipeline.
            kind = _FILE if around.output_types.get(binding.name) == _FILE else kind
        place = _place(given.path, around)
        mode = given.mode or (declared.mode if declared else None)
        found[output] = _set(
            {"type": kind, "mode": mode, "path": place, "name": given.name, "version": given.version,
             "path_on_compute": given.path_on_compute, "description": given.description}
        )  # fmt: skip
    return found


def _place(path: str | None, around: Surroundings) -> str | None:
    binding = bindings.whole(path)
    if isinstance(binding, ParentOutput):
        return around.outputs[binding.name]
    if path:
        store = around.settings.default_datastore
        plain = path.replace("${{default_datastore}}", short_name(store)) if store else path
        return around.values.text(plain)
    return default_place(around.settings.default_datastore)


def default_place(datastore: str | None) -> str | None:
    """Where an output without a path goes when a datastore was chosen."""
    if not datastore:
        return None
    return f"azureml://datastores/{short_name(datastore)}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}/"


def short_name(reference: str) -> str:
    """The name in a reference to a datastore."""
    return reference.rpartition("/")[2].removeprefix("azureml:")


def is_value_type(type_name: str) -> bool:
    """Whether an output of this type is a plain value, which a step writes into a file."""
    return type_name.lower() in {"string", "number", "integer", "boolean"}


def _inherited(own: Any, parent: PipelineSettings) -> dict[str, Any]:  # Any: settings
    outer = {key: value for key, value in parent.document().items() if key not in ("on_init", "on_finalize", "_source")}
    return {**outer, **(own or {})}


def _set(document: Mapping[str, Any]) -> dict[str, Any]:  # Any: a document
    return {key: value for key, value in document.items() if value is not None}
