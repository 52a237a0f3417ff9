"""Flows as functions: `Flow.load(path)(question=...)`, awaited or not, and the executor that older code builds."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from smalt.flows.errors import UserErrorException
from smalt.flows.flex.prompty import AsyncPrompty, Prompty
from smalt.flows.loading import find, load
from smalt.flows.running.flow import Flow as EngineFlow
from smalt.flows.running.results import AggregationResult, Limits, LineResult, NodeResult
from smalt.flows.values.streams import AsyncStream

Result = TypeVar("Result")


class _Loop:
    """An event loop in a thread of its own, which stays: streams of a line are read from it when the line has ended."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run it there, and wait for it here."""
        return self.submit(work).result()

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Run it there."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="smalt-flow-loop", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)


_loop = _Loop()


def _raised(result: LineResult) -> LineResult:
    """The result, if the line is complete.

    Raises:
        UserErrorException: It failed.
    """
    if result.error is not None:
        cause = result.error.exception
        name = result.error.cause_type or type(cause).__name__
        raise UserErrorException(f"{name}: {result.error.message}") from cause
    return result


class Flow:
    """A flow as a function of its inputs; a prompty comes as a `Prompty`."""

    def __init__(self, source: str | Path, **settings: Any) -> None:
        self._settings = settings
        self._source = find(source) or source
        self._flow: EngineFlow | None = None

    @classmethod
    def load(cls, source: str | Path, **settings: Any) -> Any:  # Any: a flow or a prompty
        """Load a flow from a folder or a file. Settings are those of `smalt.flows.load`.

        Raises:
            UserErrorException: It cannot be loaded.
        """
        path = find(source)
        if path is not None and path.suffix == ".prompty":
            return Prompty.load(path, **settings)
        return cls(source, **settings)

    @property
    def path(self) -> Path:
        """The flow's file."""
        return Path(self._source)

    @property
    def code(self) -> Path:
        """The flow's folder."""
        return self.path.parent

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        """The output of one line."""
        if args:
            raise UserErrorException("Flow can only be called with keyword arguments. Name each input.")
        return self.invoke(inputs).output

    def invoke(self, inputs: Mapping[str, Any], **_: Any) -> LineResult:
        """Run one line.

        Raises:
            UserErrorException: It failed.
        """
        result = _raised(_loop.run(self._ready().run_line(inputs, run_id=str(uuid.uuid4()), allow_stream=True)))
        for key, value in result.output.items():
            if isinstance(value, AsyncStream):
                result.output[key] = _pieces(value)
        return result

    def _ready(self) -> EngineFlow:
        if self._flow is None:
            self._flow = load(self._source, **self._settings)
        return self._flow


def _pieces(stream: AsyncStream) -> Iterator[Any]:
    """An asynchronous stream for a caller that does not wait asynchronously."""
    source: AsyncIterator[Any] = aiter(stream)
    while True:
        try:
            yield _loop.run(_next(source))
        except StopAsyncIteration:
            return


async def _next(source: AsyncIterator[Any]) -> Any:
    return await anext(source)


class AsyncFlow(Flow):
    """A flow as a coroutine function of its inputs."""

    @classmethod
    def load(cls, source: str | Path, **settings: Any) -> Any:
        """As `Flow.load`."""
        path = find(source)
        if path is not None and path.suffix == ".prompty":
            return AsyncPrompty.load(path, **settings)
        return cls(source, **settings)

    async def __call__(self, *args: Any, **inputs: Any) -> Any:
        """The output of one line."""
        if args:
            raise UserErrorException("Flow can only be called with keyword arguments. Name each input.")
        return (await self.invoke(inputs)).output

    async def invoke(self, inputs: Mapping[str, Any], **_: Any) -> LineResult:  # type: ignore[override]  # awaited
        """Run one line.

        Raises:
            UserErrorException: It failed.
        """
        return _raised(await self._ready().run_line(inputs, run_id=str(uuid.uuid4()), allow_stream=True))


class FlowExecutor:
    """Runs lines for code that was written for the original's executor."""

    def __init__(self, flow: EngineFlow, *, line_seconds: float | None) -> None:
        self._flow = flow
        self._limits = Limits(line_seconds=line_seconds)

    @classmethod
    def create(
        cls,
        flow_file: str | Path,
        connections: Mapping[str, Any] | Any | None = None,
        working_dir: str | Path | None = None,
        *,
        line_timeout_sec: float | None = 600,
        init_kwargs: Mapping[str, Any] | None = None,
        env_exporter_setup: Any = None,
        **_: Any,
    ) -> FlowExecutor:
        """Load a flow.

        Raises:
            UserErrorException: It cannot be loaded.
        """
        del env_exporter_setup
        path = Path(working_dir) / flow_file if working_dir and not callable(flow_file) else flow_file
        return cls(load(path, connections=connections, init=init_kwargs), line_seconds=line_timeout_sec)

    @property
    def has_aggregation_node(self) -> bool:
        """Whether something runs after all lines."""
        return self._flow.has_aggregation

    def exec_line(
        self,
        inputs: Mapping[str, Any],
        index: int | None = None,
        run_id: str | None = None,
        allow_generator_output: bool = False,
        **_: Any,
    ) -> LineResult:
        """Run one line."""
        return _loop.run(self.exec_line_async(inputs, index, run_id, allow_generator_output))

    async def exec_line_async(
        self,
        inputs: Mapping[str, Any],
        index: int | None = None,
        run_id: str | None = None,
        allow_generator_output: bool = False,
        **_: Any,
    ) -> LineResult:
        """Run one line."""
        return await self._flow.run_line(
            inputs, line_number=index, run_id=run_id, allow_stream=allow_generator_output, limits=self._limits
        )

    def exec_aggregation(self, lines: Sequence[LineResult]) -> AggregationResult:
        """Run what runs after all lines."""
        return _loop.run(self._flow.aggregate(lines))

    @staticmethod
    def load_and_exec_node(
        flow_file: str | Path,
        node_name: str,
        *,
        flow_inputs: Mapping[str, Any] | None = None,
        dependency_nodes_outputs: Mapping[str, Any] | None = None,
        connections: Mapping[str, Any] | None = None,
        working_dir: str | Path | None = None,
        **_: Any,
    ) -> NodeResult:
        """Run one node alone."""
        path = Path(working_dir) / flow_file if working_dir else flow_file
        flow = load(path, connections=connections, only_node=node_name)
        return _loop.run(flow.run_node(node_name, flow_inputs or {}, outputs_of_others=dependency_nodes_outputs))

    def close(self) -> None:
        """Let it go."""
        self._flow.close()
