"""Flows as components: what the official client makes of a `flow.dag.yaml` that a step of a pipeline names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.job.flow_words import FLOW_OUTPUTS
from smalt.entities.text import normal_form

FLOW_COMPONENT = "promptflow_parallel"
"""Their type. Steps that run them, and what clients are told of them, are of the type `parallel`."""

RUNS = ("run_outputs", FLOW_OUTPUTS)
"""Inputs with the outputs of another run, under the two names that are in use."""

_FOLDER = {"type": "uri_folder"}
_CONNECTIONS = "connections."


@dataclass(frozen=True, slots=True)
class FlowInputs:
    """The inputs of a step that runs a flow, by what they mean.

    Args:
        data: `data` and `run`, as a flow job calls them.
        column_mapping: Inputs of the flow.
        connections: Settings of nodes.
    """

    data: dict[str, Any]  # Any: values of steps
    column_mapping: dict[str, Any]  # Any: literals
    connections: dict[str, dict[str, Any]]  # Any: literals


def parted(inputs: Mapping[str, Any]) -> FlowInputs:  # Any: values of steps
    """The inputs of such a step: `data`, `run_outputs`, `connections.<node>.<setting>`, and columns."""
    found = FlowInputs({}, {}, {})
    for name, value in inputs.items():
        if name == "data" or name in RUNS:
            found.data["data" if name == "data" else "run"] = value
        elif name.startswith(_CONNECTIONS) and name.count(".") == 2:
            _, node, setting = name.split(".")
            found.connections.setdefault(node, {})[setting] = value
        else:
            found.column_mapping[name] = value
    return found


def is_flow_component(component_type: object) -> bool:
    """Whether a type of component is that of flows."""
    return isinstance(component_type, str) and normal_form(component_type) == normal_form(FLOW_COMPONENT)


def flow_ports() -> dict[str, Any]:  # Any: documents of ports
    """The ports that every flow has and no document of one tells."""
    optional = {**_FOLDER, "optional": True}
    return {
        "inputs": {"data": _FOLDER, **dict.fromkeys(RUNS, optional)},
        "outputs": {FLOW_OUTPUTS: _FOLDER, "debug_info": _FOLDER},
    }


def told(spec: dict[str, Any]) -> dict[str, Any]:  # Any: the document of a component
    """The document of a component as clients are told of it: the official one writes flows, and reads none."""
    return {**spec, "type": "parallel"} if is_flow_component(spec.get("type")) else spec
