"""What callers ask of a language model, read from JSON and checked; what is refused, in the words of the API."""

from __future__ import annotations

import json

from ..http11 import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_JSON = ("content-type", "application/json")
_REFUSED = ("x-smalt-refused", "1")  # the gateway then hands the status on as it is
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_MOST_CHOICES, _MOST_STOPS = 16, 16
_SAMPLING = frozenset(
    {"max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "seed", "stream", "stream_options",
     "frequency_penalty", "presence_penalty", "n", "model", "user"}
)  # fmt: skip
_CHAT = _SAMPLING | {"messages", "response_format", "tools", "tool_choice"}
_TEXT = _SAMPLING | {"prompt"}
_EMBEDDINGS = frozenset({"input", "encoding_format", "input_type", "model", "user"})
_UNSUPPORTED = frozenset(
    {"logprobs", "top_logprobs", "logit_bias", "best_of", "echo", "suffix", "modalities", "audio", "dimensions",
     "functions", "function_call", "prediction", "web_search_options"}
)  # fmt: skip
"""What clients of OpenAI may send, and what would silently mean something else if it were passed over."""


class Refused(Exception):
    """A request that the model does not answer."""

    def __init__(self, status: int, code: str, message: str, *, at: str | None = None, value: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.at = at
        self.value = value

    def answer(self) -> Answer:
        """The error in both bodies that clients read: that of the model inference API, and OpenAI's in it."""
        message = str(self)
        body: dict[str, Any] = {"status": self.status, "code": self.code, "message": message}
        if self.at is not None:
            body["detail"] = {"loc": ["body", self.at], "input": _short(self.value)}
        kind = "invalid_request_error"
        body["error"] = {"message": message, "type": kind, "code": self.code, "param": self.at}
        return Answer(self.status, json.dumps(body).encode(), [_JSON, _REFUSED, ("x-ms-error-code", self.code)])


class Wanted:
    """How to generate.

    Attributes:
        max_tokens: At most so many; None for as many as there is room.
        temperature: 0 takes the likeliest each time.
        seed: For the same answer to the same question.
        stops: Texts that end an answer and are no part of it.
        is_json: Only what can become JSON is generated.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        most = document.get("max_completion_tokens", document.get("max_tokens"))
        self.max_tokens: int | None = None if most is None else int(_number(most, "max_tokens", 1, 1 << 20))
        self.temperature = _number(_or(document.get("temperature"), 1.0), "temperature", 0, 2)
        self.top_p = _number(_or(document.get("top_p"), 1.0), "top_p", 0, 1)
        self.frequency_penalty = _number(_or(document.get("frequency_penalty"), 0.0), "frequency_penalty", -2, 2)
        self.presence_penalty = _number(_or(document.get("presence_penalty"), 0.0), "presence_penalty", -2, 2)
        seed = document.get("seed")
        self.seed: int | None = None if seed is None else int(_number(seed, "seed", -(2**63), 2**63 - 1))
        self.count = int(_number(_or(document.get("n"), 1), "n", 1, _MOST_CHOICES))
        self.stops = _stops(document.get("stop"))
        self.is_json = False


class Chat:
    """A question in messages."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.messages = _messages(document.get("messages"))
        self.wanted = Wanted(document)
        self.wanted.is_json = _is_json(document.get("response_format"))
        self.tools = _tools(document.get("tools"), document.get("tool_choice"))
        self.streams = bool(document.get("stream"))
        self.counts = _counts(document)


class Text:
    """A text to go on with, or several."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        given = document.get("prompt")
        prompts = [given] if isinstance(given, str) else given
        if not isinstance(prompts, list) or not prompts or not all(isinstance(each, str) for each in prompts):
            raise Refused(400, "bad_request", "prompt is no text. Send a text, or a list of them.", at="prompt")
        self.prompts: list[str] = prompts
        self.wanted = Wanted(document)
        self.streams = bool(document.get("stream"))
        self.counts = _counts(document)


class Embedding:
    """Texts to be made vectors."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        given = document.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
            raise Refused(400, "bad_request", "input is no text. Send a text, or a list of them.", at="input")
        self.texts: list[str] = texts
        self.encoding = _choice(document, "encoding_format", ("float", "base64"))
        _choice(document, "input_type", ("text",))


def chat(body: bytes, extra: str) -> Chat:
    """A request of `/chat/completions`.

    Args:
        body: As it came.
        extra: What to do with parameters that the API does not have: `error` or `drop`.

    Raises:
        Refused: It is not answered.
    """
    return Chat(_checked(body, _CHAT, extra))


def text(body: bytes, extra: str) -> Text:
    """A request of `/completions`, in the same way."""
    return Text(_checked(body, _TEXT, extra))


def embedding(body: bytes, extra: str) -> Embedding:
    """A request of `/embeddings`, in the same way."""
    return Embedding(_checked(body, _EMBEDDINGS, extra))


def document_of(body: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        Refused: It is none.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "bad_request", "The body is no JSON object. Send one, with content-type application/json.")
    return found


def openapi(title: str, posted: Sequence[str], read: str) -> dict[str, Any]:
    """The routes of a model, as OpenAPI 3."""
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    answer = {"200": {"description": "The answer.", **body}}
    paths: dict[str, Any] = {each: {"post": {"requestBody": body, "responses": answer}} for each in posted}
    paths[read] = {"get": {"responses": answer}}
    return {"openapi": "3.0.3", "info": {"title": title, "version": "1"}, "paths": paths}


def unsupported(name: str, value: Any, remedy: str) -> Refused:
    """A parameter whose value this model does not take."""
    return Refused(422, "parameter_not_supported", f"{name} is not supported here. {remedy}", at=name, value=value)


def _checked(body: bytes, known: frozenset[str], extra: str) -> dict[str, Any]:
    document = {name: value for name, value in document_of(body).items() if value is not None}
    for name, value in list(document.items()):
        if name in known:
            continue
        if name in _UNSUPPORTED and value not in (False, 0, {}, []):
            raise unsupported(name, value, "Leave it out.")
        if extra == "error" and name not in _UNSUPPORTED:
            remedy = "Leave it out, or send the header extra-parameters: drop."
            raise unsupported(name, value, remedy)
        del document[name]
    return document


def _messages(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not given:
        raise Refused(400, "bad_request", "The body has no messages. Send a list with role and content.", at="messages")
    found = []
    for each in given:
        if not isinstance(each, dict) or each.get("role") not in _ROLES:
            message = f"A message is no object with a role of {', '.join(sorted(_ROLES))}. Correct it."
            raise Refused(422, "invalid_message", message, at="messages", value=each)
        role = "system" if each["role"] == "developer" else each["role"]
        found.append({**each, "role": role, "content": _content(each.get("content"))})
    return found


def _content(given: Any) -> str:
    if given is None or isinstance(given, str):
        return given or ""
    if not isinstance(given, list):
        raise Refused(422, "invalid_message", "The content of a message is no text.", at="messages", value=given)
    kinds = {part.get("type") if isinstance(part, dict) else None for part in given}
    if kinds - {"text"}:
        raise Refused(
            404, "modality_not_supported", "The model reads text only. Send parts of type text.", at="messages"
        )
    return "".join(str(part.get("text") or "") for part in given)


def _stops(given: Any) -> list[str]:
    stops = [given] if isinstance(given, str) else given or []
    if not isinstance(stops, list) or len(stops) > _MOST_STOPS or not all(isinstance(each, str) for each in stops):
        raise unsupported("stop", given, f"Send a text, or at most {_MOST_STOPS} of them.")
    return [each for each in stops if each]


def _is_json(given: Any) -> bool:
    kind = given.get("type") if isinstance(given, dict) else given
    if kind in (None, "text"):
        return False
    if kind == "json_object":
        return True
    raise unsupported("response_format", given, "Send text or json_object.")


def _tools(given: Any, choice: Any) -> list[dict[str, Any]]:
    if choice not in (None, "auto", "none"):
        raise unsupported("tool_choice", choice, "The model decides for itself: send auto or none.")
    if given is None or choice == "none":
        return []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise unsupported("tools", given, "Send a list of functions.")
    return given


def _counts(document: Mapping[str, Any]) -> bool:
    options = document.get("stream_options")
    return bool(options.get("include_usage")) if isinstance(options, dict) else False


def _choice(document: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = document.get(name, known[0])
    if value not in known:
        raise unsupported(name, value, f"Send {' or '.join(known)}.")
    return str(value)


def _number(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise unsupported(name, value, f"Send a number from {least} to {most}.")
    return value


def _or(value: Any, default: float) -> Any:
    return default if value is None else value


def _short(value: Any) -> Any:
    text = json.dumps(value)
    return value if len(text) <= 200 else text[:200]
