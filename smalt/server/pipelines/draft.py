"""What a step says of its job before anything it is bound to is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.component import Component
from smalt.entities.job.base import Job
from smalt.entities.job.step import Step
from smalt.entities.kinds import entity_class
from smalt.entities.text import normal_form
from smalt.errors import SmaltError
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


def draft_of(step: Step, component: Component) -> Job | None:
    """The job as far as it is known; None where a binding stands for what only a value can be."""
    document = with_trial(normal_form(step.type), merged(component, settings_of(step)))
    try:
        found = entity_class("job", step.type).parse({"type": step.type, **document})
    except SmaltError:
        if list(bindings.within(document)):
            return None
        raise
    assert isinstance(found, Job)
    return found


def _without(document: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:  # Any: a document
    return {key: value for key, value in document.items() if key not in keys}


def _are_maps(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
