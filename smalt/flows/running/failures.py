"""From what was raised to a failure that names node, line and cause."""

from __future__ import annotations

import traceback
from types import TracebackType

from smalt.errors import SmaltError
from smalt.flows.errors import (
    PromptflowException,
    ScriptExecutionError,
    SystemErrorException,
    ToolExecutionError,
)
from smalt.flows.running.results import FlowFailure

_OURS = (
    "/smalt/flows/",
    "/smalt/kit/",
    "/promptflow/",
    "/asyncio/",
    "/threading.py",
    "/jinja2/",
    "/concurrent/futures/",
)


def of_tool(error: BaseException, node: str, line: int | None) -> FlowFailure:
    """A node's tool raised. Failures of ours stay what they are; the author's become `ToolExecutionError`."""
    if isinstance(error, SmaltError):
        return failure(error, node=node, line=line)
    wrapped = ToolExecutionError(f"Execution failure in '{node}': ({type(error).__name__}) {error}")
    wrapped.__cause__ = error
    return failure(wrapped, node=node, line=line)


def of_entry(error: BaseException, name: str, line: int | None) -> FlowFailure:
    """The entry of a flow raised."""
    wrapped = ScriptExecutionError(f"Execution failure in '{name}': ({type(error).__name__}) {error}")
    wrapped.__cause__ = error
    return failure(wrapped, line=line)


def failure(error: BaseException, *, node: str | None = None, line: int | None = None) -> FlowFailure:
    """Any exception as a failure."""
    inner = error.__cause__ if isinstance(error, ToolExecutionError | ScriptExecutionError) else error
    is_ours = isinstance(error, SmaltError)
    return FlowFailure(
        type=type(error).__name__,
        code="SystemError" if not is_ours or isinstance(error, SystemErrorException) else "UserError",
        message=error.message if isinstance(error, SmaltError) else f"({type(error).__name__}) {error}",
        node=node,
        line=line,
        cause=_trace(inner) if inner is not None else "",
        cause_type=type(inner).__name__ if inner is not None and inner is not error else "",
        exception=error,
    )


def _trace(error: BaseException) -> str:
    """The trace as the author would have it: frames of the engine are left out, the innermost stand last."""
    if isinstance(error, PromptflowException) and error.__cause__ is None:
        return ""
    text = traceback.TracebackException(type(error), error, _from_author(error.__traceback__), compact=True)
    return "".join(text.format())


def _from_author(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if not any(part in name for part in _OURS):
            return trace
        trace = trace.tb_next
    return None
