"""From a step that runs a flow as a component to a step of the type `flow`. Pure."""

from __future__ import annotations

from smalt.entities.component import Component
from smalt.entities.flow_component import RUNS, parted
from smalt.entities.job.step import Step

_FILE = "flow.dag.yaml"
_OF_COMPONENT = ("code", "environment", "variant")
_OF_STEP = ("compute", "display_name", "identity", "environment", "limits", "resources")
_VARIABLES = "environment_variables"


def as_flow(step: Step, component: Component) -> tuple[Step, Component]:
    """The step, and what it runs as a component of the type `flow`."""
    given, own = component.document(), step.document()
    found = parted(own.get("inputs", {}))
    known = given.get("connections") or {}
    connections = {
        node: {**known.get(node, {}), **found.connections.get(node, {})} for node in {**known, **found.connections}
    }
    file = given.get("flow_file_name")
    flow = {
        **{key: own[key] for key in _OF_STEP if key in own},
        "type": "flow",
        "component": step.component,
        "inputs": found.data,
        "outputs": own.get("outputs", {}),
        "column_mapping": {**(given.get("column_mapping") or {}), **found.column_mapping},
        "connections": connections,
        _VARIABLES: {**(given.get(_VARIABLES) or {}), **(own.get(_VARIABLES) or {})},
    }
    if isinstance(file, str) and file != _FILE:
        flow["entry_file"] = file
    declared = {name: given["inputs"][RUNS[0] if name == "run" else name] for name in found.data}
    made = {key: given[key] for key in ("name", "version", "id", *_OF_COMPONENT) if given.get(key) is not None}
    return Step.parse(flow), Component.parse(
        {**made, "type": "flow", "inputs": declared, "outputs": given.get("outputs", {})}
    )
