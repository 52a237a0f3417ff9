"""From a component to the trial of a sweep: the command is the component's, the inputs are checked and completed."""

from __future__ import annotations

from typing import Any

from smalt.entities.component import Component
from smalt.entities.job.command import Trial
from smalt.entities.job.sweep import SweepJob
from smalt.errors import InvalidRequest

_TAKEN = ("command", "code", "environment", "environment_variables", "distribution", "resources")


def with_component(job: SweepJob, component: Component) -> SweepJob:
    """The sweep with a component's command as its trial, and with the component's defaults and types.

    A parameter of the search space is an input of the component under the same name.

    Raises:
        InvalidRequest: The component is no command, or an input that it requires has no value.
    """
    if component.type.lower() != "command" or not component.command:
        raise InvalidRequest(f"The component {component.name!r} is of type {component.type}, a trial is a command.")
    inputs = {name: value for name, value in job.document().get("inputs", {}).items() if name not in job.search_space}
    missing = []
    for name, declared in component.inputs.items():
        if name in inputs or name in job.search_space:
            continue
        if declared.default is not None:
            inputs[name] = declared.coerced(declared.default)
        elif not declared.optional:
            missing.append(name)
    if missing:
        names = ", ".join(missing)
        raise InvalidRequest(f"The component {component.name!r} needs a value for: {names}. Add it to 'inputs'.")
    outputs: dict[str, Any] = {  # Any: outputs as plain values
        name: {"type": port.type, **({"mode": port.mode} if port.mode else {})}
        for name, port in component.outputs.items()
    }
    given = job.document().get("outputs", {})
    outputs |= {name: {**outputs.get(name, {}), **_without_default_type(value)} for name, value in given.items()}
    document = component.document()
    trial = Trial.parse({field: document[field] for field in _TAKEN if document.get(field) is not None})
    return SweepJob.parse({**job.document(), "trial": trial, "inputs": inputs, "outputs": outputs})


def _without_default_type(output: dict[str, Any]) -> dict[str, Any]:  # Any: an output as plain values
    """An output that is only named takes the type that the component declares."""
    return {key: value for key, value in output.items() if key != "type" or value != "uri_folder"}
