"""From a step that runs a flow as a component to a step of the type `flow`. Pure.

Its input `data` has the lines, `run_outputs` those of another run, and every other input is a column mapping, or
`connections.<node>.<setting>`.
"""

from __future__ import annotations

from typing import Any

from smalt.entities.component import Component
from smalt.entities.flow_component import RUNS
from smalt.entities.job.step import Step, StepInput

_CONNECTIONS = "connections."
_FILE = "flow.dag.yaml"
_OF_COMPONENT = ("code", "environment", "variant")
_OF_STEP = ("compute", "display_name", "identity", "environment", "limits", "resources")
_VARIABLES = "environment_variables"


def as_flow(step: Step, component: Component) -> tuple[Step, Component]:
    """The step, and what it runs as a component of the type `flow`."""
    given, own = component.document(), step.document()
    mapping = dict(given.get("column_mapping") or {})
    connections = {node: dict(settings) for node, settings in (given.get("connections") or {}).items()}
    inputs: dict[str, Any] = {}  # Any: values of steps
    for name, value in step.inputs.items():
        if name == "data" or name in RUNS:
            inputs["data" if name == "data" else "run"] = own["inputs"][name]
        elif name.startswith(_CONNECTIONS) and name.count(".") == 2:
            _, node, setting = name.split(".")
            connections.setdefault(node, {})[setting] = _text(value)
        else:
            mapping[name] = _text(value)
    file = given.get("flow_file_name")
    flow = {
        **{key: own[key] for key in _OF_STEP if key in own},
        "type": "flow",
        "component": step.component,
        "inputs": inputs,
        "outputs": own.get("outputs", {}),
        "column_mapping": mapping,
        "connections": connections,
        _VARIABLES: {**(given.get(_VARIABLES) or {}), **(own.get(_VARIABLES) or {})},
    }
    if isinstance(file, str) and file != _FILE:
        flow["entry_file"] = file
    declared = {name: given["inputs"][RUNS[0] if name == "run" else name] for name in inputs}
    made = {key: given[key] for key in ("name", "version", "id", *_OF_COMPONENT) if given.get(key) is not None}
    return Step.parse(flow), Component.parse(
        {**made, "type": "flow", "inputs": declared, "outputs": given.get("outputs", {})}
    )


def _text(value: object) -> str:
    return str(value.path or "") if isinstance(value, StepInput) else str(value)
