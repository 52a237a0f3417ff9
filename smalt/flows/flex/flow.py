"""Flows that are code: a function or a class, named by `entry: module:name`, and prompties."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.flows.definition import identifier, read_inputs, types
from smalt.flows.definition.types import InputDefinition, OutputDefinition
from smalt.flows.errors import (
    InvalidFlexFlowEntry,
    LineExecutionTimeoutError,
    SingleNodeValidationError,
)
from smalt.flows.flex.entry import (
    aggregate_of,
    checked_interface,
    declared_outputs,
    instantiated,
    load_entry,
    merged_inputs,
    names_of,
    outputs_of,
    parameters_of,
    sample_of,
)
from smalt.flows.loading.modules import Namespace
from smalt.flows.running import failures
from smalt.flows.running.context import running
from smalt.flows.running.flow import Flow, FlowKind, inside, line_timeout, now, within
from smalt.flows.running.metrics import collecting, log_metric
from smalt.flows.running.results import AggregationResult, Limits, LineResult, NodeResult, Status, completed
from smalt.flows.tools.interface import interface_of
from smalt.flows.tools.types import AttrDict
from smalt.flows.tracing import spans
from smalt.flows.tracing.decorate import original
from smalt.flows.tracing.of_lines import trace_line
from smalt.flows.values.streams import AsyncStream, Stream, after_streams, kept

if TYPE_CHECKING:
    from smalt.flows.connections import ConnectionProvider

Provider = Callable[[], "ConnectionProvider"]


class FlexFlow(Flow):
    """One call per line.

    Args:
        name: What it is called.
        folder: The current directory of its lines.
        entry: What is called.
        inputs: What a line takes.
        takes: The names of the entry's parameters; all inputs if it takes any.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        entry: Callable[..., Any],
        inputs: Mapping[str, InputDefinition],
        *,
        takes: frozenset[str] | None,
        kind: FlowKind = "flex",
    ) -> None:
        super().__init__()
        self.kind = kind
        self.name = name
        self.folder = folder
        self.inputs = inputs
        self.outputs: Mapping[str, OutputDefinition] = {}
        self.namespace: Namespace | None = None
        self.init_inputs: Mapping[str, InputDefinition] = {}
        self.entry_name = getattr(entry, "__qualname__", name)
        self._entry = entry
        self._takes = takes
        self._has_sample = False
        self._aggregate: Callable[..., Any] | None = None
        self._is_coroutine = inspect.iscoroutinefunction(entry) or inspect.isasyncgenfunction(entry)

    # -- making one

    @classmethod
    def of_file(
        cls,
        document: Mapping[str, Any],
        folder: Path,
        file: Path,
        connections: Provider,
        *,
        init: Mapping[str, Any] | None = None,
    ) -> FlexFlow:
        """Load the entry that a file names.

        Raises:
            InvalidFlexFlowEntry: The entry is not `module:name`.
            PythonLoadError: It cannot be loaded.
            GenerateFlowMetaJsonError: Its signature has types that a flow cannot take or give.
            FlowEntryInitializationError: The class could not be made.
        """
        text = str(document.get("entry") or "")
        module, colon, name = text.partition(":")
        if not colon or not module or not name or ":" in name:
            raise InvalidFlexFlowEntry(f"Invalid entry '{text}'. Write 'entry: module:function'.")
        namespace = Namespace(folder)
        found = load_entry(namespace, module, name, text)
        sample = document.get("sample") if isinstance(document.get("sample"), Mapping) else {}
        sample = sample_of(sample, file.parent)
        with namespace.loading():
            flow = cls._of_entry(found, folder, document, connections, init or sample.get("init") or {})
        flow.name = str(document.get("name") or identifier(file.parent.name))
        flow.namespace = namespace
        flow.sample = sample.get("inputs") or {}
        flow.outputs = declared_outputs(document) or flow.outputs
        return flow

    @classmethod
    def of_callable(
        cls, source: Callable[..., Any], connections: Provider, *, init: Mapping[str, Any] | None = None
    ) -> FlexFlow:
        """A function, a class or an object that can be called, of this program."""
        folder = Path.cwd()
        flow = cls._of_entry(source, folder, {}, connections, init or {}, is_checked=False)
        flow.name = identifier(getattr(source, "__name__", type(source).__name__))
        return flow

    @classmethod
    def of_prompty(cls, file: Path, connections: Provider, *, settings: Mapping[str, Any] | None = None) -> FlexFlow:
        """A prompty as a flow, whose lines are calls of the prompt."""
        from smalt.flows.flex.prompty import Prompty

        prompty = Prompty(file, connections=connections, **(settings or {}))
        inputs = read_inputs({name: {"type": "string", **item} for name, item in prompty.inputs.items()})

        async def ask(**given: Any) -> Any:
            return await prompty.ask(given)

        # Of what was given, a prompty takes what it declares; its sample is for calls without any of it.
        takes = frozenset(prompty.declared_inputs)
        flow = cls(prompty.name, prompty.path.parent, ask, inputs, takes=takes, kind="prompty")
        flow._has_sample = bool(prompty.sample)
        flow.entry_name = prompty.name
        flow.source = prompty.path
        flow.outputs = declared_outputs(prompty._data) or {"output": OutputDefinition()}
        return flow

    @classmethod
    def _of_entry(
        cls,
        found: Any,
        folder: Path,
        document: Mapping[str, Any],
        connections: Provider,
        init: Mapping[str, Any],
        *,
        is_checked: bool = True,
    ) -> FlexFlow:
        aggregate = None
        is_class = inspect.isclass(found)
        call = found.__call__ if is_class or not inspect.isfunction(found) else found
        interface = checked_interface(found, call, getattr(found, "__name__", "flow"), is_checked=is_checked)
        init_inputs = merged_inputs(document.get("init"), interface_of(found.__init__)) if is_class else {}
        if is_class:
            found = instantiated(found, init_inputs, init, connections)
        if not inspect.isfunction(found):
            aggregate = aggregate_of(found)
            call = found.__call__
        entry = original(call)
        inputs = merged_inputs(document.get("inputs"), interface)
        flow = cls(folder.name, folder, entry, inputs, takes=names_of(entry))
        flow.entry_name = getattr(entry, "__qualname__", flow.name)
        flow.init_inputs = init_inputs
        flow._aggregate = aggregate
        flow.has_aggregation = aggregate is not None
        flow.outputs = outputs_of(call)
        return flow

    # -- lines

    async def run_line(
        self,
        inputs: Mapping[str, Any],
        *,
        line_number: int | None = None,
        run_id: str | None = None,
        allow_stream: bool = False,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> LineResult:
        """As `Flow` promises. Without inputs, those of the sample are taken."""
        result = LineResult(Status.FAILED, inputs, {}, {}, line_number=line_number, run_id=run_id, started_at=now())
        try:
            result.inputs = given = self._given(inputs, line_number)
        except Exception as error:
            result.error = failures.failure(error, line=line_number)
            result.ended_at = now()
            return result
        try:
            with inside(self.folder), running(self.name, run_id, line_number), spans.recording(result.spans):
                output = await self._call(given, allow_stream, limits)
                result.output = as_output(output)
                result.status = Status.COMPLETED
        except _TimeIsOver:
            timed_out = LineExecutionTimeoutError(line_timeout(line_number, limits.line_seconds))
            result.error = failures.failure(timed_out, line=line_number)
        except Exception as error:
            result.error = failures.of_entry(error, self.entry_name, line_number)
        result.ended_at = now()
        after_streams(result.output.values(), lambda: self._told(result))
        return result

    def _told(self, result: LineResult) -> None:
        """Nothing of the line is still to come."""
        if any(isinstance(value, Stream | AsyncStream) for value in result.output.values()):
            result.ended_at = now()
        for span in result.spans:
            if span.tokens is not None:
                result.tokens += span.tokens
        trace_line(self.name, result)

    def _given(self, inputs: Mapping[str, Any], line_number: int | None) -> dict[str, Any]:
        given = types.with_defaults(self.inputs, inputs or self.sample)
        required = {name: item for name, item in self.inputs.items() if name in given or not self._may_lack(name)}
        given = types.convert(required, given, line=line_number)
        return given if self._takes is None else {name: value for name, value in given.items() if name in self._takes}

    def _may_lack(self, name: str) -> bool:
        """Whether the code itself has a default for an input."""
        if self.kind == "prompty":
            return self._has_sample or self.inputs[name].default is not None
        parameter = parameters_of(self._entry).get(name)
        return parameter is None or parameter.default is not inspect.Parameter.empty

    async def _call(self, given: dict[str, Any], allow_stream: bool, limits: Limits) -> Any:
        seconds = limits.line_seconds
        if self._is_coroutine:
            try:
                async with asyncio.timeout(seconds):
                    output = self._entry(**given)
                    if inspect.isawaitable(output):
                        output = await output
                    output = kept(output)
                    return output if allow_stream else await _read(output)
            except TimeoutError as error:
                raise _TimeIsOver from error

        def work() -> Any:
            output = _kept_inside(self._entry(**given))
            return output if allow_stream else _read_now(output)

        future = self._lines.run(work)
        if not await within(seconds, future):
            raise _TimeIsOver
        output = future.result()
        return output if allow_stream else await _read(output)

    async def run_node(
        self, node: str, inputs: Mapping[str, Any], *, outputs_of_others: Mapping[str, Any] | None = None
    ) -> NodeResult:
        """A flow that is code has no nodes."""
        raise SingleNodeValidationError(f"The flow {self.name!r} is code and has no node {node!r}. Run it as a whole.")

    async def aggregate(self, lines: Sequence[LineResult]) -> AggregationResult:
        """Call `__aggregate__` with the outputs of the completed lines; a mapping that it answers is the metrics."""
        result = AggregationResult()
        if self._aggregate is None:
            return result
        given = [_as_line_result(line.output) for line in completed(lines)]
        function = original(self._aggregate)
        try:
            with inside(self.folder), collecting(result.metrics):
                if inspect.iscoroutinefunction(function):
                    output = await function(given)
                else:
                    output = await self._node_threads.run(lambda: function(given))
                if isinstance(output, Mapping):
                    for key, value in output.items():
                        log_metric(key, value)
                result.outputs = {"__aggregate__": output}
        except Exception as error:
            result.error = failures.of_entry(error, "__aggregate__", None)
        return result

    def close(self) -> None:
        """As `Flow` promises."""
        super().close()
        if self.namespace is not None:
            self.namespace.forget()


class _TimeIsOver(Exception):
    """The line took too long."""


class _LineOutput(AttrDict):
    """The output of a line, with its fields as attributes."""


def _as_line_result(output: dict[str, Any]) -> Any:
    if list(output) == ["output"]:
        value = output["output"]
        return _LineOutput(value) if isinstance(value, dict) else value
    return _LineOutput(output)


def as_output(value: Any) -> dict[str, Any]:
    """What an entry answered, as the output of a line."""
    if isinstance(value, dict):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return {"output": value}


def _kept_inside(output: Any) -> Any:
    """Generators as streams, also in the fields of the output."""
    if isinstance(output, dict):
        return {key: kept(value) for key, value in output.items()}
    if is_dataclass(output) and not isinstance(output, type):
        streams = {
            field.name: kept(getattr(output, field.name))
            for field in fields(output)
            if isinstance(getattr(output, field.name), Iterator | AsyncIterator)
        }
        return replace(output, **streams) if streams else output
    return kept(output)


def _read_now(output: Any) -> Any:
    if isinstance(output, dict):
        return {key: str(value) if isinstance(value, Stream) else value for key, value in output.items()}
    if is_dataclass(output) and not isinstance(output, type):
        read = {f.name: str(v) for f in fields(output) if isinstance(v := getattr(output, f.name), Stream)}
        return replace(output, **read) if read else output
    return str(output) if isinstance(output, Stream) else output


async def _read(output: Any) -> Any:
    output = _read_now(_kept_inside(output))
    if isinstance(output, AsyncStream):
        return await output.text()
    if isinstance(output, dict):
        return {key: await value.text() if isinstance(value, AsyncStream) else value for key, value in output.items()}
    return output
