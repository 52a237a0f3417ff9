"""What every flow can do, whatever it is written as."""

from __future__ import annotations

import abc
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from smalt.flows.definition.types import InputDefinition, OutputDefinition
from smalt.flows.running.results import AggregationResult, Limits, LineResult, NodeResult, Tokens
from smalt.flows.running.threads import Threads
from smalt.flows.tracing import export

if TYPE_CHECKING:
    import asyncio

FlowKind = Literal["dag", "flex", "prompty"]

_LINES = 64
_NODES = 64


class StraightLine(abc.ABC):
    """A line that waits for nothing but its own code: one thread runs it, another asks how it ended."""

    @abc.abstractmethod
    def run(self) -> None:
        """Run it to its end, in a thread. What goes wrong is in the result."""

    @abc.abstractmethod
    def give_up(self, line_seconds: float | None) -> None:
        """From another thread: its time is over. What it still does changes nothing."""

    @abc.abstractmethod
    def result(self) -> LineResult:
        """How it ended, once it has, or was given up."""


class Flow(abc.ABC):
    """A flow, loaded and ready. Closed when no longer needed.

    Attributes:
        kind: What it is written as.
        name: What it is called.
        folder: Where its files are; with additional includes, a folder of links.
        source: The file it was loaded from; for a function, nothing.
        inputs: What a line takes.
        outputs: What a line gives.
        nodes: The names of its nodes, in the order in which they run.
        variants: The variants of nodes that have some.
        needs_loop: Whether a line waits for anything, so that it runs on an event loop.
    """

    kind: FlowKind
    name: str
    folder: Path
    source: Path | None = None
    inputs: Mapping[str, InputDefinition]
    outputs: Mapping[str, OutputDefinition]
    nodes: Sequence[str] = ()
    variants: Mapping[str, Sequence[str]] = {}  # replaced, never changed
    has_aggregation: bool = False
    needs_loop: bool = True
    sample: Mapping[str, Any] = {}  # Any: inputs; replaced, never changed

    def __init__(self) -> None:
        export.configure()
        self._lines = Threads(_LINES)
        self._node_threads = Threads(_NODES)

    @abc.abstractmethod
    async def run_line(
        self,
        inputs: Mapping[str, Any],
        *,
        line_number: int | None = None,
        run_id: str | None = None,
        allow_stream: bool = False,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> LineResult:
        """Run one line. What goes wrong is in the result; nothing is raised for a mistake of flow or inputs.

        Args:
            inputs: By name; defaults are added, types converted.
            line_number: Named in failures.
            run_id: Under which the line is traced.
            allow_stream: Outputs may be generators, to be consumed by the caller.
            limits: How long and how wide it may run.
        """

    def straight_line(self, inputs: Mapping[str, Any], *, line_number: int, run_id: str) -> StraightLine:
        """A line to be run without an event loop, inside the folder of the flow; only where `needs_loop` is false."""
        raise NotImplementedError(f"lines of {self.name!r} need an event loop")

    @abc.abstractmethod
    async def run_node(
        self, node: str, inputs: Mapping[str, Any], *, outputs_of_others: Mapping[str, Any] | None = None
    ) -> NodeResult:
        """Run one node alone.

        Args:
            node: Its name.
            inputs: Flow inputs (`x` or `inputs.x`), outputs of nodes (`node` or `node.output`), or the node's own.
            outputs_of_others: Outputs of nodes it needs.

        Raises:
            SingleNodeValidationError: There is no such node, or something it needs is not given.
        """

    @abc.abstractmethod
    async def aggregate(self, lines: Sequence[LineResult]) -> AggregationResult:
        """Run what runs once after all lines, over the completed ones."""

    @property
    def chat_input(self) -> str | None:
        """The input that is the user's turn, if exactly one says so."""
        found = [name for name, item in self.inputs.items() if item.is_chat_input]
        return found[0] if len(found) == 1 else None

    @property
    def chat_history(self) -> str | None:
        """The input that takes the turns before: marked, or called `chat_history` and not marked otherwise."""
        marked = [name for name, item in self.inputs.items() if item.is_chat_history]
        if len(marked) == 1:
            return marked[0]
        plain = self.inputs.get("chat_history")
        return "chat_history" if not marked and plain is not None and plain.is_chat_history is not False else None

    @property
    def chat_output(self) -> str | None:
        """The output that is the answer: if exactly one says so, or the only one of a function or prompty."""
        found = [name for name, item in self.outputs.items() if item.is_chat_output]
        if not found and self.kind != "dag":
            found = list(self.outputs)
        return found[0] if len(found) == 1 else None

    @property
    def is_chat(self) -> bool:
        """Whether it can be talked with: one chat input, a history, and one chat output or no outputs at all."""
        return (
            self.chat_input is not None
            and self.chat_history is not None
            and (self.chat_output is not None or not self.outputs)
        )

    def close(self) -> None:
        """Let go of threads, modules and temporary files."""
        self._lines.close()
        self._node_threads.close()

    def __enter__(self) -> Flow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_here_lock = threading.Lock()
_here: list[Any] = [0, None, None]  # how many, which folder, where from


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The flow's folder is the current directory while lines of it run.

    The current directory is the whole process's: lines of another flow that run at the same time leave it where it is.
    """
    path = str(folder)
    with _here_lock:
        entered = _here[0] == 0 or _here[1] == path
        if _here[0] == 0:
            with contextlib.suppress(OSError):
                _here[2] = os.getcwd()  # noqa: PTH109  # on the path of every line
            os.chdir(path)
            _here[1] = path
        if entered:
            _here[0] += 1
    try:
        yield
    finally:
        if entered:
            with _here_lock:
                _here[0] -= 1
                if _here[0] == 0 and _here[2] is not None:
                    with contextlib.suppress(OSError):
                        os.chdir(_here[2])


def tokens_of(nodes: Mapping[str, NodeResult]) -> Tokens:
    """The tokens that the model calls of nodes used, noted on each node as well."""
    total = Tokens()
    for node in nodes.values():
        node.tokens = None
        for span in node.spans:
            if span.tokens is not None:
                node.tokens = span.tokens if node.tokens is None else node.tokens + span.tokens
        if node.tokens is not None:
            total += node.tokens
    return total


def line_timeout(number: int | None, seconds: float | None) -> str:
    """What is said of a line that took too long."""
    return (
        f"Line {number or 0} execution timeout for exceeding {seconds:g} seconds. "
        "Give lines more time (PF_LINE_TIMEOUT_SEC), or make the flow quicker."
    )


async def within(seconds: float | None, work: asyncio.Future[Any]) -> bool:
    """Wait for the work of a thread; False if its time is over, which gives it up."""
    import asyncio

    if seconds is None:
        await work
        return True
    # Not `asyncio.timeout`: this is on the path of every line, and what it does with tasks is not needed.
    timer = asyncio.get_running_loop().call_later(seconds, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        if timer.when() <= asyncio.get_running_loop().time():
            return False
        raise
    finally:
        timer.cancel()
    return True


def now() -> float:
    """Seconds since the epoch."""
    return time.time()
