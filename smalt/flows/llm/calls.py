"""Calls of models by LLM nodes and by the tools that stand for them: from arguments to the request, and back.

The bodies are those that prompt flow sends, parameter by parameter, so that a model answers the same.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import (
    APINotFound,
    ChatAPIInvalidFunctions,
    ChatAPIInvalidTools,
    FunctionCallNotSupportedInStreamMode,
    InvalidConnectionType,
    NodeInputValidationError,
)
from smalt.flows.llm import messages, templates
from smalt.flows.tools.interface import Interface, Parameter
from smalt.flows.tracing import model_calls

if TYPE_CHECKING:
    from smalt.flows.connections import Connection
    from smalt.flows.definition import NodeDefinition
    from smalt.flows.providers import ChatPiece, ChatRequest

Values = Mapping[str, Any]  # Any: what nodes are given

_CALLED_FROM = {"ms-azure-ai-promptflow-called-from": "aoai-tool"}
_PROVIDERS = {
    "AzureOpenAIConnection": "AzureOpenAI",
    "OpenAIConnection": "OpenAI",
    "ServerlessConnection": "OpenAI",
    "EchoConnection": "OpenAI",
}
_SHARED: dict[str, tuple[str, Any]] = {
    "temperature": ("double", 1.0), "top_p": ("double", 1.0), "stream": ("bool", False), "stop": ("list", None),
    "presence_penalty": ("double", None), "frequency_penalty": ("double", None), "logit_bias": ("object", {}),
    "user": ("string", ""),
}  # fmt: skip
_CHAT: dict[str, tuple[str, Any]] = _SHARED | {
    "max_tokens": ("limit", None), "function_call": ("object", None), "functions": ("list", None),
    "tool_choice": ("object", None), "tools": ("list", None), "response_format": ("object", None),
    "seed": ("int", None),
}  # fmt: skip
_COMPLETION: dict[str, tuple[str, Any]] = _SHARED | {
    "suffix": ("string", None), "max_tokens": ("int", 16), "n": ("int", 1), "logprobs": ("int", None),
    "echo": ("bool", False), "best_of": ("int", 1),
}  # fmt: skip
_MODELS: dict[tuple[str, str], tuple[str, str | None]] = {
    ("AzureOpenAI", "chat"): ("deployment_name", None), ("AzureOpenAI", "completion"): ("deployment_name", None),
    ("OpenAI", "chat"): ("model", ""), ("OpenAI", "completion"): ("model", "text-davinci-003"),
}  # fmt: skip


@dataclass
class ModelCall:
    """What an LLM node does for each line.

    Attributes:
        provider: `AzureOpenAI` or `OpenAI`: which parameters there are.
        api: `chat` or `completion`.
        template: The prompt.
        from_users: Inputs that come from users.
    """

    provider: str
    api: str
    connection: Connection
    template: str = ""
    from_users: tuple[str, ...] = ()
    interface: Interface = field(init=False)

    def __post_init__(self) -> None:
        model, default = _MODELS[self.provider, self.api]
        table = {model: ("string", default)} | (_CHAT if self.api == "chat" else _COMPLETION)
        if (self.provider, self.api) == ("AzureOpenAI", "chat"):
            table["n"] = ("int", 1)
        described = {
            name: Parameter((kind,), value, value is not None or name != model) for name, (kind, value) in table.items()
        }
        self.interface = Interface(described, takes_more=True, prompt_parameter="prompt")

    @classmethod
    def of_node(cls, definition: NodeDefinition, connection: Connection) -> ModelCall:
        """The call of a node.

        Raises:
            InvalidConnectionType: The connection answers no questions to models.
            APINotFound: There is no such API.
        """
        provider = _PROVIDERS.get(type(connection).__name__)
        if provider is None:
            raise InvalidConnectionType(
                f"Connection type {type(connection).__name__} is not supported for LLM. "
                f"Use one of {', '.join(_PROVIDERS)}."
            )
        api = definition.api or "chat"
        if (provider, api) not in _MODELS:
            raise APINotFound(f"The API '{provider}.{api}' is not found. Write 'api: chat' or 'api: completion'.")
        return cls(provider, api, connection)

    @property
    def title(self) -> str:
        """E.g. `AzureOpenAI.chat`."""
        return f"{self.provider}.{self.api}"

    @property
    def parameters(self) -> list[str]:
        """The names that a template may not use."""
        return ["prompt", "connection", *self.interface.parameters]

    def request(self, given: Values) -> tuple[ChatRequest, bool]:
        """The request, and whether the answer is to be streamed.

        Raises:
            ToolValidationError: A parameter or the prompt is not what the API takes.
        """
        values = {name: item.default for name, item in self.interface.parameters.items()} | dict(given)
        model = values.get(_MODELS[self.provider, self.api][0])
        if model is None:
            raise NodeInputValidationError(
                f"The call {self.title} needs 'deployment_name'. Add it to the inputs of the node."
            )
        rest = {key: value for key, value in values.items() if key not in self.interface.parameters}
        from_users = rest.pop("_inputs_to_escape", None) or self.from_users
        template = self._template_with(rest)
        stream = _true(values["stream"])
        if self.api == "completion":
            body = {"prompt": templates.render(template, rest), "stream": stream, **self._completion_body(values)}
        else:
            shown = messages.as_chat_lists(rest) if self.provider == "AzureOpenAI" else rest
            built = messages.build(template, shown, from_users=from_users)
            body = {"messages": built, "stream": stream, **self._chat_body(values, stream=stream)}
        headers = _CALLED_FROM if self.provider == "AzureOpenAI" else {}
        return _request(str(model), body, self.api, headers), stream

    def _template_with(self, rest: dict[str, Any]) -> str:  # Any: what nodes are given
        """The prompt: an input called `prompt` takes the place of the node's own."""
        given = rest.pop("prompt", None)
        if given is None:
            return self.template
        if isinstance(given, messages.PromptResult) and given.escapes:
            # Role words of users stay escaped while the text is parted; the value itself fills nothing.
            rest["__prompt__"] = given
            return given.escaped
        return str(given)

    def _chat_body(self, values: Values, *, stream: bool) -> dict[str, Any]:  # Any: the API's own
        body: dict[str, Any] = {"temperature": values["temperature"], "top_p": values["top_p"]}
        if self.provider == "AzureOpenAI":
            body["n"] = values["n"]
        if values["tools"]:
            body |= self._tools(values)
        elif values["functions"]:
            check_functions(values["functions"])
            body |= {"functions": values["functions"], "function_call": checked_call(values["function_call"])}
        if stream and values["functions"]:
            raise FunctionCallNotSupportedInStreamMode(
                "Functions cannot be called in an answer that streams. Take 'functions' away, or let another node "
                "read the answer, so that it is not streamed."
            )
        for name in ("stop", "logit_bias", "response_format", "user"):
            if values[name]:
                body[name] = values[name]
        for name in ("seed", "presence_penalty", "frequency_penalty"):
            if values[name] is not None:
                body[name] = values[name]
        limit = values["max_tokens"]
        if limit is not None and str(limit).lower() != "inf":
            body["max_tokens"] = int(limit)
        return body

    def _tools(self, values: Values) -> dict[str, Any]:  # Any: the API's own
        if self.provider != "AzureOpenAI":
            return {"tools": values["tools"], "tool_choice": values["tool_choice"]}
        check_tools(values["tools"])
        return {"tools": values["tools"], "tool_choice": checked_choice(values["tool_choice"])}

    def _completion_body(self, values: Values) -> dict[str, Any]:  # Any: the API's own
        body = {
            "suffix": values["suffix"] or None,
            "max_tokens": int(values["max_tokens"]) if values["max_tokens"] is not None else None,
            "temperature": float(values["temperature"]),
            "top_p": float(values["top_p"]),
            "n": int(values["n"]),
            "logprobs": int(values["logprobs"]) if values["logprobs"] else None,
            "echo": _true(values["echo"]),
            "stop": values["stop"] or None,
            "best_of": int(values["best_of"]),
            "logit_bias": values["logit_bias"] or {},
            "user": values["user"],
        }
        for name in ("presence_penalty", "frequency_penalty"):
            if values[name] is not None:
                body[name] = float(values[name])
            elif self.provider != "AzureOpenAI":
                body[name] = None
        return body

    async def run(self, **given: Any) -> Any:  # Any: text, a message, or a stream of text
        """Ask the model.

        Raises:
            ToolValidationError: A parameter or the prompt is not what the API takes.
            WrappedOpenAIError: The model failed.
        """
        request, stream = self.request(given)
        is_call = self.api == "chat" and bool(given.get("functions") or given.get("tools"))
        if stream:
            return _texts(model_calls.stream(self.connection, request))
        return answer_of(await model_calls.complete(self.connection, request), as_message=is_call)

    def run_now(self, **given: Any) -> Any:  # Any: as `run`
        """As `run`, blocking the calling thread."""
        request, stream = self.request(given)
        is_call = self.api == "chat" and bool(given.get("functions") or given.get("tools"))
        if stream:
            return _texts_now(model_calls.stream_now(self.connection, request))
        return answer_of(model_calls.complete_now(self.connection, request), as_message=is_call)


