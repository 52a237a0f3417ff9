"""Flows as steps that are written in Python: `load_component("flow.dag.yaml")`, called with data and columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.entities.flow_component import RUNS, flow_ports
from smalt.errors import InvalidRequest
from smalt.sdk.pipelines import flow_file, stack
from smalt.sdk.pipelines.nodes import JsonObject, Node

_OVERRIDES = ("variant", "column_mapping", "connections", "environment_variables")


class FlowNode(Node):
    """A step that runs a flow. `connections` has settings of nodes, `variant` another than the flow's own."""

    def document(self) -> JsonObject:
        """The step as YAML has it: of the type `flow`."""
        source = Path(str(self.component))
        step = flow_file.as_step(super().document() | {"component": str(source)}, source.parent)
        assert step is not None, "the file was read when the component was loaded"
        if self.variant is not None:
            step["variant"] = self.variant
        return {key: value for key, value in step.items() if value is not None}


class FlowFunction:
    """A flow that can be called: `classify(data=lines, text="${data.text}", connections={...})` is a step.

    Args:
        file: The file of the flow, or of a run of it.
        settings: `variant`, `column_mapping`, `connections`, `environment_variables`.

    Raises:
        InvalidRequest: The file is none of a flow, or a setting is not known.
    """

    def __init__(self, file: Path, settings: Mapping[str, Any]) -> None:  # Any: values of YAML
        found = flow_file.read(file)
        if found is None:
            raise InvalidRequest(f"{file} is no flow. Give a flow.dag.yaml, or a run of one.")
        unknown = [key for key in settings if key not in _OVERRIDES]
        if unknown:
            raise InvalidRequest(f"A flow as a component has no {', '.join(unknown)}. Set {', '.join(_OVERRIDES)}.")
        self._file = file
        self._settings = dict(settings)
        self.type = "flow"
        self.name = found[0].parent.name

    def __call__(self, **inputs: Any) -> FlowNode:  # Any: what a caller gives
        """A step that runs the flow over `data`, or over `run_outputs` of another; the rest are columns or literals."""
        settings = dict(self._settings)
        for key in ("connections", "environment_variables"):
            settings[key] = {**(settings.get(key) or {}), **(inputs.pop(key, None) or {})}
        if not any(name in inputs for name in ("data", *RUNS)):
            raise InvalidRequest(f"The flow {self.name!r} needs lines. Give it 'data', or 'run_outputs' of another.")
        ports = flow_ports()
        columns = {name: {"type": "string", "optional": True} for name in inputs if name not in ports["inputs"]}
        declared = {"name": self.name, "inputs": {**ports["inputs"], **columns}, "outputs": ports["outputs"]}
        return stack.add(FlowNode("flow", str(self._file), inputs, ports=declared, **settings))
