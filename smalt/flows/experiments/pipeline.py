"""An experiment as a pipeline component: its nodes are steps of the types flow and command, bound to one another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.entities.job.flow_words import FLOW_OUTPUTS
from smalt.environments import FLOW_IMAGE, flow_conda
from smalt.flows import loading
from smalt.flows.experiments import graph
from smalt.flows.experiments.conversations import write_group
from smalt.flows.experiments.errors import ExperimentValueError
from smalt.flows.experiments.template import CommandNode, FlowNode, Input, Node, Template

Document = dict[str, Any]  # Any: YAML

_TYPES = {"int": "integer", "double": "number", "bool": "boolean"}
_FILES = {"outputs": "flow_outputs/output.jsonl", "inputs": "inputs.jsonl"}


def as_component(template: Template, name: str, folder: Path) -> Document:
    """The document of the component. Paths in it are those of this machine.

    Args:
        template: The experiment.
        name: What it is called.
        folder: Where the flows of chat groups are put together; it is needed until the component is uploaded.

    Raises:
        ExperimentValueError: It refers to what does not exist, or to what only this machine has.
    """
    graph.check(template)
    inputs: Document = {item.name: _input(item) for item in template.inputs}
    for data in template.data:
        kind = "uri_folder" if Path(data.path).is_dir() else "uri_file"
        inputs[data.name] = {"type": kind, "default": data.path}
    if len(inputs) < len(template.inputs) + len(template.data):
        raise ExperimentValueError("An input and data of the experiment have one name. Give each its own.")
    steps = {node.name: _Step(node, template, folder).document() for node in graph.in_order(template.nodes)}
    described = {} if template.description is None else {"description": template.description}
    return {"type": "pipeline", "name": name, **described, "inputs": inputs, "jobs": steps}


def _input(item: Input) -> Document:
    kind = _TYPES.get(item.type, "string")
    if item.default is None:
        return {"type": kind}
    is_plain = isinstance(item.default, str | int | float)
    return {"type": kind, "default": item.default if is_plain else json.dumps(item.default)}


@dataclass
class _Step:
    """A node as a step."""

    node: Node
    template: Template
    folder: Path
    inputs: Document = field(default_factory=dict)

    def document(self) -> Document:
        """The step."""
        shown = {"display_name": self.node.display_name} if self.node.display_name else {}
        if isinstance(self.node, CommandNode):
            return self._command(self.node) | shown
        if isinstance(self.node, FlowNode):
            return self._flow(self.node) | shown
        target = self.folder / str(self.template.nodes.index(self.node))  # names may be paths to other places
        write_group(self.node, target)
        return {**self._over_lines(), "code": str(target)} | shown

    def _flow(self, node: FlowNode) -> Document:
        file = loading.find(node.path)
        assert file is not None  # it is a path
        _check_variables(node)
        kept = ("variant", "connections", "init", "environment_variables")
        return {
            **self._over_lines(),
            "code": str(file.parent),
            **({} if file.name in ("flow.dag.yaml", "flow.flex.yaml") else {"entry_file": file.name}),
            **{key: value for key in kept if (value := getattr(node, key))},
        }

    def _over_lines(self) -> Document:
        mapping = dict(self._mapped())
        data = [item.name for item in self.template.data]
        if not mapping and len(data) == 1:
            self._bound("data", f"${{{{parent.inputs.{data[0]}}}}}")
        outputs = {FLOW_OUTPUTS: {"type": "uri_folder"}}
        return {"type": "flow", "inputs": self.inputs, "column_mapping": mapping, "outputs": outputs}

    def _mapped(self) -> Iterator[tuple[str, Any]]:  # Any: literals
        """The inputs of the flow, by columns of the step's inputs."""
        named = {rest.split(".")[0] for head, rest in self._references() if head == "data"}
        # Columns of the only data fill inputs that nothing is said of; that is what a step's `data` does.
        main = next(iter(named)) if len(named) == 1 else None
        for key, value in self.node.inputs.items():
            head, rest = graph.reference(value) or ("", "")
            first, _, column = rest.partition(".")
            if head == "parent":
                continue
            if head == "inputs":
                yield key, f"${{inputs.{self._bound(first, f'${{{{parent.inputs.{first}}}}}')}}}"
            elif head == "data":
                name = self._bound("data" if first == main else first, f"${{{{parent.inputs.{first}}}}}")
                yield key, f"${{{name}.{column}}}"
            elif head:
                yield key, self._of_node(self.template.node(head), rest)
            else:
                yield key, value

    def _of_node(self, node: Node, rest: str) -> str:
        """A column of what a node before has given."""
        if isinstance(node, CommandNode):
            output, column = _output(node, rest)
            name = self._bound(f"{node.name}_{output}", f"${{{{parent.jobs.{node.name}.outputs.{output}}}}}")
            return f"${{{name}.{column}}}"
        part, _, column = rest.partition(".")
        if part not in _FILES:
            part, column = "outputs", rest
        name = self._bound(node.name, f"${{{{parent.jobs.{node.name}.outputs.{FLOW_OUTPUTS}}}}}")
        return f"${{{name}.{part}.{column}}}"

    def _command(self, node: CommandNode) -> Document:
        command = node.command
        for key, value in node.inputs.items():
            command = command.replace(f"${{inputs.{key}}}", self._file(key, value))
        for output in node.outputs:
            command = command.replace(f"${{outputs.{output}}}", f"${{{{outputs.{output}}}}}")
        _check_variables(node)
        conda = flow_conda(_text(Path(node.code) / "requirements.txt") if node.code else "")
        return {
            "type": "command",
            "command": command,
            "environment": {"image": FLOW_IMAGE, "conda_file": conda},
            "inputs": self.inputs,
            "outputs": {name: {"type": _kind(place)} for name, place in node.outputs.items()},
            **({"code": node.code} if node.code else {}),
            **({"environment_variables": node.environment_variables} if node.environment_variables else {}),
        }

    def _file(self, key: str, value: Any) -> str:  # Any: a literal, or a reference
        """What stands in the command for an input: a literal, or the path of a whole file."""
        found = graph.reference(value)
        if found is None:
            return str(value)
        head, rest = found
        if head in ("inputs", "data") and "." not in rest:
            return f"${{{{inputs.{self._bound(key, f'${{{{parent.inputs.{rest}}}}}')}}}}}"
        node = self.template.node(head) if head not in ("inputs", "data") else None
        if isinstance(node, CommandNode):
            output, column = _output(node, rest)
            if not column:
                bound = f"${{{{parent.jobs.{head}.outputs.{output}}}}}"
                return f"${{{{inputs.{self._bound(key, bound)}}}}}"
        elif node is not None and (rest or "outputs") in _FILES:
            bound = f"${{{{parent.jobs.{head}.outputs.{FLOW_OUTPUTS}}}}}"
            return f"${{{{inputs.{self._bound(key, bound)}}}}}/{_FILES[rest or 'outputs']}"
        raise ExperimentValueError(
            f"A command takes whole files, but {value!r} is a part of one. Write e.g. ${{data.NAME}} or "
            "${NODE.outputs}."
        )

    def _bound(self, wanted: str, bound: str) -> str:
        """The name of the step's input that is bound to this, under the name that is wanted if it is free."""
        wanted = re.sub(r"\W", "_", wanted)
        names = (wanted, *(f"{wanted}_{number}" for number in range(2, 100)))
        name = next(each for each in names if self.inputs.get(each, bound) == bound and each not in ("inputs", "run"))
        self.inputs[name] = bound
        return name

    def _references(self) -> Iterator[tuple[str, str]]:
        return (found for value in self.node.inputs.values() if (found := graph.reference(value)) is not None)


def _check_variables(node: FlowNode | CommandNode) -> None:
    secret = [name for name, value in node.environment_variables.items() if str(value).startswith("${")]
    if secret:
        raise ExperimentValueError(
            f"Node {node.name!r} takes {', '.join(secret)} of a connection, which on the platform only the files of a "
            "flow can. Write it into the environment_variables of its flow, or leave it out."
        )


def _output(node: CommandNode, rest: str) -> tuple[str, str]:
    """The output that `${NODE.outputs.x}` means, and the column in it: the first where none is named."""
    words = rest.split(".")[1:] if rest.startswith("outputs") else rest.split(".") if rest else []
    if words and words[0] in node.outputs:
        return words[0], ".".join(words[1:])
    if not node.outputs:
        raise ExperimentValueError(f"Node {node.name!r} gives nothing that others could take. Name its outputs.")
    return next(iter(node.outputs)), ".".join(words)


def _kind(place: str | None) -> str:
    return "uri_file" if place is not None and Path(place).suffix else "uri_folder"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