async def _texts(pieces: AsyncIterator[ChatPiece]) -> AsyncIterator[str]:
    async for piece in pieces:
        if piece.text:
            yield piece.text


def _texts_now(pieces: Iterator[ChatPiece]) -> Iterator[str]:
    for piece in pieces:
        if piece.text:
            yield piece.text


def _request(model: str, body: dict[str, Any], api: str, headers: Mapping[str, str]) -> ChatRequest:
    from smalt.flows.providers import ChatRequest, Operation

    operation = Operation.CHAT if api == "chat" else Operation.COMPLETION
    return ChatRequest(model=model, body=body, operation=operation, headers=headers)


def answer_of(answer: Any, *, as_message: bool) -> Any:  # Any: the API's own
    """The text of an answer; or the whole message, where functions or tools were offered."""
    choice = (answer.raw.get("choices") or [{}])[0]
    if "text" in choice:
        return choice["text"]
    message = choice.get("message") or {}
    return whole_message(message) if as_message else message.get("content")


_MESSAGE = ("content", "refusal", "role", "annotations", "audio", "function_call", "tool_calls")


def whole_message(message: Values) -> dict[str, Any]:  # Any: the API's own
    """A message with all the keys that a message can have, in the order in which the client package writes them."""
    written = {key: message.get(key) for key in _MESSAGE}
    call = written["function_call"]
    if isinstance(call, dict):
        written["function_call"] = {key: call[key] for key in ("arguments", "name") if key in call}
    calls = written["tool_calls"]
    if isinstance(calls, list):
        written["tool_calls"] = [_tool_call(item) for item in calls]
    return written | {key: value for key, value in message.items() if key not in written}


