"""Calls of models through our providers, each a span with GenAI attributes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from smalt.flows.tracing import spans
from smalt.flows.tracing.span import Span

if TYPE_CHECKING:
    from smalt.flows.connections import Connection
    from smalt.flows.providers import ChatAnswer, ChatPiece, ChatRequest
    from smalt.flows.running.results import Tokens

_SYSTEMS = {"azure_open_ai": "az.ai.openai", "open_ai": "openai", "serverless": "az.ai.inference"}
_NAMES = {"chat/completions": "chat", "completions": "text_completion", "embeddings": "embeddings"}
_ASKED = {
    "temperature": "gen_ai.request.temperature", "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens", "seed": "gen_ai.request.seed",
    "presence_penalty": "gen_ai.request.presence_penalty", "frequency_penalty": "gen_ai.request.frequency_penalty",
}  # fmt: skip


def provider(connection: Connection, model: str) -> Any:  # Any: a `ChatProvider`
    """Who answers for the connection."""
    from smalt.flows.providers import provider_for

    return provider_for(connection, model=model)


async def complete(connection: Connection, request: ChatRequest) -> ChatAnswer:
    """Ask, and wait for the whole answer."""
    with _span(connection, request) as span:
        answer: ChatAnswer = await provider(connection, request.model).complete(request)
        answered(span, answer.raw, answer.tokens)
        return answer


def complete_now(connection: Connection, request: ChatRequest) -> ChatAnswer:
    """As `complete`, blocking the calling thread."""
    with _span(connection, request) as span:
        answer: ChatAnswer = provider(connection, request.model).complete_now(request)
        answered(span, answer.raw, answer.tokens)
        return answer


def stream(connection: Connection, request: ChatRequest) -> AsyncIterator[ChatPiece]:
    """Ask, and give the answer piece by piece. The span begins now, under who asks, and ends with the last piece."""
    return _pieces(connection, request, _Streaming(connection, request))


def stream_now(connection: Connection, request: ChatRequest) -> Iterator[ChatPiece]:
    """As `stream`, blocking the calling thread."""
    return _pieces_now(connection, request, _Streaming(connection, request))


async def _pieces(connection: Connection, request: ChatRequest, told: _Streaming) -> AsyncIterator[ChatPiece]:
    with told:
        async for piece in provider(connection, request.model).stream(request):
            told.note(piece)
            yield piece


def _pieces_now(connection: Connection, request: ChatRequest, told: _Streaming) -> Iterator[ChatPiece]:
    with told:
        for piece in provider(connection, request.model).stream_now(request):
            told.note(piece)
            yield piece


class _Streaming:
    """The span of an answer that somebody reads later, in whatever context: what it tells belongs to who has asked."""

    def __init__(self, connection: Connection, request: ChatRequest) -> None:
        self._is_collected = spans.is_collecting()
        self._texts: list[str] = []
        self.span = spans.begin(*_called(request))
        _describe(self.span, connection, request)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self.span.output = "".join(self._texts)
        # Who stops reading has seen enough; nothing has failed.
        self.span.end(None if isinstance(error, GeneratorExit) else error)
        if not self._is_collected:
            spans.finish(self.span, self.span.error)

    def note(self, piece: ChatPiece) -> None:
        """A piece has come."""
        if piece.text:
            if not self._texts:
                self.span.event("gen_ai.first_token")
            self._texts.append(piece.text)
        if piece.tokens is not None:
            used(self.span, piece.tokens)


@contextlib.contextmanager
def _span(connection: Connection, request: ChatRequest) -> Iterator[Span]:
    with spans.within(*_called(request)) as span:
        _describe(span, connection, request)
        yield span


def _called(request: ChatRequest) -> tuple[str, str]:
    """The name and the kind of the span of a call."""
    name = _NAMES.get(str(request.operation), str(request.operation))
    return f"{name} {request.model}".strip(), "Embedding" if name == "embeddings" else "LLM"


def _describe(span: Span, connection: Connection, request: ChatRequest) -> None:
    name = _NAMES.get(str(request.operation), str(request.operation))
    span.inputs = dict(request.body)
    asked(span, name, _SYSTEMS.get(connection.kind, connection.kind), request.model, request.body)
    if connection.name:
        span.attributes["connection"] = connection.name


def asked(span: Span, operation: str, system: str, model: str, body: Any) -> None:  # Any: a mapping of parameters
    """Note what was asked, in the words of OpenTelemetry."""
    span.attributes |= {
        "gen_ai.operation.name": operation, "gen_ai.system": system, "gen_ai.request.model": model,
    }  # fmt: skip
    for key, attribute in _ASKED.items():
        value = body.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            span.attributes[attribute] = value


def answered(span: Span, answer: Any, tokens: Tokens | None) -> None:  # Any: the API's answer
    """Note what was answered and what it took."""
    if isinstance(answer, dict):
        span.output = answer.get("choices")
        span.attributes["gen_ai.response.model"] = answer.get("model")
        span.attributes["llm.response.model"] = answer.get("model")
        span.attributes["gen_ai.response.id"] = answer.get("id")
        reasons = [item.get("finish_reason") for item in answer.get("choices") or () if isinstance(item, dict)]
        span.attributes["gen_ai.response.finish_reasons"] = [reason for reason in reasons if reason]
    used(span, tokens)


def used(span: Span, tokens: Tokens | None) -> None:
    """Note the tokens."""
    if tokens is None or not tokens.total:
        return
    span.tokens = tokens
    span.attributes |= {
        "gen_ai.usage.input_tokens": tokens.prompt,
        "gen_ai.usage.output_tokens": tokens.completion,
        "llm.usage.prompt_tokens": tokens.prompt,
        "llm.usage.completion_tokens": tokens.completion,
        "llm.usage.total_tokens": tokens.total,
    }
