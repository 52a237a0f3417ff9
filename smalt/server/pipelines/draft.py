"""What a step says of its job before anything it is bound to is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smalt.entities.component import Component, ComponentInput
from smalt.entities.fit import ANY, PORTS
from smalt.entities.job.base import Job
from smalt.entities.job.step import Step
from smalt.entities.kinds import entity_class
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest, SmaltError
from smalt.server.pipelines import bindings

_COMPONENT_ONLY = frozenset(
    {
        "name", "version", "id", "display_name", "description", "tags", "properties", "creation_context", "type",
        "inputs", "outputs", "is_deterministic", "is_anonymous", "is_archived", "stage", "provisioning_state",
        "arm_properties", "$schema", "latest_version", "additional_includes", "jobs", "own_name",
    }
)  # fmt: skip
_STEP_ONLY = frozenset({"component", "trial", "type", "inputs", "outputs", "name", "_source", "jobs"})
_TRIAL = ("command", "code", "environment", "environment_variables", "distribution", "resources")
_MERGED = ("environment_variables", "resources")


def settings_of(step: Step) -> dict[str, Any]:  # Any: a document
    """The step's own settings, bindings included; not its inputs and outputs."""
    return _without(step.document(), _STEP_ONLY)


def merged(component: Component, settings: Mapping[str, Any]) -> dict[str, Any]:  # Any: a document
    """What a component says of a job, with the settings of a step over it."""
    body = _without(component.document(), _COMPONENT_ONLY)
    both = {key: {**body[key], **settings[key]} for key in _MERGED if _are_maps(body.get(key), settings.get(key))}
    return {**body, **settings, **both}


def with_trial(kind: str, document: dict[str, Any]) -> dict[str, Any]:  # Any: a document
    """A sweep says under `trial` what its component says of a trial."""
    if kind != "sweep":
        return document
    trial = {key: document[key] for key in _TRIAL if key in document}
    return {**_without(document, frozenset(_TRIAL)), "trial": trial}


def draft_of(step: Step, component: Component) -> tuple[Job | None, list[SmaltError]]:
    """The job as far as it is known, and what is wrong with it whatever its bindings come to.

    It has every input and output that the component declares, with something of the declared type in each. There is no
    job where something is wrong, or where a binding stands for what only a value can be.
    """
    kind = normal_form(step.type)
    document = with_trial(kind, merged(component, settings_of(step)))
    retries = document.pop("retry_settings", None) if kind == "command" else None
    ports = {
        "inputs": {name: _something(port) for name, port in component.inputs.items() if name not in step.searched},
        "outputs": {name: {"type": _kept_as(port.type)} for name, port in component.outputs.items()},
    }
    wrong = list(_wrong_retries(retries))
    try:
        found = entity_class("job", step.type).parse({"type": step.type, **document, **ports})
    except SmaltError as error:
        for each in error.details or (error,):
            field = (each.target or "").partition(".")[0]
            if not list(bindings.within(document.get(field) if field else document)):
                wrong.append(each)
        return None, wrong
    assert isinstance(found, Job)
    return found, wrong


def _something(port: ComponentInput) -> dict[str, Any]:  # Any: the document of an input
    if port.is_port or port.type == ANY:
        return {"type": _kept_as(port.type), "path": "azureml:something:1"}
    return {"value": "0"}


def _kept_as(type_name: str) -> str:
    wanted = type_name.lower()
    return wanted if wanted in PORTS - {"path", "mltable_folder"} else "uri_folder"


def _wrong_retries(given: Any) -> Iterator[SmaltError]:  # Any: what a step says of being tried again
    count = given.get("max_retries") if isinstance(given, dict) else None
    if count is not None and not str(count).isdecimal() and not list(bindings.within(count)):
        told = f"max_retries is {count!r}. Write a whole number, 0 or more."
        yield InvalidRequest(told, target="retry_settings.max_retries")


def _without(document: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:  # Any: a document
    return {key: value for key, value in document.items() if key not in keys}


def _are_maps(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