def _tool_call(item: Any) -> Any:  # Any: the API's own
    if not isinstance(item, dict) or not isinstance(item.get("function"), dict):
        return item
    function = {key: item["function"][key] for key in ("arguments", "name") if key in item["function"]}
    ordered = {"id": item.get("id"), "function": function, "type": item.get("type")}
    return ordered | {key: value for key, value in item.items() if key not in ordered}


def _true(value: Any) -> bool:  # Any: as files say it
    return str(value).lower() == "true"


def check_functions(functions: Any, wrong: type[Exception] = ChatAPIInvalidFunctions) -> None:  # Any: as nodes give it
    """Check what the chat API would refuse later with less of an explanation.

    Raises:
        ChatAPIInvalidFunctions: The list is empty, or an item is not a function.
    """
    if not functions:
        raise wrong("The list of functions is empty. Add one, or remove it.")
    for number, function in enumerate(functions):
        _check_function(number, function, wrong)


def _check_function(number: int, function: Any, wrong: type[Exception]) -> None:  # Any: as nodes give it
    problem = None
    if not isinstance(function, dict):
        problem = "is not a mapping"
    elif not {"name", "parameters"} <= function.keys():
        problem = f"lacks {', '.join(sorted({'name', 'parameters'} - function.keys()))}"
    elif not isinstance(parameters := function["parameters"], dict):
        problem = "has parameters that are not a JSON schema"
    elif not {"type", "properties"} <= parameters.keys():
        problem = f"has parameters without {', '.join(sorted({'type', 'properties'} - parameters.keys()))}"
    elif parameters["type"] != "object" or not isinstance(parameters["properties"], dict):
        problem = "has parameters that are not an object with properties"
    if problem is not None:
        raise wrong(
            f"Function {number}, {function!r}, {problem}. Write "
            '{"name": ..., "parameters": {"type": "object", "properties": {...}}}.'
        )


def check_tools(tools: Any) -> None:  # Any: as nodes give it
    """As `check_functions`, for tools.

    Raises:
        ChatAPIInvalidTools: The list is empty, or an item is not a tool.
    """
    if not tools:
        raise ChatAPIInvalidTools("The list of tools is empty. Add one, or remove it.")
    for number, item in enumerate(tools):
        if not isinstance(item, dict) or not {"type", "function"} <= item.keys():
            raise ChatAPIInvalidTools(
                f'Tool {number}, {item!r}, is not a tool. Write {{"type": "function", "function": {{...}}}}.'
            )
        _check_function(number, item["function"], ChatAPIInvalidTools)


def checked_call(choice: Any) -> Any:  # Any: as nodes give it
    """What `function_call` is to be; `auto` if nothing was said."""
    if choice is None or choice in ("auto", "none"):
        return choice or "auto"
    if not isinstance(choice, dict) or "name" not in choice:
        raise ChatAPIInvalidFunctions(
            f'function_call is {choice!r}. Write "auto", "none" or {{"name": "my_function"}}.'
        )
    return choice


def checked_choice(choice: Any) -> Any:  # Any: as nodes give it
    """What `tool_choice` is to be; `auto` if nothing was said."""
    if choice is None or choice in ("auto", "none"):
        return choice or "auto"
    function = choice.get("function") if isinstance(choice, dict) else None
    if not isinstance(function, dict) or "name" not in function or "type" not in choice:
        raise ChatAPIInvalidTools(
            f'tool_choice is {choice!r}. Write "auto", "none" or '
            '{"type": "function", "function": {"name": "my_function"}}.'
        )
    return choice


def is_generator(value: object) -> bool:
    """Whether an answer comes piece by piece."""
    return inspect.isgenerator(value) or inspect.isasyncgen(value)
