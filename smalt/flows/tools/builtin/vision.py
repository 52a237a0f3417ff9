"""Chats about images."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from smalt.flows.connections import AzureOpenAIConnection, Connection, OpenAIConnection
from smalt.flows.errors import InvalidConnectionType
from smalt.flows.llm import calls, messages, templates
from smalt.flows.providers import ChatRequest
from smalt.flows.tools.declare import ToolProvider, tool
from smalt.flows.tools.types import PromptTemplate
from smalt.flows.tracing import model_calls
from smalt.flows.tracing.decorate import original
from smalt.flows.values import images

_HEADERS = {"ms-azure-ai-promptflow-called-from": "aoai-gpt4v-tool"}
_FIELDS: dict[str, Any] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "stream": False,
    "stop": None,
    "max_tokens": None,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "seed": None,
    "detail": "auto",
}


def _ask(connection: Connection, prompt: str, model: str, given: Mapping[str, Any]) -> Any:
    """Text, or a generator of text. Images among the values take their places in the prompt."""
    values = _FIELDS | dict(given)
    rest = {key: value for key, value in values.items() if key not in _FIELDS}
    from_users = rest.pop("_inputs_to_escape", None) or ()
    found = images.found_in(rest)
    # The level of detail is the original's: it takes the parameter, and sends `auto`.
    built = messages.build(
        templates.with_images_on_lines(str(prompt)), messages.as_chat_lists(rest), from_users=from_users, images=found
    )
    body: dict[str, Any] = {"messages": built, "n": 1}
    body |= {key: values[key] for key in ("temperature", "top_p", "stream", "presence_penalty", "frequency_penalty")}
    body |= {key: values[key] for key in ("stop", "max_tokens", "seed") if values[key] not in (None, [], "")}
    is_azure = isinstance(connection, AzureOpenAIConnection)
    request = ChatRequest(model=model, body=body, headers=_HEADERS if is_azure else {})
    if values["stream"]:
        return (piece.text for piece in model_calls.stream_now(connection, request) if piece.text)
    return calls.answer_of(model_calls.complete_now(connection, request), as_message=False)


@tool(streaming_option_parameter="stream")
def llm_vision(
    connection: AzureOpenAIConnection | OpenAIConnection,
    prompt: PromptTemplate,
    deployment_name: str = "",
    model: str = "",
    temperature: float = 1.0,
    top_p: float = 1.0,
    stream: bool = False,
    stop: list = None,  # type: ignore[type-arg,assignment]  # noqa: RUF013  # read by editors as it is
    max_tokens: int = None,  # type: ignore[assignment]  # noqa: RUF013
    presence_penalty: float = 0,
    frequency_penalty: float = 0,
    seed: int = None,  # type: ignore[assignment]  # noqa: RUF013
    detail: str = "auto",
    **values: Any,
) -> Any:
    """Answer a chat with images, by whatever the connection is to.

    Raises:
        InvalidConnectionType: The connection answers no questions to models.
    """
    given = dict(values, temperature=temperature, top_p=top_p, stream=stream, stop=stop, max_tokens=max_tokens)
    given |= {"presence_penalty": presence_penalty, "frequency_penalty": frequency_penalty, "seed": seed}
    given["detail"] = detail
    if isinstance(connection, AzureOpenAIConnection):
        return _ask(connection, prompt, deployment_name, given)
    if isinstance(connection, OpenAIConnection):
        return _ask(connection, prompt, model or "gpt-4-vision-preview", given)
    raise InvalidConnectionType(
        f"Not Support connection type '{type(connection).__name__}' for llm vision. "
        "Use a connection to Azure OpenAI or OpenAI."
    )


def _chat(self: Any, **given: Any) -> Any:
    """Answer the chat that a prompt describes."""
    return original(llm_vision)(self.connection, **given)


# The parameters are those of the function, told once; the connection belongs to the constructor.
_parameters = list(inspect.signature(llm_vision).parameters.values())
_chat.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # honoured by `inspect.signature`
    [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *_parameters[1:]]
)
_chat.__annotations__ = {name: kind for name, kind in llm_vision.__annotations__.items() if name != "connection"}
_chat.__name__ = "chat"


class AzureOpenAI(ToolProvider):
    """Models of Azure OpenAI that see."""

    def __init__(self, connection: AzureOpenAIConnection) -> None:
        super().__init__()
        self.connection = connection

    chat = tool(streaming_option_parameter="stream")(_chat)


class OpenAI(ToolProvider):
    """Models of OpenAI that see."""

    def __init__(self, connection: OpenAIConnection) -> None:
        super().__init__()
        self.connection = connection

    chat = tool(streaming_option_parameter="stream")(_chat)
