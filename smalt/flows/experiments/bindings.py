"""What the inputs of a node come down to: literals, rows of data, and what nodes before it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from smalt.flows.batch import Run
from smalt.flows.batch.run import RunType
from smalt.flows.experiments.errors import ExperimentValueError
from smalt.flows.experiments.graph import reference
from smalt.flows.experiments.template import Node, Template

Values = dict[str, Any]  # Any: values of flows
T = TypeVar("T")


@dataclass
class Bound:
    """The inputs of a node, bound.

    Attributes:
        mapping: Inputs by literals, or references into the sources.
        sources: Where rows are, by the names that the mapping knows.
        data: The name of the data whose columns fill inputs that nothing is said of.
        run: The node whose run it goes over.
    """

    mapping: Values
    sources: dict[str, Any] = field(default_factory=dict)  # Any: paths, or rows
    data: str | None = None
    run: str | None = None

    @property
    def is_literal(self) -> bool:
        """Whether nothing of it comes from rows."""
        return not self.sources and self.data is None


def bind(node: Node, template: Template, data: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> Bound:
    """Bind the inputs of a node.

    Args:
        node: The node.
        template: Its experiment, which knows the inputs.
        data: Where the rows of each data are.
        given: By node, where what it gave is, under names as `main.outputs`.

    Raises:
        ExperimentValueError: An input of the experiment has no value.
    """
    inputs = {item.name: item.default for item in template.inputs}
    bound = Bound({})
    named: list[str] = []
    for key, value in node.inputs.items():
        head, rest = reference(value) or ("", "")
        first = rest.split(".")[0]
        if head == "parent":
            continue
        bound.mapping[key] = value
        if head == "inputs":
            if inputs[first] is None:
                raise ExperimentValueError(f"Input {first!r} of the experiment has no value. Give --inputs {first}=...")
            bound.mapping[key] = inputs[first]
        elif head == "data":
            bound.sources[f"data.{first}"] = data[first]
            named.append(first)
        elif head:
            bound.sources |= _of_node(given[head], value)
            bound.run = bound.run or head
    only = set(named) or (set() if bound.mapping else set(data))
    if len(only) == 1:
        bound.data = only.pop()
    return bound


def of_run(run: Run) -> Values:
    """Where the files are of what a node gave, by the names under which others take it."""
    name = run.display_name or run.name
    if run.type is RunType.COMMAND:
        return {f"{name}.outputs.{key}": path for key, path in run.outputs.items()} | {
            f"{name}.outputs": next(iter(run.outputs.values()), run.output_path)
        }
    folder = Path(run.output_path)
    outputs = str(folder / "flow_outputs" / "output.jsonl")
    inputs = run.data if run.data is not None and Path(run.data).exists() else str(folder / "inputs.jsonl")
    return {f"{name}.outputs": outputs, f"{name}.inputs": inputs, name: outputs}


def _of_node(given: Mapping[str, T], value: str) -> dict[str, T]:
    """What a reference takes of a node: the source with the longest name that begins it."""
    words = value[2:-1].split(".")
    for cut in range(len(words), 0, -1):
        name = ".".join(words[:cut])
        if name in given:
            return {name: given[name]}
    raise ExperimentValueError(f"{value!r} is nothing that the node gives. It gives {', '.join(given)}.")
