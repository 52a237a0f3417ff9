"""A span, and where spans go while a node or line runs."""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from smalt.flows.running.results import NodeResult, Tokens

# Ids need to be different, not secret; the system's source would be asked twice per span.
_random = random.Random()  # noqa: S311


@dataclass(slots=True)
class Event:
    """Something that happened within a span."""

    name: str
    attributes: dict[str, Any]  # Any: values of OpenTelemetry
    at_ns: int


@dataclass(slots=True)
class Span:
    """A piece of work. Times are nanoseconds since the epoch; ids are made when asked for."""

    name: str
    kind: str
    parent: Span | None = None
    started_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)  # Any: values of OpenTelemetry
    events: list[Event] = field(default_factory=list)
    inputs: Any = None  # Any: as they were given; written out on export
    output: Any = None  # Any: as it came out
    error: BaseException | None = None
    tokens: Tokens | None = None
    _span_id: int = 0
    _trace_id: int = 0
    _above: int = 0

    @property
    def span_id(self) -> str:
        """Sixteen hexadecimal digits."""
        if not self._span_id:
            self._span_id = _random.getrandbits(64) or 1
        return f"{self._span_id:016x}"

    @property
    def trace_id(self) -> str:
        """Thirty-two hexadecimal digits, one for all spans of a tree."""
        return f"{self._trace_number():032x}"

    @property
    def parent_id(self) -> str | None:
        """The id of the span above it, here or in the program that called this one."""
        if self.parent is not None:
            return self.parent.span_id
        return f"{self._above:016x}" if self._above else None

    def continues(self, caller: Caller) -> None:
        """It was called by a span of another program, whose trace it joins."""
        self._trace_id, self._above = caller.trace_id, caller.span_id

    def _trace_number(self) -> int:
        root = self
        while root.parent is not None:
            root = root.parent
        if not root._trace_id:
            root._trace_id = _random.getrandbits(128) or 1
        return root._trace_id

    def event(self, name: str, **attributes: Any) -> None:  # Any: values of OpenTelemetry
        """Note that something happened now."""
        self.events.append(Event(name, attributes, time.time_ns()))

    def end(self, error: BaseException | None = None) -> None:
        """The work is done; a second call changes nothing."""
        if not self.ended_ns:
            self.ended_ns = time.time_ns()
            self.error = error


@dataclass(frozen=True, slots=True)
class Caller:
    """A span of another program that calls this one, as `traceparent` tells it."""

    trace_id: int
    span_id: int
    is_sampled: bool

    @classmethod
    def of(cls, traceparent: str | None) -> Caller | None:
        """Who calls; None where nobody says, or says what the standard does not know."""
        match = _TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
        if match is None or match[1] == "ff" or not int(match[2], 16) or not int(match[3], 16):
            return None
        return cls(int(match[2], 16), int(match[3], 16), bool(int(match[4], 16) & 1))


@dataclass(slots=True)
class Recording:
    """The spans that are collected now, and the one under which new ones stand."""

    spans: list[Span]
    parent: Span | None
    # Outside of lines nobody takes what was collected: each span is handed on when it ends.
    is_free: bool = False
    node: NodeResult | None = None


_now: ContextVar[Recording | None] = ContextVar("smalt_flow_recording", default=None)
_caller: ContextVar[Caller | None] = ContextVar("smalt_flow_caller", default=None)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_everywhere: Callable[[Span], None] | None = None


def current() -> Span | None:
    """The span under which new ones stand now."""
    recorded = _now.get()
    return None if recorded is None else recorded.parent


def caller() -> Caller | None:
    """Who calls this program, in this context."""
    return _caller.get()


@contextlib.contextmanager
def called_by(traceparent: str | None) -> Iterator[None]:
    """Lines that run meanwhile, in this context, belong to the trace of their caller."""
    token = _caller.set(Caller.of(traceparent))
    try:
        yield
    finally:
        _caller.reset(token)


def node() -> NodeResult | None:
    """The node that runs now in this context."""
    recorded = _now.get()
    return None if recorded is None else recorded.node


def is_recording() -> bool:
    """Whether a new span would be kept."""
    return _now.get() is not None or _everywhere is not None


def export_to(sink: Callable[[Span], None] | None) -> None:
    """Hand each span that ends outside of flow lines to `sink` as well; None stops it."""
    global _everywhere
    _everywhere = sink


class recording:  # noqa: N801 - used as a function; a generator would take longer than many a node does
    """Collect the spans that begin meanwhile, in this context, while a node runs or code of a flow."""

    __slots__ = ("_recording", "_token")

    def __init__(self, spans: list[Span], node: NodeResult | None = None) -> None:
        self._recording = Recording(spans, None, node=node)

    def __enter__(self) -> None:
        self._token = _now.set(self._recording)

    def __exit__(self, *_: object) -> None:
        _now.reset(self._token)


def begin(name: str, kind: str) -> Span:
    """A new span under the present one, collected where spans are collected now."""
    recorded = _now.get()
    span = Span(name, kind, None if recorded is None else recorded.parent)
    if recorded is not None and not recorded.is_free:
        recorded.spans.append(span)
    return span


def finish(span: Span, error: BaseException | None = None) -> None:
    """End a span, and hand it on where no line does."""
    span.end(error)
    recorded = _now.get()
    if _everywhere is not None and (recorded is None or recorded.is_free):
        _everywhere(span)


@contextlib.contextmanager
def within(name: str, kind: str) -> Iterator[Span]:
    """A span round the body; spans that begin meanwhile stand under it."""
    span = begin(name, kind)
    token = enter(span)
    try:
        yield span
    except BaseException as error:
        span.end(error)
        raise
    finally:
        leave(token)
        finish(span, span.error)


def enter(span: Span) -> object:
    """Let new spans stand under `span`, until `leave` is given the answer."""
    recorded = _now.get()
    if recorded is None or recorded.is_free:
        return _now.set(Recording([], span, is_free=True))
    return _now.set(Recording(recorded.spans, span, node=recorded.node))


def leave(token: Any) -> None:  # Any: the token of a context variable
    """End what `enter` began. A generator may be closed in another context; then there is nothing to put back."""
    with contextlib.suppress(ValueError):
        _now.reset(token)
