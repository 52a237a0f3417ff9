"""The face of a chat flow for clients of OpenAI: `/v1/chat/completions` and `/v1/models`.

The last message is the chat input, those before it the history; further inputs come in `inputs` of the body.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smalt.flows.batch import records
from smalt.flows.running.flow import Flow
from smalt.flows.running.results import LineResult
from smalt.flows.serving.errors import BadScoreRequest, NotAChatFlow
from smalt.flows.serving.scoring import pieces
from smalt.flows.values.streams import AsyncStream, Stream
from smalt.kit import ids

Document = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class ChatAsked:
    """What a client asked: the inputs of a line, and in which form it wants the answer."""

    inputs: Document
    streams: bool
    counts_tokens: bool


def models(flow: Flow) -> Document:
    """The flow as the only model."""
    return {"object": "list", "data": [{"id": flow.name, "object": "model", "created": 0, "owned_by": "smalt"}]}


def read(body: bytes, flow: Flow) -> ChatAsked:
    """Read a request.

    Raises:
        NotAChatFlow: The flow cannot be talked with.
        BadScoreRequest: The body has no messages.
    """
    if flow.chat_input is None:
        raise NotAChatFlow(
            f"{flow.name} is no chat flow: no input has is_chat_input. Use POST /score, or mark the input."
        )
    try:
        document = records.decode(body)
    except ValueError as error:
        raise BadScoreRequest(f"The body is no JSON: {error}. Send model and messages.") from None
    messages = document.get("messages") if isinstance(document, dict) else None
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise BadScoreRequest("The body has no messages. Send a list of objects with role and content.")
    *before, last = messages
    inputs: Document = dict(document.get("inputs") or {})
    inputs[flow.chat_input] = _content(last.get("content"), flow)
    if flow.chat_history is not None:
        inputs[flow.chat_history] = _history(before, flow)
    options = document.get("stream_options") or {}
    return ChatAsked(inputs, bool(document.get("stream")), bool(options.get("include_usage")))


def _history(messages: Sequence[Mapping[str, Any]], flow: Flow) -> list[Document]:  # Any: JSON
    if flow.kind != "dag":
        return [{"role": each.get("role"), "content": each.get("content")} for each in messages]
    turns: list[Document] = []
    for each in messages:
        if each.get("role") == "user":
            turns.append({"inputs": {flow.chat_input: _content(each.get("content"), flow)}, "outputs": {}})
        elif each.get("role") == "assistant" and turns:
            turns[-1]["outputs"] = {flow.chat_output: each.get("content")}
    return [turn for turn in turns if turn["outputs"]]


def _content(content: Any, flow: Flow) -> Any:  # Any: text, or parts of text and images
    """Text as text; parts as the flow writes text and images."""
    if not isinstance(content, list):
        return content
    is_vision = getattr(getattr(flow, "images", None), "is_vision", False)
    if is_vision:
        return content
    if all(part.get("type") == "text" for part in content):
        return "".join(str(part.get("text") or "") for part in content)
    return [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> Any:  # Any: text, or an image
    if part.get("type") == "text":
        return part.get("text") or ""
    url = str((part.get("image_url") or {}).get("url") or "")
    head, comma, rest = url.partition(";base64,")
    if comma and head.startswith("data:"):
        return {f"{head};base64": rest}
    return {"data:image/*;url": url}


def answer(flow: Flow, result: LineResult, asked: ChatAsked) -> Document:
    """The whole answer."""
    return _envelope(flow, "chat.completion") | {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": _text(_said(flow, result))},
                "finish_reason": "stop",
            }
        ],
        "usage": _usage(result),
    }


async def events(flow: Flow, result: LineResult, asked: ChatAsked) -> AsyncIterator[bytes]:
    """The answer as the events that clients of OpenAI read."""
    base = _envelope(flow, "chat.completion.chunk")

    def event(delta: Document, reason: str | None = None, **more: Any) -> bytes:  # Any: JSON
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + records.encode(base | {"choices": [choice]} | more) + b"\n\n"

    yield event({"role": "assistant", "content": ""})
    said = _said(flow, result)
    if isinstance(said, Stream | AsyncStream):
        async for piece in pieces(said):
            yield event({"content": piece})
    else:
        yield event({"content": _text(said)})
    yield event({}, "stop")
    if asked.counts_tokens:
        yield b"data: " + records.encode(base | {"choices": [], "usage": _usage(result)}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _said(flow: Flow, result: LineResult) -> Any:  # Any: as the flow answered
    name = flow.chat_output or next(iter(result.output), "")
    return result.output.get(name)


def _text(said: Any) -> str:  # Any: as the flow answered
    return said if isinstance(said, str) else "" if said is None else records.encode(said).decode()


def _usage(result: LineResult) -> Document:
    tokens = result.tokens
    return {"prompt_tokens": tokens.prompt, "completion_tokens": tokens.completion, "total_tokens": tokens.total}


def _envelope(flow: Flow, kind: str) -> Document:
    return {"id": f"chatcmpl-{ids.opaque()}", "object": kind, "created": int(time.time()), "model": flow.name}
