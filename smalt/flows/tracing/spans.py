"""Where spans go while a node or line runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from smalt.flows.running.results import NodeResult
from smalt.flows.tracing.span import Caller, Span


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


def is_collecting() -> bool:
    """Whether a line takes the spans that begin now; others are handed on when they end."""
    recorded = _now.get()
    return recorded is not None and not recorded.is_free


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
