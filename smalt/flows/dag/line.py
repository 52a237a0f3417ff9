"""One line of a DAG flow, from its inputs to its output.

A line whose nodes all block or compute runs in one thread, node after node; nodes that are ready at the same time and
are known to take long get threads of their own. A line with a coroutine among its nodes runs on the event loop, which
hands blocking nodes to threads. In both, a node begins as soon as what it needs is there, and the first failure ends
the line.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Mapping
from contextvars import copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from smalt.flows.dag.nodes import Kind, Node
from smalt.flows.definition.references import Reference, Source, getter
from smalt.flows.errors import NodeExecutionTimeoutError
from smalt.flows.running import failures
from smalt.flows.running.results import FlowFailure, Limits, NodeResult, Status
from smalt.flows.tracing import spans
from smalt.flows.values.streams import AsyncStream, Stream, kept, settled

if TYPE_CHECKING:
    import asyncio

    from smalt.flows.running.threads import Threads

_log = logging.getLogger(__name__)

# Handing a node to another thread costs about as much as this; nodes that take less run where they are.
WORTH_A_THREAD_SECONDS = 0.0005

# Coroutines that are cancelled get this long to clean up.
CANCELLATION_SECONDS = 30.0


class Pace:
    """How long each node took of late. Races between threads cost precision, nothing else."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def saw(self, node: str, seconds: float) -> None:
        """A node took this long. One long run counts at once, short ones little by little."""
        before = self._seconds.get(node)
        self._seconds[node] = seconds if before is None or seconds > before else before * 0.75 + seconds * 0.25

    def is_short(self, node: str) -> bool:
        """Whether a node is known to take no longer than a thread costs."""
        return self._seconds.get(node, 1.0) < WORTH_A_THREAD_SECONDS

    def are_short(self, nodes: list[Node]) -> bool:
        """Whether all of them together are."""
        seconds = self._seconds
        return sum(seconds.get(node.name, 1.0) for node in nodes) < WORTH_A_THREAD_SECONDS


