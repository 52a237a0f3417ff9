"""What a model provider is asked and answers: bodies in the shape of the OpenAI protocol, whoever answers them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Operation(StrEnum):
    """What is asked of a model; the value is the end of its address."""

    CHAT = "chat/completions"
    COMPLETION = "completions"
    EMBEDDING = "embeddings"


@dataclass(frozen=True)
class ChatRequest:
    """One question to a model.

    Args:
        model: The model, or on Azure the deployment.
        body: Everything else of the request: `messages`, `prompt` or `input`, and the parameters.
        operation: What is asked.
        headers: Sent along.
        max_tries: How often it is asked before a failure is told; None takes the connection's limit.
        timeout_seconds: How long one try may take.
    """

    model: str
    body: Mapping[str, Any]  # Any: JSON
    operation: Operation = Operation.CHAT
    headers: Mapping[str, str] = field(default_factory=dict)
    max_tries: int | None = None
    timeout_seconds: float = 600

    @property
    def estimated_tokens(self) -> int:
        """About how many tokens it uses, for a limit per minute: four characters are one, and what may be answered."""
        asked = self.body.get("messages") or self.body.get("prompt") or self.body.get("input") or ""
        limit = self.body.get("max_tokens") or self.body.get("max_completion_tokens") or 0
        return len(str(asked)) // 4 + (limit if isinstance(limit, int) else 0)


@dataclass(frozen=True)
class Tokens:
    """What was counted: of the prompt, of the answer, and both."""

    prompt: int = 0
    completion: int = 0
    total: int = 0

    @classmethod
    def of(cls, usage: object) -> Tokens:
        """Read a usage object; fields that are missing or no numbers count as zero, whatever else stands in it."""
        told = usage if isinstance(usage, Mapping) else {}
        prompt, completion = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
        return cls(prompt, completion, _count(told, "total_tokens") or prompt + completion)

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.completion + other.completion, self.total + other.total)


def _count(told: Mapping[str, Any], name: str) -> int:  # Any: JSON
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


@dataclass(frozen=True)
class ChatAnswer:
    """What a model answered; `raw` is the whole body."""

    raw: Mapping[str, Any]  # Any: JSON
    tries: int = 1

    @property
    def message(self) -> Mapping[str, Any]:  # Any: JSON
        """The first message of a chat answer."""
        found = self._choice().get("message")
        return found if isinstance(found, Mapping) else {}

    @property
    def text(self) -> str:
        """The first text: of the message, or of a completion."""
        choice = self._choice()
        found = choice["text"] if "text" in choice else self.message.get("content")
        return found if isinstance(found, str) else ""

    @property
    def texts(self) -> list[str]:
        """The texts of all choices."""
        return [
            str(each.get("text") if "text" in each else (each.get("message") or {}).get("content") or "")
            for each in self.raw.get("choices") or ()
        ]

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped."""
        return self._choice().get("finish_reason")

    @property
    def embeddings(self) -> list[list[float]]:
        """The vectors, in the order of the inputs."""
        rows = sorted(self.raw.get("data") or (), key=lambda each: each.get("index", 0))
        return [each["embedding"] for each in rows]

    @property
    def model(self) -> str:
        """The model that answered."""
        return str(self.raw.get("model") or "")

    @property
    def tokens(self) -> Tokens:
        """What was counted."""
        return Tokens.of(self.raw.get("usage"))

    def _choice(self) -> Mapping[str, Any]:  # Any: JSON
        choices = self.raw.get("choices")
        return choices[0] if choices else {}


@dataclass(frozen=True)
class ChatPiece:
    """One piece of a streamed answer; the last one may bring the count of tokens."""

    raw: Mapping[str, Any]  # Any: JSON

    @property
    def text(self) -> str:
        """The text of the piece, often a word."""
        choices = self.raw.get("choices")
        if not choices:
            return ""
        found = choices[0].get("text") if "text" in choices[0] else (choices[0].get("delta") or {}).get("content")
        return found if isinstance(found, str) else ""

    @property
    def tokens(self) -> Tokens | None:
        """What was counted, where this piece says it."""
        usage = self.raw.get("usage")
        return Tokens.of(usage) if usage else None


class ChatProvider(Protocol):
    """Answers questions to models. `complete` and `stream` for event loops, the `_now` forms for plain threads.

    Every form retries what may succeed later, waits as the service asks, and keeps the limits of its connection,
    which all callers in this process share.

    Raises:
        WrappedOpenAIError: The service refused, or still failed after the last try.
    """

    async def complete(self, request: ChatRequest) -> ChatAnswer:
        """Ask, and wait for the whole answer."""
        ...

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatPiece]:
        """Ask, and give the answer piece by piece."""
        ...

    def complete_now(self, request: ChatRequest) -> ChatAnswer:
        """As `complete`, blocking the calling thread."""
        ...

    def stream_now(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """As `stream`, blocking the calling thread."""
        ...
