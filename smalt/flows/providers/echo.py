"""The model that ships: small rules instead of a network, so that samples and tests run without a key.

It is no language model. It gives back what it was told last, picks one of the choices a prompt offers by the words they
share with the question, marks likeness where a prompt asks for stars or a rating, fills JSON forms, and calls the first
tool it is offered. The same question always has the same answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from smalt.flows.providers.base import ChatAnswer, ChatPiece, ChatRequest, Operation

_WORD = re.compile(r"\w+|[^\w\s]")
_NAME = re.compile(r"[a-z0-9]{2,}")
_PIECE = re.compile(r"\S+\s*|\s+")
_CHOICES = re.compile(r"(?:one of|choose from|categories|labels|options)\b[^:\n]*:\s*([^\n]+)", re.IGNORECASE)
_RATING = re.compile(r"\b(?:1|one)\s*(?:to|-|and)\s*(?:5|five)\b|\bstars?\b|\brat(?:e|ing)\b", re.IGNORECASE)
_LABELLED = re.compile(
    r"^\s*(question|answer|response|ground truth|context|prediction|ground_truth)\s*:\s*(.+)$", re.IGNORECASE | re.M
)
_COMMON = frozenset("the a an of to and or is are was in on for with it this that what which who how do does".split())
_DIMENSIONS = 64

Body = Mapping[str, Any]  # Any: JSON


class Echo:
    """Answers in this process."""

    async def complete(self, request: ChatRequest) -> ChatAnswer:
        """See `ChatProvider.complete`."""
        return self.complete_now(request)

    def complete_now(self, request: ChatRequest) -> ChatAnswer:
        """See `ChatProvider.complete_now`."""
        if request.operation is Operation.EMBEDDING:
            return ChatAnswer(_embeddings(request))
        if request.operation is Operation.COMPLETION:
            return ChatAnswer(_completion(request))
        return ChatAnswer(_chat(request))

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatPiece]:
        """See `ChatProvider.stream`."""
        for piece in self.stream_now(request):
            yield piece
            await asyncio.sleep(0)

    def stream_now(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """See `ChatProvider.stream_now`."""
        whole = self.complete_now(request)
        base = {key: whole.raw[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
        message = whole.message
        begin = {"role": "assistant", "content": ""} | {
            key: message[key] for key in ("tool_calls", "function_call") if key in message
        }
        yield ChatPiece(base | {"choices": [{"index": 0, "delta": begin, "finish_reason": None}]})
        for word in _PIECE.findall(whole.text):
            yield ChatPiece(base | {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
        last = {"index": 0, "delta": {}, "finish_reason": whole.finish_reason}
        yield ChatPiece(base | {"choices": [last], "usage": whole.raw["usage"]})


def _chat(request: ChatRequest) -> Body:
    messages = request.body.get("messages") or []
    asked = next((_text(each) for each in reversed(messages) if each.get("role") == "user"), "")
    whole = "\n".join(_text(each) for each in messages)
    called = _call(request.body, messages)
    if called:
        message: dict[str, Any] = {"role": "assistant", "content": None, **called}  # Any: JSON
        reason, said = ("tool_calls" if "tool_calls" in called else "function_call"), json.dumps(called)
    else:
        said = _said(request.body, whole, asked)
        message, reason = {"role": "assistant", "content": said}, "stop"
    choice = {"message": message, "finish_reason": reason}
    return _answer(request, "chat.completion", choice, prompt=whole, said=said)


def _completion(request: ChatRequest) -> Body:
    prompt = request.body.get("prompt") or ""
    asked = str(prompt[0] if isinstance(prompt, list) and prompt else prompt)
    said = _said(request.body, asked, asked)
    return _answer(request, "text_completion", {"text": said, "finish_reason": "stop"}, prompt=asked, said=said)


def _answer(request: ChatRequest, kind: str, choice: dict[str, Any], *, prompt: str, said: str) -> Body:  # Any: JSON
    count = request.body.get("n")
    prompt_tokens, completion_tokens = len(_WORD.findall(prompt)), len(_WORD.findall(said))
    return {
        "id": "echo-" + hashlib.sha256(prompt.encode()).hexdigest()[:12],
        "object": kind,
        "created": 0,
        "model": request.model or "echo",
        "choices": [{"index": index, **choice} for index in range(count if isinstance(count, int) else 1)],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _said(body: Body, whole: str, asked: str) -> str:
    form = body.get("response_format")
    form = form if isinstance(form, Mapping) else {}
    if form.get("type") == "json_schema":
        schema = (form.get("json_schema") or {}).get("schema") or {}
        return json.dumps(_filled("answer", schema, asked), ensure_ascii=False)
    if form.get("type") == "json_object":
        return json.dumps(_json_object(whole, asked), ensure_ascii=False)
    choice = _choice(whole, asked)
    if choice is not None:
        return choice
    if _RATING.search(whole):
        return str(_rating(whole, asked))
    return " ".join(asked.split()) or "echo"


def _choice(whole: str, asked: str) -> str | None:
    """The offered choice that shares most words with the question, the first one where none does."""
    found = _CHOICES.search(whole)
    if found is None:
        return None
    offered = [each.strip(" .'\"`[]") for each in re.split(r"[,;|]|\bor\b", found[1])]
    offered = [each for each in offered if each]
    if len(offered) < 2:
        return None
    # A choice may be explained on a line of its own: "- sports: football tennis match".
    hints = {
        each: _names(" ".join(re.findall(rf"^[-* ]*{re.escape(each)}\s*[:-](.*)$", whole, re.M | re.I)))
        for each in offered
    }
    words = _names(asked)
    return max(offered, key=lambda each: len((hints[each] | _names(each)) & words))


def _rating(whole: str, asked: str) -> int:
    """One to five, by the words that the last two labelled texts share."""
    parts = {label.lower(): text for label, text in _LABELLED.findall(asked or whole)}
    texts = list(parts.values())
    if len(texts) < 2:
        return 3
    first, second = _names(texts[-2]), _names(texts[-1])
    shared = len(first & second) / max(min(len(first), len(second)), 1)
    return 1 + round(4 * shared)


def _json_object(whole: str, asked: str) -> dict[str, Any]:  # Any: JSON
    """The keys that the prompt names in quotes, each with something plausible."""
    keys = dict.fromkeys(re.findall(r"[\"'`](\w{2,40})[\"'`]", whole))
    return {key: _plausible(key, asked) for key in keys} or {"answer": " ".join(asked.split())}


def _plausible(key: str, asked: str) -> object:
    return 3 if re.search(r"score|rating|stars|count|number", key) else " ".join(asked.split())


def _filled(name: str, schema: Mapping[str, Any], asked: str) -> object:  # Any: JSON schema
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if schema.get("enum"):
        words = _names(asked)
        return max(schema["enum"], key=lambda each: len(_names(str(each)) & words))
    if kind == "object":
        return {key: _filled(key, each, asked) for key, each in (schema.get("properties") or {}).items()}
    if kind == "array":
        return [_filled(name, schema.get("items") or {}, asked)]
    plain: dict[str, object] = {"integer": 1, "number": 1, "boolean": True, "null": None}
    return plain.get(str(kind), " ".join(asked.split()) or name)


def _call(body: Body, messages: list[Body]) -> dict[str, Any] | None:  # Any: JSON
    """A call of the first tool, or the one that was chosen; none once a tool has answered."""
    if messages and messages[-1].get("role") in ("tool", "function"):
        return None
    asked = next((_text(each) for each in reversed(messages) if each.get("role") == "user"), "")
    tools = [each.get("function") or {} for each in body.get("tools") or ()]
    if tools and body.get("tool_choice") != "none":
        function = _chosen(tools, (body.get("tool_choice") or "auto"))
        key = hashlib.sha256(asked.encode()).hexdigest()[:12]
        return {"tool_calls": [{"id": f"call_{key}", "type": "function", "function": _arguments(function, asked)}]}
    functions = body.get("functions") or []
    if functions and body.get("function_call") != "none":
        return {"function_call": _arguments(_chosen(functions, body.get("function_call") or "auto"), asked)}
    return None


def _chosen(functions: list[Body], choice: object) -> Body:
    told: Any = choice if isinstance(choice, Mapping) else {}  # Any: JSON
    wanted = (told.get("function") or told).get("name")
    return next((each for each in functions if each.get("name") == wanted), functions[0])


def _arguments(function: Body, asked: str) -> dict[str, str]:
    given = _filled("arguments", {"type": "object", **(function.get("parameters") or {})}, asked)
    return {"name": str(function.get("name")), "arguments": json.dumps(given)}


def _embeddings(request: ChatRequest) -> Body:
    given = request.body.get("input") or ""
    texts = [str(each) for each in given] if isinstance(given, list) else [str(given)]
    rows = [{"object": "embedding", "index": index, "embedding": embed(text)} for index, text in enumerate(texts)]
    count = sum(len(_WORD.findall(text)) for text in texts)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "model": request.model or "echo", "data": rows, "usage": usage}


def embed(text: str) -> list[float]:
    """A vector of a text: words hashed into places, so that texts with the same words are near one another."""
    vector = [0.0] * _DIMENSIONS
    for word in _NAME.findall(text.lower()):
        if word not in _COMMON:
            digest = hashlib.sha256(word.encode()).digest()
            vector[digest[0] % _DIMENSIONS] += 1.0 if digest[1] % 2 else -1.0
    length = sum(each * each for each in vector) ** 0.5 or 1.0
    return [each / length for each in vector]


def _names(text: str) -> set[str]:
    return {word for word in _NAME.findall(text.lower()) if word not in _COMMON}


def _text(message: Body) -> str:
    content = message.get("content")
    if isinstance(content, list):
        parts = (each if isinstance(each, str) else str(each.get("text") or "") for each in content)
        return " ".join(part for part in parts if part)
    return str(content or "")
