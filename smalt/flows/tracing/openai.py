"""Calls of the `openai` package in authors' code as spans.

The package is watched only once somebody has imported it; a flow that does not use it pays nothing.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from typing import Any

from smalt.flows.providers.base import Tokens
from smalt.flows.tracing import model_calls, spans
from smalt.flows.tracing.span import Span

_METHODS = (
    ("openai.resources.chat.completions", "Completions", "chat", "LLM"),
    ("openai.resources.chat.completions", "AsyncCompletions", "chat", "LLM"),
    ("openai.resources.completions", "Completions", "text_completion", "LLM"),
    ("openai.resources.completions", "AsyncCompletions", "text_completion", "LLM"),
    ("openai.resources.embeddings", "Embeddings", "embeddings", "Embedding"),
    ("openai.resources.embeddings", "AsyncEmbeddings", "embeddings", "Embedding"),
)
_lock = threading.Lock()
_watched_once = threading.Event()


def watch(*, import_now: bool = False) -> None:
    """Make calls of the package spans, if it is imported (or with `import_now`, if it is installed)."""
    if _watched_once.is_set() or not ("openai" in sys.modules or import_now):
        return
    with _lock:
        if _watched_once.is_set():
            return
        _watched_once.set()
        for module, owner, operation, kind in _METHODS:
            try:
                cls = getattr(import_module(module), owner)
            except (ImportError, AttributeError):
                continue  # another version of the package: its calls are no spans
            cls.create = _watched(cls.create, operation, kind)


def _watched(create: Callable[..., Any], operation: str, kind: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(inspect.unwrap(create)):

        @functools.wraps(create)
        async def call_async(self: Any, *args: Any, **given: Any) -> Any:
            if not spans.is_recording():
                return await create(self, *args, **given)
            span = _begun(self, operation, kind, given)
            token = spans.enter(span)
            try:
                answer = await create(self, *args, **given)
            except BaseException as error:
                spans.finish(span, error)
                raise
            finally:
                spans.leave(token)
            return _Pieces(answer, span) if given.get("stream") else _ended(span, answer)

        return call_async

    @functools.wraps(create)
    def call(self: Any, *args: Any, **given: Any) -> Any:
        if not spans.is_recording():
            return create(self, *args, **given)
        span = _begun(self, operation, kind, given)
        token = spans.enter(span)
        try:
            answer = create(self, *args, **given)
        except BaseException as error:
            spans.finish(span, error)
            raise
        finally:
            spans.leave(token)
        return _Pieces(answer, span) if given.get("stream") else _ended(span, answer)

    return call


def _begun(resource: Any, operation: str, kind: str, given: dict[str, Any]) -> Span:
    model = str(given.get("model", ""))
    span = spans.begin(f"{operation} {model}".strip(), kind)
    span.inputs = {key: value for key, value in given.items() if not key.startswith("extra_")}
    client = type(getattr(resource, "_client", None)).__name__
    model_calls.asked(span, operation, "az.ai.openai" if "Azure" in client else "openai", model, given)
    return span


def _ended(span: Span, answer: Any) -> Any:
    """Note the answer. What cannot be read of it is left out: tracing fails no call."""
    try:
        written = answer.model_dump(mode="json")
        model_calls.answered(span, written, Tokens.of(written.get("usage")))
    except Exception as error:
        span.event("answer not read", error=str(error))
    spans.finish(span)
    return answer


class _Pieces:
    """A streamed answer that notes its text; everything else is the package's own stream."""

    def __init__(self, stream: Any, span: Span) -> None:
        self._stream = stream
        self._span = span
        self._texts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[Any]:
        for piece in self._stream:
            self._note(piece)
            yield piece
        self._end()

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for piece in self._stream:
            self._note(piece)
            yield piece
        self._end()

    def __enter__(self) -> _Pieces:
        self._stream.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(*error)
        self._end()

    async def __aenter__(self) -> _Pieces:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stream.__aexit__(*error)
        self._end()

    def _note(self, piece: Any) -> None:
        choices = getattr(piece, "choices", None)
        if choices:
            delta = getattr(choices[0], "delta", None)
            self._texts.append(getattr(delta, "content", None) or getattr(choices[0], "text", None) or "")
        usage = getattr(piece, "usage", None)
        if usage is not None and hasattr(usage, "model_dump"):
            model_calls.used(self._span, Tokens.of(usage.model_dump()))

    def _end(self) -> None:
        if not self._span.ended_ns:
            self._span.output = "".join(self._texts)
            spans.finish(self._span)
