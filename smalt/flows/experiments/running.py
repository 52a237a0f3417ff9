"""An experiment from its start to its end: nodes in their order, each a run that others can look at.

What has completed with the same flow, inputs and data is taken as it is; what was interrupted goes on where it stopped.
Nodes run one after another: a flow already has many lines in flight, and flows share the process's environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from smalt.errors import SmaltError
from smalt.flows import batch
from smalt.flows.batch import Run, RunStatus, RunStore
from smalt.flows.batch.logs import RunLog
from smalt.flows.batch.run import RunType
from smalt.flows.batch.submit import described
from smalt.flows.connections import ConnectionProvider
from smalt.flows.experiments import bindings, commands, graph
from smalt.flows.experiments.bindings import Bound
from smalt.flows.experiments.conversations import Conversation
from smalt.flows.experiments.errors import ExperimentValueError
from smalt.flows.experiments.experiment import Experiment, ExperimentStatus, ExperimentStore
from smalt.flows.experiments.template import CommandNode, FlowNode, Node
from smalt.kit import clock

_STATUS = {RunStatus.RUNNING: "InProgress"}


def chosen(experiment: Experiment, nodes: Sequence[str] = (), from_nodes: Sequence[str] = ()) -> list[Node]:
    """The nodes that are to run, in their order: those named, those named with all that need them, or all.

    Raises:
        ExperimentValidationError: A node does not exist.
        ExperimentValueError: One that is left out has not given what is needed.
    """
    template = experiment.template
    for name in (*nodes, *from_nodes):
        template.node(name)
    wanted = graph.in_order(template.nodes)
    if nodes:
        wanted = [node for node in wanted if node.name in nodes]
    elif from_nodes:
        wanted = graph.downstream(template.nodes, from_nodes)
    names = {node.name for node in wanted}
    missing = {need for node in wanted for need in graph.needs(node)} - names
    without = [name for name in sorted(missing) if not any(_is_done(run) for run in experiment.node_runs.get(name, ()))]
    if without:
        raise ExperimentValueError(
            f"Nothing is there yet of {', '.join(without)}, which the nodes need. Run them first, or leave --nodes out."
        )
    return wanted


class Work:
    """One turn of an experiment.

    Args:
        experiment: It is held by the caller.
        store: Where it is recorded.
        runs: Where its runs are.
        connections: Where connections of flows come from; those of this machine otherwise.
        listener: Told each line of the log.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: ExperimentStore,
        runs: RunStore,
        *,
        connections: ConnectionProvider | None = None,
        listener: Callable[[str], None] | None = None,
    ) -> None:
        self._experiment = experiment
        self._store = store
        self._runs = runs
        self._connections = connections
        logs = experiment.folder / "logs"
        self._log = RunLog(logs / f"exp.attempt_{len(list(logs.glob('exp.attempt_*.log')))}.log", listener)

    def run(self, nodes: Sequence[Node]) -> Experiment:
        """Run nodes; the experiment has ended then, however it went.

        Raises:
            KeyboardInterrupt: The person who waits for it has ended it.
        """
        experiment = self._experiment
        experiment.status, experiment.error, experiment.pid = ExperimentStatus.IN_PROGRESS, None, os.getpid()
        experiment.last_start_time, experiment.last_end_time = clock.to_text(clock.now()), None
        self._store.save(experiment)
        self._log.say(f"Experiment {experiment.name} starts.")
        try:
            experiment.error = self._all(nodes)
        except KeyboardInterrupt:
            experiment.error = "It was stopped."
            raise
        except BaseException as error:
            experiment.error = f"{type(error).__name__}: {error}"
            raise
        finally:
            experiment.status, experiment.pid = ExperimentStatus.TERMINATED, None
            experiment.last_end_time = clock.to_text(clock.now())
            self._log.say(f"Experiment {experiment.name} has ended. {experiment.error or ''}")
            self._store.save(experiment)
            self._log.close()
        return experiment

    def _all(self, nodes: Sequence[Node]) -> str | None:
        """Run nodes; why some did not complete."""
        failed: dict[str, str] = {}
        for node in nodes:
            blocked = sorted(graph.needs(node) & failed.keys())
            if blocked:
                failed[node.name] = f"did not run, because {blocked[0]} has not completed"
                self._log.say(f"Node {node.name} {failed[node.name]}.", level="WARNING")
                continue
            try:
                with _own_environment():
                    ended = self._node(node)
                if ended.status is not RunStatus.COMPLETED:
                    failed[node.name] = f"{ended.status}: {(ended.error or {}).get('message', 'see its log')}"
            except SmaltError as error:
                failed[node.name] = f"could not run: {error.message}"
                self._log.say(f"Node {node.name} {failed[node.name]}", level="ERROR")
        return " ".join(f"Node {name} {why}" for name, why in failed.items()) or None

    def _node(self, node: Node) -> Run:
        """Take, go on with, or make the run of a node."""
        data = {item.name: item.path for item in self._experiment.template.data}
        given = {name: bindings.of_run(self._run_of(name)) for name in graph.needs(node)}
        bound = bindings.bind(node, self._experiment.template, data, given)
        fingerprint = _fingerprint(node, bound)
        run = self._kept(node, fingerprint)
        if run is not None and run.status is RunStatus.COMPLETED:
            self._log.say(f"Node {node.name} has completed before as {run.name}; it is taken as it is.")
            self._note(node, run, fingerprint)
            return run
        if run is None or isinstance(node, CommandNode):
            run = self._made(node, bound)
        self._log.say(f"Node {node.name} runs as {run.name}.")
        self._note(node, run, fingerprint, status="InProgress")
        try:
            self._execute(node, run)
        finally:
            run = self._runs.get(run.name)
            self._note(node, run, fingerprint)
        self._log.say(f"Node {node.name} has ended: {run.status}.")
        return run

    def _kept(self, node: Node, fingerprint: str) -> Run | None:
        """The newest run that was made of the same, and whose files are still there."""
        for noted in reversed(self._experiment.node_runs.get(node.name, [])):
            if noted["fingerprint"] == fingerprint:
                with contextlib.suppress(SmaltError):
                    run = self._runs.get(noted["name"])
                    if Path(run.output_path).is_dir():
                        return run
        return None

    def _made(self, node: Node, bound: Bound) -> Run:
        made = f"{node.name}_attempt{datetime.now():%Y%m%d_%H%M%S_%f}"
        parent = self._experiment.folder / "runs" / node.name
        shown = node.display_name or node.name
        if isinstance(node, CommandNode):
            folder = parent / made
            folder.mkdir(parents=True)
            run = Run(
                made, node.code or str(folder), str(folder), type=RunType.COMMAND, display_name=shown,
                experiment=self._experiment.name, command=node.command, column_mapping=bound.mapping,
                environment_variables=dict(node.environment_variables), sources=bound.sources,
                outputs=commands.output_folders(node.outputs, folder),
            )  # fmt: skip
            self._runs.add(run)
            return run
        if bound.is_literal and bound.mapping:
            parent.mkdir(parents=True, exist_ok=True)
            file = parent / f"{made}.jsonl"  # one line of what is written in the experiment
            file.write_text(json.dumps(bound.mapping, ensure_ascii=False) + "\n", encoding="utf-8")
            bound = Bound({key: f"${{data.{key}}}" for key in bound.mapping}, {"data": str(file)}, "")
        of_flow = asdict(node) if isinstance(node, FlowNode) else {}
        run = described(
            self._runs,
            node.path if isinstance(node, FlowNode) else f"chat_group:{node.name}",
            data=bound.sources.pop("data", None) or self._data(bound.data),
            run=None if bound.run is None else self._flow_run(bound.run),
            sources=bound.sources,
            name=made,
            column_mapping=bound.mapping,
            display_name=shown,
            output_path=parent,
            experiment=self._experiment.name,
            type=RunType.BATCH if isinstance(node, FlowNode) else RunType.CHAT_GROUP,
            **{
                key: of_flow.get(key)
                for key in ("variant", "connections", "environment_variables", "init", "description", "tags")
            },
        )
        self._runs.add(run)
        return run

    def _execute(self, node: Node, run: Run) -> None:
        if isinstance(node, CommandNode):
            self._command(run)
            return
        run.completed_lines = run.failed_lines = 0
        options: dict[str, Any] = {"connections": self._connections, "listener": self._log.repeat}
        if isinstance(node, FlowNode):
            batch.execute(run, self._runs, **options)
            return
        conversation = Conversation(node, self._connections)
        try:
            batch.execute(run, self._runs, source=conversation.function(), **options)
        finally:
            conversation.close()

    def _command(self, run: Run) -> None:
        values = {
            key: value if graph.reference(value) is None else _path(run.sources, value)
            for key, value in run.column_mapping.items()
        }
        command = commands.filled(run.command or "", values, run.outputs)
        run.status, run.start_time = RunStatus.RUNNING, clock.to_text(clock.now())
        self._runs.save(run)
        code: int | None = None
        with run.alone():
            try:
                code = commands.run(command, run.flow, run.environment_variables, run.folder.logs, self._connections)
            finally:
                run.end_time = clock.to_text(clock.now())
                run.status = RunStatus.CANCELED if code is None else RunStatus.FAILED if code else RunStatus.COMPLETED
                if code:
                    told = f"The command ended with {code}. Its output stands in {run.folder.logs}."
                    run.error = {"code": "ExperimentCommandRunError", "message": told}
                self._runs.save(run)

    def _run_of(self, node: str) -> Run:
        """The newest completed run of a node."""
        for noted in reversed(self._experiment.node_runs.get(node, [])):
            if _is_done(noted):
                run = self._runs.get(noted["name"])
                run.display_name = node
                return run
        raise ExperimentValueError(f"Node {node!r} has not completed. Run it first: --from-nodes {node}.")

    def _flow_run(self, node: str) -> str | None:
        run = self._run_of(node)
        return None if run.type is RunType.COMMAND else run.name

    def _data(self, name: str | None) -> str | None:
        return next((item.path for item in self._experiment.template.data if item.name == name), None)

    def _note(self, node: Node, run: Run, fingerprint: str, *, status: str = "") -> None:
        """Keep with the experiment which run a node has, and how it is."""
        noted = {"name": run.name, "status": status or _STATUS.get(run.status, str(run.status))}
        runs = self._experiment.node_runs.setdefault(node.name, [])
        if runs and runs[-1]["name"] == run.name:
            runs.pop()
        runs.append(noted | {"fingerprint": fingerprint})
        self._store.save(self._experiment)


def _is_done(noted: Mapping[str, str]) -> bool:
    return noted["status"] == RunStatus.COMPLETED


def _path(sources: Mapping[str, str], value: object) -> str:
    name = str(value)[2:-1]
    if name not in sources:
        raise ExperimentValueError(
            f"A command takes whole files, but {value!r} is a part of one. Write e.g. ${{data.NAME}} or "
            f"${{NODE.outputs}}; there are {', '.join(sources) or 'none'}."
        )
    return sources[name]


def _fingerprint(node: Node, bound: Bound) -> str:
    """What the answer of a node depends on: what it says, its files, its literals, and the rows that it takes."""
    whole = hashlib.sha256()
    said = {key: value for key, value in asdict(node).items() if key not in ("inputs", "path", "code", "roles")}
    whole.update(json.dumps([said, bound.mapping, bound.data], sort_keys=True, default=str).encode())
    code = Path(node.path if isinstance(node, FlowNode) else node.code or "")
    for place in (code, *(Path(path) for _, path in sorted(bound.sources.items()))):
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and "__pycache__" not in file.parts and ".promptflow" not in file.parts:
                whole.update(f"{file.relative_to(place)}\0".encode())
                whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """What a node sets in the environment does not reach the next one."""
    kept = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
