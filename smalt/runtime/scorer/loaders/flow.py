"""A flow folder: its inputs from the body, its outputs as JSON or, when asked for, as server-sent events.

Chat flows also answer `/v1/chat/completions`, so that any chat client can talk with them.
"""

from __future__ import annotations

import importlib
import json

from ..http11 import Answer
from .base import SCORE_PATHS, BadInput, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any

    from ..http11 import Request
    from ..settings import Settings

_CHAT, _MODELS = "/v1/chat/completions", "/v1/models"
_EVENTS = ("content-type", "text/event-stream; charset=utf-8")
_JSON = ("content-type", "application/json")


class FlowLoader(Loader):
    """A flow, run by the engine that its environment brings.

    Args:
        settings: `model_dir` or, without one, `app_root` is the folder of the flow; `connections` names a JSON file
            of the workspace's connections that it uses.
    """

    is_async = True
    paths = SCORE_PATHS | {_CHAT, _MODELS}

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.model_dir or settings.app_root
        self._connections = settings.document.get("connections")
        self._engine: Any = None
        self._errors: Any = None

    def load(self) -> None:
        """Load the flow."""
        try:
            flows = importlib.import_module("smalt.flows")  # in environments that are made for flows
            self._scoring = importlib.import_module("smalt.flows.serving.scoring")
            self._chat = importlib.import_module("smalt.flows.serving.chat_api")
            self._errors = importlib.import_module("smalt.flows.serving.errors")
            self._refused = importlib.import_module("smalt.errors").SmaltError
            self._encode = importlib.import_module("smalt.flows.batch.records").encode
            self._openapi = importlib.import_module("smalt.flows.serving.describe").openapi
        except ImportError as failure:
            raise LoadError(f"The environment cannot run flows ({failure}). Leave it out, or add promptflow.") from None
        self._flow = flows.load(self._folder, connections=self._provider())
        self._engine = self._scoring.Scorer(self._flow)

    async def score(self, request: Request) -> Answer:
        """Run one line."""
        if request.path == _MODELS:
            return Answer(200, self._encode(self._chat.models(self._flow)), [_JSON])
        try:
            return await (self._talk(request) if request.path == _CHAT else self._line(request))
        except self._errors.LineFailed as failure:
            body = self._encode({"error": {"code": failure.code, "message": failure.message}})
            return Answer(failure.status, body, [_JSON])
        except self._refused as failure:
            raise BadInput(failure.message, failure.status) from None

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The inputs and outputs by name, as prompt flow has always told them: in OpenAPI 3, whatever was asked for."""
        found: dict[str, Any] | None = self._openapi(self._flow) if version in ("2", "3") else None
        return found

    def describe(self) -> dict[str, Any]:
        """The flow."""
        return {"loader": "flow", "kind": str(self._flow.kind), "name": self._flow.name}

    async def _line(self, request: Request) -> Answer:
        accept = request.headers.get("accept", "")
        inputs = self._engine.inputs_of(request.body)
        run_id = request.headers.get("x-request-id")
        streams, parent = self._scoring.wants_stream(accept), request.headers.get("traceparent")
        result = await self._engine.run(inputs, streams=streams, run_id=run_id, traceparent=parent)
        outputs = self._engine.shown(result)
        field = self._engine.stream_in(outputs)
        self._scoring.check_accept(accept, has_stream=field is not None)
        if field is None:
            return Answer(200, self._encode(outputs), [_JSON, _tokens(result)])
        return Answer(200, b"", [_EVENTS], _counted(self._pieces(outputs, field), result))

    async def _talk(self, request: Request) -> Answer:
        asked = self._chat.read(request.body, self._flow)
        parent = request.headers.get("traceparent")
        result = await self._engine.run(asked.inputs, streams=asked.streams, traceparent=parent)
        if asked.streams:
            events = self._chat.events(self._flow, result, asked)
            return Answer(200, b"", [_EVENTS], _counted(events, result))
        return Answer(200, self._encode(self._chat.answer(self._flow, result, asked)), [_JSON, _tokens(result)])

    async def _pieces(self, outputs: dict[str, Any], field: str) -> AsyncIterator[bytes]:
        """One event with the outputs that are whole, then one for each piece of the other."""
        stream = outputs.pop(field)
        if outputs:
            yield self._event(outputs)
        async for piece in self._scoring.pieces(stream):
            yield self._event({field: piece})

    def _event(self, content: Mapping[str, Any]) -> bytes:
        encoded: bytes = self._encode(content)
        return b"data: " + encoded + b"\n\n"

    def _provider(self) -> Any:
        """The connections that the deployment was given; those of this machine where it was given none."""
        if self._connections is None:
            return None
        with open(self._connections, "rb") as file:
            documents: dict[str, Any] = json.loads(file.read())
        connections = importlib.import_module("smalt.flows.connections")
        entity = importlib.import_module("smalt.entities.connection").Connection
        missing = importlib.import_module("smalt.errors").NotFound

        def fetch(name: str) -> Any:
            if name not in documents:
                known = ", ".join(documents) or "none"
                raise missing(f"The deployment was given no connection {name!r}. It was given: {known}.")
            return entity.parse(documents[name])

        return connections.WorkspaceConnections(fetch)


def _tokens(result: Any) -> tuple[str, str]:
    """The header by which the gateway knows what an answer took."""
    return "x-smalt-tokens", str(result.tokens.total)


async def _counted(pieces: AsyncIterator[bytes], result: Any) -> AsyncIterator[bytes]:
    """The pieces of an answer, and at their end, as a comment that clients pass over, the tokens that it took."""
    async for piece in pieces:
        yield piece
    yield b": smalt-tokens %d\n\n" % result.tokens.total
