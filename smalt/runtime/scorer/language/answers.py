"""Answers of a language model as the API has them: one document, or a stream of events."""

from __future__ import annotations

import json
import time
import uuid

from .tool_calls import calls_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .engine import Answering

DONE = b"data: [DONE]\n\n"


class Chats:
    """Answers to messages.

    Args:
        model: What the model is called.
        tools: What it may call.
    """

    def __init__(self, model: str, tools: Sequence[dict[str, Any]]) -> None:
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._model = model
        self._tools = tools

    @property
    def is_held_back(self) -> bool:
        """Whether text may only be told when it is whole, since it may be a call."""
        return bool(self._tools)

    def whole(self, answers: Sequence[Answering]) -> dict[str, Any]:
        """The whole answer."""
        choices = []
        for each in answers:
            text, calls = calls_in(each.text, self._tools) if self._tools else (each.text, [])
            message: dict[str, Any] = {"role": "assistant", "content": text if not calls or text else None}
            if calls:
                message["tool_calls"] = calls
            reason = "tool_calls" if calls else each.finish
            choices.append({"index": each.number, "finish_reason": reason, "message": message})
        return {**self._envelope("chat.completion"), "choices": choices, "usage": usage(answers)}

    def first(self, number: int) -> bytes:
        """The event that an answer begins with."""
        return self._event(number, {"role": "assistant", "content": ""})

    def piece(self, number: int, text: str) -> bytes:
        """An event with more text."""
        return self._event(number, {"content": text})

    def last(self, answering: Answering) -> list[bytes]:
        """The events that an answer ends with."""
        if not self._tools:
            return [self._event(answering.number, {}, answering.finish)]
        text, calls = calls_in(answering.text, self._tools)
        events = [self.piece(answering.number, text)] if text else []
        if calls:
            told = [{"index": place, **call} for place, call in enumerate(calls)]
            events.append(self._event(answering.number, {"tool_calls": told}))
        return [*events, self._event(answering.number, {}, "tool_calls" if calls else answering.finish)]

    def counted(self, answers: Sequence[Answering]) -> bytes:
        """The event that says what it took."""
        return _line({**self._envelope("chat.completion.chunk"), "choices": [], "usage": usage(answers)})

    def _event(self, number: int, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": number, "delta": delta, "finish_reason": reason}
        return _line({**self._envelope("chat.completion.chunk"), "choices": [choice]})

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


class Texts:
    """Texts gone on with; as `Chats`.

    Args:
        model: What the model is called.
    """

    is_held_back = False

    def __init__(self, model: str) -> None:
        self._base = {
            "id": f"cmpl-{uuid.uuid4().hex}", "object": "text_completion", "created": int(time.time()), "model": model,
        }  # fmt: skip

    def whole(self, answers: Sequence[Answering]) -> dict[str, Any]:
        """See `Chats.whole`."""
        choices = [_choice(each.number, each.text, each.finish) for each in answers]
        return {**self._base, "choices": choices, "usage": usage(answers)}

    def first(self, number: int) -> bytes:
        """See `Chats.first`: there is none."""
        return b""

    def piece(self, number: int, text: str) -> bytes:
        """See `Chats.piece`."""
        return _line({**self._base, "choices": [_choice(number, text, None)]})

    def last(self, answering: Answering) -> list[bytes]:
        """See `Chats.last`."""
        return [_line({**self._base, "choices": [_choice(answering.number, "", answering.finish)]})]

    def counted(self, answers: Sequence[Answering]) -> bytes:
        """See `Chats.counted`."""
        return _line({**self._base, "choices": [], "usage": usage(answers)})


def usage(answers: Sequence[Answering]) -> dict[str, int]:
    """What answers took; a question that is answered several times counts once."""
    questions = {id(each.tokens): len(each.tokens) for each in answers}
    asked, written = sum(questions.values()), sum(each.count for each in answers)
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def _choice(number: int, text: str, reason: str | None) -> dict[str, Any]:
    return {"index": number, "text": text, "logprobs": None, "finish_reason": reason}


def _line(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"
