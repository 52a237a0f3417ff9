"""Trying an experiment: every node over one line, nothing recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smalt.flows import load, loading, trial
from smalt.flows.batch import mapping, reading
from smalt.flows.connections import ConnectionProvider
from smalt.flows.experiments import bindings, commands, graph
from smalt.flows.experiments.conversations import Conversation
from smalt.flows.experiments.errors import ExperimentValueError
from smalt.flows.experiments.template import ChatGroupNode, CommandNode, FlowNode, Node, Template
from smalt.flows.running import loops

Values = dict[str, Any]  # Any: values of flows


class Try:
    """A template, tried.

    Args:
        template: It is not changed.
        inputs: Values of its inputs; others replace columns of the first line of its data.
        environment_variables: Set while nodes run.
        output_path: Where files of the trial go; otherwise a folder of the machine's temporary ones.
        connections: Where connections of flows come from; those of this machine otherwise.
    """

    def __init__(
        self,
        template: Template,
        inputs: Mapping[str, Any] | None = None,
        *,
        environment_variables: Mapping[str, str] | None = None,
        output_path: str | Path | None = None,
        connections: ConnectionProvider | None = None,
    ) -> None:
        graph.check(template)
        self._template = template
        self._given = dict(inputs or {})
        self._variables = dict(environment_variables or {})
        self._connections = connections
        sessions = Path(tempfile.gettempdir()) / ".promptflow" / "sessions" / "default"
        self.folder = Path(output_path) if output_path else sessions / template.folder_name
        for item in template.inputs:
            if item.name in self._given:
                item.default = item.value(self._given.pop(item.name))
        self._data: dict[str, Values] = {item.name: self._line(item.name, item.path) for item in template.data}
        self._rows: dict[str, dict[str, Values]] = {}
        self._files: dict[str, dict[str, str]] = {}
        self.results: dict[str, Any] = {}  # Any: what nodes gave

    def run(self, *, flow: str | Path | None = None, given: Mapping[str, Values] | None = None) -> dict[str, Any]:
        """Run nodes in their order; what each gave.

        Args:
            flow: Begin at the nodes of this flow, and run only what needs nothing else.
            given: Outputs of nodes, which then do not run.

        Raises:
            ExperimentValueError: No node has that flow.
            UserErrorException: A node failed.
        """
        started = self._nodes_of(flow) if flow is not None else None
        reached: set[str] = set()
        for node in graph.in_order(self._template.nodes):
            if started is None or node.name in started or (graph.needs(node) and graph.needs(node) <= reached):
                reached.add(node.name)
                if given and node.name in given:
                    self._keep(node, {}, given[node.name])
                else:
                    self.results[node.name] = self._node(node)
        return self.results

    def _nodes_of(self, flow: str | Path) -> set[str]:
        file = loading.find(flow)
        flows = [node for node in self._template.nodes if isinstance(node, FlowNode)]
        found = {node.name for node in flows if loading.find(node.path) == file}
        if not found:
            where = self._template.folder_name
            raise ExperimentValueError(f"Flow {flow} not found in experiment {where!r}. Give the flow of a node of it.")
        return found

    def _node(self, node: Node) -> Any:  # Any: what it gave
        kinds: dict[type[Node], Callable[[Any], Any]] = {
            FlowNode: self._flow, CommandNode: self._command, ChatGroupNode: self._chat_group
        }  # fmt: skip
        return kinds[type(node)](node)

    def _flow(self, node: FlowNode) -> Values:
        flow = load(
            node.path, variant=node.variant, connections=self._connections, init=node.init or None,
            environment_variables={**node.environment_variables, **self._variables} or None,
            node_connections=node.connections or None,
        )  # fmt: skip
        with flow:
            defaults = {name: item.default for name, item in flow.inputs.items()}
            inputs = self._inputs(node, defaults)
            tried = trial.try_flow(flow, inputs)
        trial.write_files(tried, self.folder, detail=self.folder / node.name)
        output: Values = dict(tried.raise_for_error().output)
        self._keep(node, inputs, output)
        return output

    def _chat_group(self, node: ChatGroupNode) -> Values:
        inputs = self._inputs(node, {})
        conversation = Conversation(node, self._connections)
        try:
            output = {"conversation_history": loops.run(conversation.talk(inputs))}
        finally:
            conversation.close()
        self._keep(node, inputs, output)
        return output

    def _command(self, node: CommandNode) -> Values:
        data = {name: str(self._written(f"data/{name}.json", row)) for name, row in self._data.items()}
        bound = bindings.bind(node, self._template, data, self._files)
        values = {
            key: value if graph.reference(value) is None else bound.sources.get(str(value)[2:-1], value)
            for key, value in bound.mapping.items()
        }
        outputs = commands.output_folders(node.outputs, self.folder / node.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / node.name / "log.txt"
        code = commands.run(
            commands.filled(node.command, values, outputs), node.code or str(self.folder),
            {**node.environment_variables, **self._variables}, log, self._connections,
        )  # fmt: skip
        if code:
            raise ExperimentValueError(f"The command of node {node.name!r} ended with {code}. Its output is in {log}.")
        named = {f"{node.name}.outputs.{key}": path for key, path in outputs.items()}
        self._files[node.name] = named | {f"{node.name}.outputs": next(iter(outputs.values()), str(self.folder))}
        rows = {name: reading.read(path) for name, path in named.items() if Path(path).exists()}
        self._rows[node.name] = {name: found[0] for name, found in rows.items() if found}
        return outputs

    def _inputs(self, node: Node, defaults: Values) -> Values:
        bound = bindings.bind(node, self._template, self._data, self._rows)
        if not graph.needs(node):  # where a trial begins, what is given counts even for literals
            bound.mapping |= {key: value for key, value in self._given.items() if key in bound.mapping}
        rows: dict[str, list[Values]] = {name: [row] for name, row in bound.sources.items()}
        if bound.data is not None:
            rows["data"] = [self._data[bound.data]]
        if bound.is_literal or not rows:
            return bound.mapping
        return mapping.lines(rows, bound.mapping, defaults or None)[0][1]

    def _keep(self, node: Node, inputs: Values, output: Values) -> None:
        name = node.name
        self._rows[name] = {f"{name}.inputs": inputs, f"{name}.outputs": output, name: output}
        file = str(self._written(f"outputs/{name}.json", output))
        self._files[name] = {f"{name}.outputs": file, name: file}

    def _line(self, name: str, path: str) -> Values:
        found = reading.read(path)
        if not found and not self._given:
            raise ExperimentValueError(f"Data {name!r} of the experiment has no line. Check {path}.")
        return {**(found[0] if found else {}), **self._given}

    def _written(self, name: str, row: Values) -> Path:
        from smalt.flows.batch import records

        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(records.encode(row))
        return path
