"""Prompties: a prompt with its model's settings in one file. As a flow, and as a function."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.flows.definition import types
from smalt.flows.errors import (
    InvalidConnectionError,
    InvalidOutputKeyError,
    MissingRequiredInputError,
    UserErrorException,
)
from smalt.flows.flex.referred import load_sample, resolved
from smalt.flows.llm import calls, messages, models, templates
from smalt.flows.tracing import model_calls
from smalt.flows.tracing.decorate import trace
from smalt.flows.values import images
from smalt.kit import yaml

if TYPE_CHECKING:
    from smalt.flows.connections import Connection, ConnectionProvider
    from smalt.flows.providers import ChatAnswer, ChatPiece, ChatRequest

Values = dict[str, Any]  # Any: what files say and functions take

_PARTS = re.compile(r"-{3,}\n(.*)-{3,}\n(.*)", re.DOTALL)
_IMAGE = re.compile(r"^data:image/(.*);(path|base64|url):\s*(.*)$")
_HEADERS = {"ms-azure-ai-promptflow-called-from": "promptflow-core"}
MAX_TRIES = 11


class Prompty:
    """A prompt that can be called with its inputs.

    Args:
        path: The file.
        model: Settings of the model that replace those of the file.
        more: Other keys of the file to replace.

    Raises:
        UserErrorException: The file does not exist or is no prompty.
    """

    def __init__(
        self,
        path: str | Path,
        model: Mapping[str, Any] | None = None,
        *,
        connections: Callable[[], ConnectionProvider] | None = None,
        **more: Any,
    ) -> None:
        self.path = Path(path).resolve()
        document, self.template = read(self.path)
        folder = self.path.parent
        document = merged(resolved(document, folder), resolved(more, folder))
        document["model"] = merged(document.get("model") or {}, resolved(dict(model or {}), folder))
        self._data: Values = document
        self._connections = connections or local_connections
        self.name = str(document.get("name") or self.path.stem)
        self.configuration, self.parameters, self.api = self._model(document["model"])
        self.model = _model_of(self.configuration)
        self.outputs: Values = document.get("outputs") or {}
        self.sample = document.get("sample")

    @classmethod
    def load(cls, source: str | Path, **settings: Any) -> Prompty:
        """Read a prompty from a file."""
        path = Path(source)
        if not path.exists():
            raise UserErrorException(f"Source {path.absolute().as_posix()} does not exist. Check the path.")
        if path.suffix != ".prompty":
            raise UserErrorException(f"{path} is no prompty. Source must be a file with .prompty extension.")
        return cls(path, **settings)

    @staticmethod
    def _model(section: Values) -> tuple[Any, Values, str]:
        if not isinstance(section, dict) or "configuration" not in section:
            raise UserErrorException("The prompty has no 'model.configuration'. Write the type of the model's service.")
        configuration = section["configuration"] or {}
        if isinstance(configuration, Mapping) and configuration.get("connection"):
            own = {k for k, v in configuration.items() if v} - {"type", "connection", "model", "azure_deployment"}
            if own:
                raise InvalidConnectionError(
                    f"The model was given both a connection and {', '.join(sorted(own))}. Give one of them."
                )
        return configuration, dict(section.get("parameters") or {}), str(section.get("api") or "chat")

    @property
    def inputs(self) -> Mapping[str, Mapping[str, Any]]:
        """What it takes, as the file says; if it does not, what the sample has."""
        declared = self.declared_inputs
        if declared:
            return declared
        return {name: {"type": types.type_of(value), "default": value} for name, value in self.sample_inputs().items()}

    @property
    def declared_inputs(self) -> dict[str, Mapping[str, Any]]:
        """What the file says that it takes."""
        section = self._data.get("inputs") or {}
        return {str(name): item if isinstance(item, Mapping) else {} for name, item in section.items()}

    def sample_inputs(self) -> Values:
        """The inputs of the sample, if there is one."""
        return load_sample(self.sample, self.path.parent)

    def resolve(self, given: Mapping[str, Any]) -> Values:
        """The inputs of a call: what was given, defaults, or the sample if nothing was given; images loaded.

        Raises:
            MissingRequiredInputError: One is missing.
        """
        if not given and self.sample:
            given = self.sample_inputs()
        inputs = self.inputs
        missing = [name for name, item in inputs.items() if name not in given and "default" not in item]
        if missing:
            raise MissingRequiredInputError(f"Missing required inputs: {missing}. Give them, or give them defaults.")
        found = {name: given.get(name, item.get("default")) for name, item in inputs.items()}
        return {name: self._image(value) if isinstance(value, str) else value for name, value in found.items()}

    def _image(self, value: str) -> Any:
        match = _IMAGE.match(value)
        if match is None:
            return value
        kind, way, content = f"image/{match[1]}", match[2], match[3]
        if way == "path":
            return images.from_file(self.path.parent / content, kind)
        return images.from_url(content, kind) if way == "url" else images.from_base64(content, kind)

    def prompt(self, inputs: Values) -> Any:
        """The messages of a chat, or the text of a completion."""
        template = templates.with_images_on_lines(self.template)
        if self.api == "completion":
            return templates.render(template, inputs)
        found = images.found_in(inputs)
        return messages.build(template, inputs, from_users=list(inputs), images=found, calls_to_end=True)

    def render(self, *args: Any, **given: Any) -> str:
        """The prompt as text: of a chat, its messages."""
        _check_no_positions(args)
        return str(self.prompt(self.resolve(given)))

    def estimate_token_count(self, *args: Any, **given: Any) -> int:
        """About how many tokens a call takes, the answer included."""
        _check_no_positions(args)
        limit = self.parameters.get("max_tokens")
        if limit is not None and (not isinstance(limit, int) or limit <= 1):
            raise UserErrorException(f"max_tokens is {limit!r}. Write a whole number above 1.")
        from smalt.flows.llm.tokens import estimate

        return estimate(self.prompt(self.resolve(given)), self.model) + (limit or 0)

    def request(self, given: Mapping[str, Any]) -> tuple[Connection, ChatRequest]:
        """Whom to ask, and what."""
        from smalt.flows.providers import ChatRequest, Operation

        inputs = self.resolve({key: value for key, value in given.items() if key != "timeout" or key in self.inputs})
        connection = models.connection_of(self.configuration, self._connections)
        body = copy.copy(self.parameters)
        headers = dict(body.pop("extra_headers", None) or {})
        if connection.kind == "azure_open_ai":
            headers |= _HEADERS
        body["prompt" if self.api == "completion" else "messages"] = self.prompt(inputs)
        if "tools" in body:
            calls.check_tools(body["tools"])
            body["tool_choice"] = calls.checked_choice(body.get("tool_choice"))
        elif "functions" in body:
            calls.check_functions(body["functions"])
            body["function_call"] = calls.checked_call(body.get("function_call"))
        operation = Operation.COMPLETION if self.api == "completion" else Operation.CHAT
        timeout = given.get("timeout") if "timeout" not in self.inputs else None
        return connection, ChatRequest(
            model=str(self.model or ""),
            body=body,
            operation=operation,
            headers=headers,
            max_tries=MAX_TRIES,
            **({"timeout_seconds": float(timeout)} if timeout else {}),
        )

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Ask the model, blocking the calling thread."""
        _check_no_positions(args)
        return self._traced(given)

    @trace(name="Prompty")
    def _traced(self, given: Values) -> Any:
        connection, request = self.request(given)
        if not request.body.get("stream"):
            return self.answer(model_calls.complete_now(connection, request))
        pieces = (piece.text for piece in model_calls.stream_now(connection, request) if piece.text)
        return self._formatted("".join(pieces)) if self._is_json else _generated(pieces)

    async def ask(self, given: Mapping[str, Any]) -> Any:
        """Ask the model on the event loop."""
        connection, request = self.request(given)
        if not request.body.get("stream"):
            return self.answer(await model_calls.complete(connection, request))
        pieces = _texts(model_calls.stream(connection, request))
        return self._formatted("".join([piece async for piece in pieces])) if self._is_json else pieces

    @property
    def _is_json(self) -> bool:
        wanted = self.parameters.get("response_format")
        return isinstance(wanted, Mapping) and wanted.get("type") == "json_object"

    def answer(self, answer: ChatAnswer) -> Any:
        """What the call answers: text, a mapping, a message with calls, or with `response: all` the whole answer."""
        if self._data["model"].get("response") == "all":
            return whole_answer(answer.raw, self.api)
        choice = (answer.raw.get("choices") or [{}])[0]
        if choice.get("finish_reason") in ("tool_calls", "function_calls"):
            return calls.whole_message(choice.get("message") or {})
        return self._formatted(calls.answer_of(answer, as_message=False))

    def _formatted(self, text: Any) -> Any:
        if not self._is_json:
            return text
        found = json.loads(text)
        for key in self.outputs:
            if key not in found:
                raise InvalidOutputKeyError(
                    f"Cannot find {key} in response {list(found)}. Tell the model to answer with it, or take it out of "
                    "'outputs'."
                )
        return {key: found[key] for key in self.outputs} if self.outputs else found


