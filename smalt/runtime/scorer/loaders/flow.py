"""A flow folder: its inputs from the body, its outputs as JSON or, when asked for, as server-sent events."""

from __future__ import annotations

import importlib
import json

from ..http11 import Answer
from ..openapi import describe
from .base import BadInput, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from ..http11 import Request
    from ..settings import Settings

_EVENTS = "text/event-stream"


class FlowLoader(Loader):
    """A flow, run by the engine that its environment brings.

    Args:
        settings: `model_dir` or, without one, `app_root` is the folder of the flow.
    """

    is_async = True

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.model_dir or settings.app_root
        self._flow: Any = None

    def load(self) -> None:
        """Load the flow."""
        try:
            flows = importlib.import_module("smalt.flows")  # in environments that are built for flows
        except ImportError as failure:
            raise LoadError(f"The environment cannot run flows ({failure}). Build it for a flow.") from None
        self._flow = flows.load(self._folder)

    async def score(self, request: Request) -> Answer:
        """Run one line."""
        accepts = request.headers.get("accept", "*/*")
        streams = _EVENTS in accepts
        result = await self._flow.run_line(_inputs(request, list(self._flow.inputs)), allow_stream=streams)
        if result.error is not None:
            is_theirs = result.error.code == "UserError"
            body = json.dumps({"error": {"code": result.error.code, "message": result.error.message}})
            return Answer(400 if is_theirs else 500, body.encode(), [("content-type", "application/json")])
        if streams:
            return Answer(200, b"", [("content-type", _EVENTS)], _events(result.output))  # type: ignore[arg-type]
        body = json.dumps({name: _text(each) for name, each in result.output.items()})
        return Answer(200, body.encode(), [("content-type", "application/json")])

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The inputs and outputs by name."""
        taken = {"type": "object", "properties": {name: {} for name in self._flow.inputs}}
        given = {"type": "object", "properties": {name: {} for name in self._flow.outputs}}
        return describe(version, taken, given)

    def describe(self) -> dict[str, Any]:
        """The flow."""
        return {"loader": "flow", "kind": str(self._flow.kind), "name": self._flow.name}


def _inputs(request: Request, names: list[str]) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        if len(names) != 1:
            raise BadInput("The body is no JSON, and the flow has several inputs. Send a JSON object.") from None
        found = request.body.decode("utf-8", "replace")
    if isinstance(found, dict):
        return found
    if len(names) == 1:
        return {names[0]: found}
    raise BadInput(f"The body is no JSON object. Send one with {', '.join(names) or 'nothing in it'}.")


async def _events(output: dict[str, Any]) -> AsyncIterator[bytes]:
    """One event with the outputs that are whole, then one for each piece of the others."""
    whole = {name: each for name, each in output.items() if not _is_stream(each)}
    if whole:
        yield _event(whole)
    for name, each in output.items():
        if hasattr(each, "__aiter__"):
            async for piece in each:
                yield _event({name: str(piece)})
        elif _is_stream(each):
            for piece in each:
                yield _event({name: str(piece)})


def _event(content: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(content, default=str).encode()


def _is_stream(value: Any) -> bool:
    return hasattr(value, "__next__") or hasattr(value, "__aiter__")


def _text(value: Any) -> Any:
    return "".join(map(str, value)) if hasattr(value, "__next__") else value
