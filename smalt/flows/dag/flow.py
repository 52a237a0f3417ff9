"""Flows written as a graph of nodes: `flow.dag.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from smalt.flows.dag.line import Line, Pace
from smalt.flows.dag.nodes import Kind, Node, Resolver
from smalt.flows.definition import FlowDefinition, graph, types
from smalt.flows.definition.references import Reference, Source, steps
from smalt.flows.errors import LineExecutionTimeoutError, SingleNodeValidationError
from smalt.flows.loading.modules import Namespace
from smalt.flows.running import failures, loops
from smalt.flows.running.context import connected, running
from smalt.flows.running.flow import Flow, StraightLine, inside, line_timeout, now, tokens_of, within
from smalt.flows.running.metrics import collecting
from smalt.flows.running.results import (
    AggregationResult,
    FlowFailure,
    Limits,
    LineResult,
    NodeResult,
    Status,
    completed,
)
from smalt.flows.tracing.of_lines import trace_line
from smalt.flows.values.images import Format
from smalt.flows.values.streams import AsyncStream, Stream, after_streams

if TYPE_CHECKING:
    from smalt.flows.connections import ConnectionProvider


class DagFlow(Flow):
    """A graph of nodes, each made ready once.

    Args:
        definition: What the file says.
        folder: Where the files of the nodes are.
        connections: Where connections come from, asked when one is needed.
        only: Make ready only this node, to be run alone.
    """

    kind = "dag"

    def __init__(
        self,
        definition: FlowDefinition,
        folder: Path,
        connections: Callable[[], ConnectionProvider],
        *,
        only: str | None = None,
    ) -> None:
        super().__init__()
        self._connections = connections
        self.definition = definition
        self.name = definition.name
        self.folder = folder
        self.inputs = definition.inputs
        self.namespace = Namespace(folder)
        self.images = Format(definition.message_format, folder)
        resolver = Resolver(folder, self.namespace, self.images, connections)
        for node in definition.nodes:
            resolver.check_file(node)
        ordered = graph.ordered(definition)
        self.nodes = [node.name for node in ordered]
        made = [resolver.resolve(node) for node in ordered if only is None or node.name == only]
        self.outputs = graph.checked_outputs(definition)
        self._normal = [node for node in made if not node.definition.aggregation]
        self._aggregations = [node for node in made if node.definition.aggregation]
        self._references = {name: output.reference for name, output in self.outputs.items()}
        self._pace = Pace()
        self._on_loop = any(node.kind is Kind.COROUTINE or node.definition.timeout_seconds for node in self._normal)
        self.needs_loop = self._on_loop
        self.has_aggregation = bool(self._aggregations)
        self._for_aggregation = self._aggregation_references()
        self._streamable = self._nodes_that_may_stream()

    def _aggregation_references(self) -> dict[str, Reference]:
        """What aggregation nodes look at in the lines, by its text."""
        normal = {node.name for node in self._normal}
        return {
            str(item.reference): item.reference
            for node in self._aggregations
            for item in node.inputs
            if item.reference.source is Source.NODE and item.reference.value in normal
        }

    def _nodes_that_may_stream(self) -> frozenset[str]:
        """Nodes whose answer is an output of the flow and nothing else."""
        read_by_nodes = {name for node in (*self._normal, *self._aggregations) for name in node.definition.needs}
        shown = {item.value for item in self._references.values() if item.source is Source.NODE and not item.path}
        return frozenset(shown - read_by_nodes)

    async def run_line(
        self,
        inputs: Mapping[str, Any],
        *,
        line_number: int | None = None,
        run_id: str | None = None,
        allow_stream: bool = False,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> LineResult:
        """As `Flow` promises."""
        result = LineResult(Status.FAILED, inputs, {}, {}, line_number=line_number, run_id=run_id, started_at=now())
        try:
            if self.images.may_wait(self.inputs, inputs) and loops.is_running():
                converted = await self._node_threads.run(lambda: self._converted(inputs, line_number))
            else:
                converted = self._converted(inputs, line_number)
        except Exception as error:
            result.error = failures.failure(error, line=line_number)
            result.ended_at = now()
            return result
        result.inputs = converted
        line = self._line(converted, line_number, allow_stream=allow_stream)
        with inside(self.folder), running(self.name, run_id, line_number, self._connections):
            is_in_time = await self._run(line, result, limits)
        if not is_in_time and line.failure is None:
            line.give_up(_timed_out(line_number, limits.line_seconds))
        result.ended_at = now()
        self._conclude(line, result)
        return result

    def straight_line(self, inputs: Mapping[str, Any], *, line_number: int, run_id: str) -> StraightLine:
        """As `Flow` promises."""
        return _StraightLine(self, inputs, line_number, run_id)

    def _line(self, converted: Mapping[str, Any], line_number: int | None, *, allow_stream: bool = False) -> Line:
        return Line(
            self._normal,
            converted,
            line_number,
            pace=self._pace,
            streaming=self._streamable if allow_stream else frozenset(),
            hands_on=allow_stream,
        )

    def _converted(self, inputs: Mapping[str, Any], line_number: int | None) -> dict[str, Any]:  # Any: values
        given = types.convert(self.inputs, types.with_defaults(self.inputs, inputs), line=line_number)
        return self.images.load_inputs(self.inputs, given)

    async def _run(self, line: Line, result: LineResult, limits: Limits) -> bool:
        """Run the line and take its output; False if its time is over."""
        if self._on_loop or limits.node_seconds is not None:
            import asyncio

            try:
                async with asyncio.timeout(limits.line_seconds):
                    await line.run_on_loop(self._node_threads, limits)
                    if line.failure is None:
                        result.output = await line.output_on_loop(self._references, self._node_threads)
            except TimeoutError:
                return False
            return True

        def work() -> dict[str, Any]:  # Any: values of flows
            return self._run_here(line)

        if not loops.is_running():
            return self._run_straight(work, result, limits)
        future = self._lines.run(work, short=self._pace.are_short(self._normal))
        if not await within(limits.line_seconds, future):
            return False
        result.output = future.result()
        return True

    def _run_here(self, line: Line) -> dict[str, Any]:  # Any: values of flows
        """Run the line in this thread; its output."""
        line.run_here(self._node_threads)
        return line.output_here(self._references) if line.failure is None else {}

    def _run_straight(self, work: Callable[[], dict[str, Any]], result: LineResult, limits: Limits) -> bool:
        """As `_run`, for a caller without an event loop."""
        ended: SimpleQueue[tuple[dict[str, Any], BaseException | None]] = SimpleQueue()
        context = copy_context()

        def job() -> None:
            try:
                ended.put((context.run(work), None))
            except BaseException as error:
                ended.put(({}, error))

        self._lines.start(job)
        try:
            result.output, error = ended.get(timeout=limits.line_seconds)
        except Empty:
            return False
        if error is not None:
            raise error
        return True

    def _conclude(self, line: Line, result: LineResult) -> None:
        line.settle()
        result.nodes = dict(line.results)
        result.error = line.failure
        result.tokens = tokens_of(result.nodes)
        if result.error is None:
            result.status = Status.COMPLETED
            try:
                result.aggregation_inputs = self._seen_by_aggregations(line)
            except Exception as error:
                result.status, result.error = Status.FAILED, failures.failure(error, line=result.line_number)
        else:
            result.output = {}
        after_streams(result.output.values(), lambda: self._told(result))

    def _told(self, result: LineResult) -> None:
        """Nothing of the line is still to come."""
        if result.output and any(isinstance(value, Stream | AsyncStream) for value in result.output.values()):
            result.ended_at, result.tokens = now(), tokens_of(result.nodes)
        trace_line(self.name, result)

    def _seen_by_aggregations(self, line: Line) -> dict[str, Any]:  # Any: outputs of tools
        return {text: line.value(reference) for text, reference in self._for_aggregation.items()}

    async def run_node(
        self, node: str, inputs: Mapping[str, Any], *, outputs_of_others: Mapping[str, Any] | None = None
    ) -> NodeResult:
        """As `Flow` promises."""
        found = next((item for item in (*self._normal, *self._aggregations) if item.name == node), None)
        if found is None:
            raise SingleNodeValidationError(
                f"There is no node {node!r} in the flow. It has: {', '.join(self.nodes) or 'none'}."
            )
        flow_inputs, outputs, arguments = self._parted(found, inputs, outputs_of_others or {})
        alone = replace_node(found, arguments)
        line = Line([alone], flow_inputs, None, pace=self._pace, given=outputs)
        alone.needs = tuple(name for name in alone.needs if name in outputs)
        metrics: dict[str, Any] = {}  # Any: numbers
        with inside(self.folder), connected(self._connections), collecting(metrics):
            await line.run_on_loop(self._node_threads, Limits())
            if line.failure is None:
                await line.output_on_loop({node: Reference(Source.NODE, node, "output")}, self._node_threads)
        line.settle()
        tokens_of(line.results)
        return line.results[node]

    def _parted(
        self, node: Node, inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:  # Any: values of flows
        """What was given, as flow inputs, outputs of other nodes, and arguments of the node itself."""
        flow_inputs = types.with_defaults(self.inputs, {})
        known: dict[str, Any] = dict(outputs)
        arguments: dict[str, Any] = {}
        own = {item.name: item.reference for item in node.inputs}
        for key, value in inputs.items():
            name = key[2:-1] if key.startswith("${") and key.endswith("}") else key
            head, _, rest = name.partition(".")
            if head in ("inputs", "flow") and rest:
                flow_inputs[rest] = value
            elif rest and head in node.needs:
                known[head] = _nested(rest, value)
            elif name in own:
                arguments[name] = value
            elif name in node.needs:
                known[name] = value
            else:
                flow_inputs[name] = value
        self._check_given(node, flow_inputs, known, arguments)
        needed = {r.value for r in own.values() if r.source is Source.INPUT}
        converted = {
            name: types.convert({name: self.inputs[name]}, {name: value})[name] if name in needed else value
            for name, value in flow_inputs.items()
        }
        return self.images.load_inputs(self.inputs, converted), self.images.load(known), arguments

    def _check_given(
        self, node: Node, flow_inputs: Mapping[str, Any], known: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> None:
        missing = []
        for item in node.inputs:
            if item.name in arguments:
                continue
            reference = item.reference
            where = flow_inputs if reference.source is Source.INPUT else known
            if reference.value not in where:
                missing.append(str(reference))
        if missing:
            raise SingleNodeValidationError(
                f"The node {node.name!r} needs {', '.join(missing)}. Give each as an input, "
                "e.g. '--inputs other_node.output=...'."
            )

    async def aggregate(self, lines: Sequence[LineResult]) -> AggregationResult:
        """As `Flow` promises."""
        result = AggregationResult()
        done = completed(lines)
        if not self._aggregations:
            return result
        inputs = {name: [line.inputs.get(name) for line in done] for name in self.inputs}
        given = {text: [line.aggregation_inputs.get(text) for line in done] for text in self._for_aggregation}
        nodes = [_over_lines(node, given) for node in self._aggregations]
        line = Line(nodes, inputs, None, pace=self._pace)
        with inside(self.folder), connected(self._connections), collecting(result.metrics):
            await line.run_on_loop(self._node_threads, Limits())
        line.settle()
        tokens_of(line.results)
        result.nodes = dict(line.results)
        result.outputs = {name: node.output for name, node in line.results.items() if node.status is Status.COMPLETED}
        result.error = line.failure
        return result

    def close(self) -> None:
        """As `Flow` promises."""
        super().close()
        self.namespace.forget()


class _StraightLine(StraightLine):
    """A line of a DAG flow. What it changes is its own, so that a line that was given up changes nothing."""

    def __init__(self, flow: DagFlow, inputs: Mapping[str, Any], number: int, run_id: str) -> None:
        self._flow = flow
        self._inputs = inputs
        self._number = number
        self._run_id = run_id
        self._started_at = self._ended_at = now()
        self._line: Line | None = None
        self._output: dict[str, Any] = {}  # Any: values of flows
        self._refused: FlowFailure | None = None

    def run(self) -> None:
        """As `StraightLine` promises."""
        flow = self._flow
        self._started_at = now()
        try:
            converted = flow._converted(self._inputs, self._number)
        except Exception as error:
            self._refused = failures.failure(error, line=self._number)
        else:
            self._line = line = flow._line(converted, self._number)
            with running(flow.name, self._run_id, self._number, flow._connections):
                self._output = flow._run_here(line)
        self._ended_at = now()

    def give_up(self, line_seconds: float | None) -> None:
        """As `StraightLine` promises."""
        self._ended_at = now()
        failure = _timed_out(self._number, line_seconds)
        if self._line is None:
            self._refused = failure
        else:
            self._line.give_up(failure)

    def result(self) -> LineResult:
        """As `StraightLine` promises."""
        result = LineResult(Status.FAILED, self._inputs, {}, {}, self._refused, self._number, self._run_id)
        result.started_at, result.ended_at = self._started_at, self._ended_at
        if self._line is not None and self._refused is None:
            result.inputs, result.output = self._line.inputs, self._output
            self._flow._conclude(self._line, result)
        return result


def _timed_out(line_number: int | None, seconds: float | None) -> FlowFailure:
    return failures.failure(LineExecutionTimeoutError(line_timeout(line_number, seconds)), line=line_number)


def replace_node(node: Node, arguments: Mapping[str, Any]) -> Node:  # Any: values of flows
    """A node with some of its inputs given."""
    kept = [item for item in node.inputs if item.name not in arguments]
    definition = replace(node.definition, activate=None)
    needs = tuple(dict.fromkeys(item.reference.value for item in kept if item.reference.source is Source.NODE))
    return replace(node, inputs=kept, fixed={**node.fixed, **arguments}, definition=definition, needs=needs)


def _over_lines(node: Node, given: Mapping[str, list[Any]]) -> Node:  # Any: outputs of tools
    """An aggregation node whose references to lines are the lists of all lines."""
    lists = {item.name: given[str(item.reference)] for item in node.inputs if str(item.reference) in given}
    kept = [item for item in node.inputs if item.name not in lists]
    of_lines = {item.reference.value for item in node.inputs if item.name in lists}
    needs = tuple(name for name in node.needs if name not in of_lines)
    return replace(node, inputs=kept, fixed={**node.fixed, **lists}, needs=needs)


def _nested(path: str, value: Any) -> Any:  # Any: outputs of tools
    """An output in which `path` (beginning with `output`) leads to the value."""
    _, _, rest = path.partition(".")
    for part in reversed(steps(rest)):
        value = {part[1:] if isinstance(part, str) and part.startswith("[") else part: value}
    return value