class Line:
    """A line while it runs.

    Args:
        nodes: Each after those it needs.
        inputs: Converted, complete.
        number: The line's number, if it has one.
        given: Outputs of nodes that are not run, because they are known.
        streaming: The nodes whose tools are asked to answer piece by piece.
        hands_on: Streams may be outputs, to be read by the caller.
    """

    def __init__(
        self,
        nodes: list[Node],
        inputs: Mapping[str, Any],
        number: int | None,
        *,
        pace: Pace,
        given: Mapping[str, Any] | None = None,
        streaming: frozenset[str] = frozenset(),
        hands_on: bool = False,
    ) -> None:
        self.inputs = inputs
        self.outputs: dict[str, Any] = dict(given or {})
        self.results: dict[str, NodeResult] = {}
        self.bypassed: set[str] = set()
        self.failure: FlowFailure | None = None
        self._is_given_up = False
        self._waiting = [node for node in nodes if node.name not in self.outputs]
        self._number = number
        self._pace = pace
        self._streaming = streaming
        self._hands_on = hands_on

    # -- which nodes, with what

    def _ready(self) -> list[Node]:
        """The nodes that can begin now, no longer waiting; nodes to be bypassed are, on the way."""
        found: list[Node] = []
        outputs, bypassed = self.outputs, self.bypassed
        again = True
        while again:
            again = False
            waiting = []
            for node in self._waiting:
                for name in node.needs:
                    if name not in outputs and name not in bypassed:
                        waiting.append(node)
                        break
                else:
                    if self._bypasses(node):
                        again = True
                    elif self.failure is None:
                        found.append(node)
            self._waiting = waiting
        return found

    def _bypasses(self, node: Node) -> bool:
        activate = node.definition.activate
        if activate is None:
            if not self.bypassed or not node.needs or not self._needs_only_bypassed(node):
                return False
        else:
            when = activate.when
            if not (when.source is Source.NODE and when.value in self.bypassed):
                try:
                    if self.value(when) == activate.equals:
                        return False
                except Exception as error:
                    self._fail(node, error)
                    return False
            _log.info("Node %r is bypassed: %s is not %r.", node.name, when, activate.equals)
        self.bypassed.add(node.name)
        self.outputs[node.name] = None
        now = time.time()
        self.results[node.name] = NodeResult(node.name, Status.BYPASSED, started_at=now, ended_at=now)
        return True

    def _needs_only_bypassed(self, node: Node) -> bool:
        named = [item.reference.value for item in node.inputs if item.reference.source is Source.NODE]
        return bool(named) and self.bypassed.issuperset(named)

    def value(self, reference: Reference) -> Any:  # Any: values of flows
        """What a reference means in this line."""
        if reference.source is Source.LITERAL:
            return reference.value
        if reference.source is Source.INPUT:
            return self.inputs[reference.value]
        follow = getter(reference)
        output = self.outputs[reference.value]
        return output if follow is None or reference.value in self.bypassed else follow(output)

    def _arguments(self, node: Node) -> dict[str, Any]:  # Any: values of flows
        arguments = dict(node.fixed)
        inputs, outputs = self.inputs, self.outputs
        for item in node.inputs:
            reference = item.reference
            if reference.source is Source.INPUT:
                arguments[item.name] = inputs[reference.value]
            elif reference.value in self.bypassed:
                if item.name not in node.defaults:
                    _log.warning(
                        "Input %r of node %r comes from the bypassed node %r: it is None.",
                        item.name, node.name, reference.value,
                    )  # fmt: skip
                    arguments[item.name] = None
            else:
                output = outputs[reference.value]
                arguments[item.name] = output if item.follow is None else item.follow(output)
        if node.streams_by is not None and node.name in self._streaming:
            arguments[node.streams_by] = True
        return arguments

    # -- running one node

    def _begin(self, node: Node) -> tuple[NodeResult, dict[str, Any]] | None:
        """The result to be, and the arguments; nothing if they cannot be had, which fails the line."""
        result = NodeResult(node.name, Status.CANCELED, started_at=time.time())
        self.results[node.name] = result
        try:
            arguments = self._arguments(node)
        except Exception as error:
            self._fail(node, error)
            return None
        result.inputs = arguments
        return result, arguments

    def give_up(self, failure: FlowFailure) -> None:
        """The line is over, whatever still runs: no further node begins, and what ends now changes nothing."""
        self.failure = failure
        self._is_given_up = True

    def _end(self, node: Node, result: NodeResult, output: Any) -> None:  # Any: as the tool answered
        if self._is_given_up:
            return
        result.ended_at = time.time()
        result.output = output = kept(output)
        result.status = Status.COMPLETED
        self.outputs[node.name] = output

    def _fail(self, node: Node, error: BaseException) -> None:
        self._fail_named(node.name, error)

    def _fail_named(self, name: str, error: BaseException) -> None:
        if self._is_given_up:
            return
        result = self.results.setdefault(name, NodeResult(name, Status.FAILED, started_at=time.time()))
        result.ended_at = time.time()
        result.status = Status.FAILED
        result.error = failures.of_tool(error, name, self._number)
        if self.failure is None:
            self.failure = result.error

    def _call(self, node: Node) -> None:
        """Run a node here, to its end."""
        begun = self._begin(node)
        if begun is None:
            return
        result, arguments = begun
        clock = time.perf_counter()
        try:
            with spans.recording(result.spans, result):
                output = node.call(**arguments)
        except BaseException as error:
            self._fail(node, error)
            if not isinstance(error, Exception):
                raise
            return
        self._end(node, result, output)
        self._pace.saw(node.name, time.perf_counter() - clock)

    # -- the line in one thread

    def run_here(self, threads: Threads) -> None:
        """Run the line in the calling thread. None of its nodes is a coroutine."""
        while ready := self._ready():
            long = [] if len(ready) == 1 else [n for n in ready if not self._pace.is_short(n.name)]
            if len(long) > 1:
                self._run_side_by_side(ready, threads)
            else:
                self._run_in_turn(ready)

    def _run_in_turn(self, ready: list[Node]) -> None:
        for node in ready:
            self._call(node)
            if self.failure is not None:
                return

    def _run_side_by_side(self, ready: list[Node], threads: Threads) -> None:
        """Run nodes in threads of their own, and those that become ready by them, until none is left."""
        ended: SimpleQueue[Node] = SimpleQueue()
        running = 0
        while True:
            for node in ready:
                running += 1
                context = copy_context()

                def job(node: Node = node, context: Any = context) -> None:
                    try:
                        context.run(self._call, node)
                    finally:
                        ended.put(node)

                threads.start(job)
            if not running:
                return
            ended.get()
            running -= 1
            if self.failure is not None:
                return  # what still runs is not waited for
            ready = self._ready()

    # -- the output

    def output_here(self, outputs: Mapping[str, Reference]) -> dict[str, Any]:  # Any: values of flows
        """The output of the line; streams that may not be handed on are read here and now."""
        found: dict[str, Any] = {}
        for name, reference in outputs.items():
            found[name] = self._output(name, reference)
            if isinstance(found[name], Stream) and not self._hands_on:
                found[name] = self._read(reference.value, found[name])
        return found

    async def output_on_loop(self, outputs: Mapping[str, Reference], threads: Threads) -> dict[str, Any]:
        """As `output_here`, for the event loop."""
        found: dict[str, Any] = {}
        for name, reference in outputs.items():
            value = self._output(name, reference)
            if not self._hands_on:
                if isinstance(value, AsyncStream):
                    value = await self._read_on_loop(reference.value, value)
                elif isinstance(value, Stream):
                    value = await threads.run(functools.partial(self._read, reference.value, value))
            found[name] = value
        return found

    def _output(self, name: str, reference: Reference) -> Any:  # Any: values of flows
        if reference.source is Source.NODE and reference.value in self.bypassed:
            _log.warning("The output %r comes from the bypassed node %r: it is None.", name, reference.value)
            return None
        try:
            return kept(self.value(reference))
        except Exception as error:
            if self.failure is None:
                self.failure = failures.failure(error, line=self._number)
            return None

    def _read(self, node: str, stream: Stream) -> str | None:
        try:
            return str(stream)
        except Exception as error:
            self._fail_named(node, error)
            return None

    async def _read_on_loop(self, node: str, stream: AsyncStream) -> str | None:
        try:
            return await stream.text()
        except Exception as error:
            self._fail_named(node, error)
            return None

    def settle(self) -> None:
        """Write streams of nodes as the text that was read, for the record."""
        for result in self.results.values():
            if not self._hands_on:
                result.output = settled(result.output)

    # -- the line on the event loop

    async def run_on_loop(self, threads: Threads, limits: Limits) -> None:
        """Run the line on the running event loop."""
        import asyncio

        gate = asyncio.Semaphore(limits.node_concurrency)
        running: set[asyncio.Task[None]] = set()
        try:
            while self.failure is None:
                ready = self._ready()
                quick = [node for node in ready if node.kind is Kind.QUICK]
                for node in ready:
                    if node.kind is not Kind.QUICK:
                        running.add(asyncio.create_task(self._call_gated(node, threads, limits, gate)))
                for node in quick:
                    self._call(node)
                if quick:
                    continue
                if not running:
                    break
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running, timeout=CANCELLATION_SECONDS)

    async def _call_gated(self, node: Node, threads: Threads, limits: Limits, gate: asyncio.Semaphore) -> None:
        async with gate:
            await self._call_on_loop(node, threads, limits)

    async def _call_on_loop(self, node: Node, threads: Threads, limits: Limits) -> None:
        import asyncio

        begun = self._begin(node)
        if begun is None:
            return
        result, arguments = begun
        seconds = node.definition.timeout_seconds or limits.node_seconds
        try:
            with spans.recording(result.spans, result):
                async with asyncio.timeout(seconds):
                    if node.kind is Kind.COROUTINE:
                        output = node.call(**arguments)
                        if inspect.isawaitable(output):
                            output = await output
                    else:
                        output = await threads.run(functools.partial(node.call, **arguments))
        except TimeoutError as error:
            self._fail(node, _took_too_long(node, seconds) if seconds is not None else error)
        except asyncio.CancelledError:
            result.ended_at = time.time()
            raise
        except Exception as error:
            self._fail(node, error)
        else:
            self._end(node, result, output)


def _took_too_long(node: Node, seconds: float) -> NodeExecutionTimeoutError:
    return NodeExecutionTimeoutError(
        f"Node '{node.name}' execution timeout for exceeding {seconds:g} seconds. "
        "Give it more time with 'timeout_seconds', or make it quicker."
    )