class AsyncPrompty(Prompty):
    """A prompty whose call is awaited."""

    async def __call__(self, *args: Any, **given: Any) -> Any:
        """Ask the model."""
        _check_no_positions(args)
        return await self._traced_async(given)

    @trace(name="Prompty")
    async def _traced_async(self, given: Values) -> Any:
        return await self.ask(given)


def _generated(pieces: Iterator[str]) -> Iterator[str]:
    yield from pieces


async def _texts(pieces: AsyncIterator[ChatPiece]) -> AsyncIterator[str]:
    async for piece in pieces:
        if piece.text:
            yield piece.text


def _check_no_positions(args: Sequence[Any]) -> None:
    if args:
        raise UserErrorException("Prompty can only be called with keyword arguments. Name each input.")


def _model_of(configuration: Any) -> str | None:
    if isinstance(configuration, Mapping):
        return configuration.get("azure_deployment") or configuration.get("model")
    return getattr(configuration, "azure_deployment", None) or getattr(configuration, "model", None)


def local_connections() -> ConnectionProvider:
    """The connections of this machine."""
    from smalt.flows.connections import LocalConnections

    return LocalConnections()


def read(path: Path) -> tuple[Values, str]:
    """The front matter and the template of a prompty.

    Raises:
        UserErrorException: It has no front matter.
    """
    match = _PARTS.search(path.read_text(encoding="utf-8"))
    if match is None:
        raise UserErrorException(
            f"Illegal formatting of prompty {path.name}: it has no front matter. Put the settings in YAML between two "
            "lines of '---', and the prompt below."
        )
    try:
        document = yaml.load(match[1], source=str(path))
    except yaml.YamlError as error:
        raise UserErrorException(str(error)) from error
    return dict(document or {}), match[2]


def merged(origin: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """A mapping laid over another, at every depth."""
    found = dict(origin)
    for key, value in over.items():
        before = origin.get(key)
        both = isinstance(value, Mapping)
        found[key] = merged(before if isinstance(before, Mapping) else {}, value) if both else value
    return found


def whole_answer(raw: Mapping[str, Any], api: str) -> Any:
    """The answer as the `openai` package gives it, where that is installed; otherwise as a mapping with attributes."""
    try:
        from openai.types import Completion
        from openai.types.chat import ChatCompletion
    except ImportError:
        from smalt.flows.tools.types import AttrDict

        return AttrDict(raw)
    return (Completion if api == "completion" else ChatCompletion).model_validate(raw)
