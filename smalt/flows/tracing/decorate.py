"""`@trace`, and `start_trace` for any application."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar, overload

from smalt.flows.tracing import spans

MARK = "__original_function"
Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def trace(function: Function, *, kind: str = "Function", name: str | None = None) -> Function: ...
@overload
def trace(
    function: None = None, *, kind: str = "Function", name: str | None = None
) -> Callable[[Function], Function]: ...


def trace(function: Callable[..., Any] | None = None, *, kind: str = "Function", name: str | None = None) -> Any:
    """A function whose calls are spans. Works on functions, coroutines and generators, with or without parentheses.

    Any: a decorator answers what it is given.
    """
    if function is None:
        return functools.partial(trace, kind=kind, name=name)
    if hasattr(function, MARK):
        return function
    wrapped = _wrapper(function, kind, name or str(getattr(function, "__qualname__", type(function).__name__)))
    setattr(wrapped, MARK, function)
    return wrapped


def original(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under the decorator; bound, if what was given was bound."""
    inner = getattr(function, MARK, None)
    if inner is None:
        return function
    owner = getattr(function, "__self__", None)
    return inner.__get__(owner) if owner is not None and not hasattr(inner, "__self__") else inner  # type: ignore[no-any-return]  # set by `trace`


def _wrapper(function: Callable[..., Any], kind: str, name: str) -> Callable[..., Any]:
    parameters = _parameters(function)
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            if not spans.is_recording():
                return await function(*args, **kwargs)
            with spans.within(name, kind) as span:
                span.inputs = _bound(parameters, args, kwargs)
                span.output = await function(*args, **kwargs)
                return span.output

        return call_async
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def call_async_generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with spans.within(name, kind) as span:
                span.inputs = _bound(parameters, args, kwargs)
                span.output = items = []
                async for item in function(*args, **kwargs):
                    items.append(item)
                    yield item

        return call_async_generator
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def call_generator(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with spans.within(name, kind) as span:
                span.inputs = _bound(parameters, args, kwargs)
                span.output = items = []
                for item in function(*args, **kwargs):
                    items.append(item)
                    yield item

        return call_generator

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not spans.is_recording():
            return function(*args, **kwargs)
        with spans.within(name, kind) as span:
            span.inputs = _bound(parameters, args, kwargs)
            span.output = function(*args, **kwargs)
            return span.output

    return call


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _bound(parameters: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What was given, by name. Without the object that a method is called on."""
    named = dict(zip(parameters, args, strict=False)) | kwargs
    named.pop("self", None)
    return named


def start_trace(
    *, collection: str | None = None, resource_attributes: dict[str, str] | None = None, **_: object
) -> None:
    """Trace this application: decorated functions and calls of the `openai` package become spans.

    They go to the OTLP/HTTP endpoint of `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`, when one
    is set, and inside a job to its workspace.
    """
    from smalt.flows.tracing import export, openai

    openai.watch(import_now=True)
    spans.export_to(export.background(collection, resource_attributes or {}))
