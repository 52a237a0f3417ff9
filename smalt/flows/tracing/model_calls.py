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


async def stream(connection: Connection, request: ChatRequest) -> AsyncIterator[ChatPiece]:
    """Ask, and give the answer piece by piece; the span ends with the last."""
    with _span(connection, request) as span:
        pieces: list[str] = []
        async for piece in provider(connection, request.model).stream(request):
            _streamed(span, piece, pieces)
            yield piece
        span.output = "".join(pieces)


def stream_now(connection: Connection, request: ChatRequest) -> Iterator[ChatPiece]:
    """As `stream`, blocking the calling thread."""
    with _span(connection, request) as span:
        pieces: list[str] = []
        for piece in provider(connection, request.model).stream_now(request):
            _streamed(span, piece, pieces)
            yield piece
        span.output = "".join(pieces)


@contextlib.contextmanager
def _span(connection: Connection, request: ChatRequest) -> Iterator[Span]:
    name = _NAMES.get(str(request.operation), str(request.operation))
    kind = "Embedding" if name == "embeddings" else "LLM"
    with spans.within(f"{name} {request.model}".strip(), kind) as span:
        span.inputs = dict(request.body)
        asked(span, name, _SYSTEMS.get(connection.kind, connection.kind), request.model, request.body)
        if connection.name:
            span.attributes["connection"] = connection.name
        yield span


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


def _streamed(span: Span, piece: ChatPiece, pieces: list[str]) -> None:
    if piece.text:
        if not pieces:
            span.event("gen_ai.first_token")
        pieces.append(piece.text)
    if piece.tokens is not None:
        used(span, piece.tokens)
