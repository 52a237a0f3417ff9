"""Chat and completion of both OpenAI kinds, callable from tools and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.flows.connections import AzureOpenAIConnection, Connection, OpenAIConnection, ServerlessConnection
from smalt.flows.errors import InvalidConnectionType
from smalt.flows.llm.calls import ModelCall
from smalt.flows.tools.declare import ToolProvider, tool
from smalt.flows.tools.types import PromptTemplate

_WHOLE = {"temperature": 1, "top_p": 1}  # the functions have whole numbers as defaults, and so say the requests
Answer = Any  # Any: text, a message, or a generator of text


def ask(provider: str, api: str, connection: Connection, prompt: str, values: Mapping[str, Any]) -> Answer:
    """One call; values that are no parameters of the API fill the prompt."""
    call = ModelCall(provider, api, connection, template=str(prompt))
    return call.run_now(**values)


class AzureOpenAI(ToolProvider):
    """Models of Azure OpenAI."""

    def __init__(self, connection: AzureOpenAIConnection) -> None:
        super().__init__()
        self.connection = connection

    @tool(streaming_option_parameter="stream")
    def chat(self, prompt: PromptTemplate, deployment_name: str, **values: Any) -> Answer:
        """Answer the chat that a prompt describes."""
        return ask("AzureOpenAI", "chat", self.connection, prompt, {"deployment_name": deployment_name, **values})

    @tool(streaming_option_parameter="stream")
    def completion(self, prompt: PromptTemplate, deployment_name: str, **values: Any) -> Answer:
        """Continue a text."""
        return ask("AzureOpenAI", "completion", self.connection, prompt, {"deployment_name": deployment_name, **values})


class OpenAI(ToolProvider):
    """Models of OpenAI, and of servers that speak its protocol."""

    def __init__(self, connection: OpenAIConnection) -> None:
        super().__init__()
        self.connection = connection

    @tool(streaming_option_parameter="stream")
    def chat(self, prompt: PromptTemplate, model: str = "", **values: Any) -> Answer:
        """Answer the chat that a prompt describes."""
        return ask("OpenAI", "chat", self.connection, prompt, {"model": model, **values})

    @tool(streaming_option_parameter="stream")
    def completion(self, prompt: PromptTemplate, model: str = "text-davinci-003", **values: Any) -> Answer:
        """Continue a text."""
        return ask("OpenAI", "completion", self.connection, prompt, {"model": model, **values})


@tool
def azure_chat(
    connection: AzureOpenAIConnection, prompt: PromptTemplate, deployment_name: str, **values: Any
) -> Answer:
    """Answer the chat that a prompt describes, by a deployment of Azure OpenAI."""
    return ask("AzureOpenAI", "chat", connection, prompt, _WHOLE | {"deployment_name": deployment_name, **values})


@tool
def azure_completion(
    connection: AzureOpenAIConnection, prompt: PromptTemplate, deployment_name: str, **values: Any
) -> Answer:
    """Continue a text, by a deployment of Azure OpenAI."""
    return ask("AzureOpenAI", "completion", connection, prompt, {"deployment_name": deployment_name, **values})


@tool
def open_ai_chat(connection: OpenAIConnection, prompt: PromptTemplate, model: str = "", **values: Any) -> Answer:
    """Answer the chat that a prompt describes, by a model of OpenAI."""
    return ask("OpenAI", "chat", connection, prompt, _WHOLE | {"model": model, **values})


@tool
def open_ai_completion(
    connection: OpenAIConnection, prompt: PromptTemplate, model: str = "text-davinci-003", **values: Any
) -> Answer:
    """Continue a text, by a model of OpenAI."""
    return ask("OpenAI", "completion", connection, prompt, {"model": model, **values})


@tool(streaming_option_parameter="stream")
def llm(
    connection: AzureOpenAIConnection | OpenAIConnection | ServerlessConnection,
    prompt: PromptTemplate,
    api: str = "chat",
    deployment_name: str = "",
    model: str = "",
    temperature: float = 1.0,
    top_p: float = 1.0,
    stream: bool = False,
    stop: list = None,  # type: ignore[type-arg,assignment]  # noqa: RUF013  # read by editors as it is
    max_tokens: int = None,  # type: ignore[assignment]  # noqa: RUF013
    presence_penalty: float = None,  # type: ignore[assignment]  # noqa: RUF013
    frequency_penalty: float = None,  # type: ignore[assignment]  # noqa: RUF013
    logit_bias: dict = {},  # type: ignore[type-arg]  # noqa: B006  # never changed
    tool_choice: object = None,
    tools: list = None,  # type: ignore[type-arg,assignment]  # noqa: RUF013
    response_format: object = None,
    seed: int = None,  # type: ignore[assignment]  # noqa: RUF013
    suffix: str = None,  # type: ignore[assignment]  # noqa: RUF013
    logprobs: int = None,  # type: ignore[assignment]  # noqa: RUF013
    echo: bool = False,
    best_of: int = 1,
    **values: Any,
) -> Answer:
    """Answer a chat or continue a text, by whatever the connection is to.

    Raises:
        InvalidConnectionType: The connection answers no questions to models.
    """
    given = dict(
        values,
        temperature=temperature,
        top_p=top_p,
        stream=stream,
        stop=stop,
        max_tokens=max_tokens,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        logit_bias=logit_bias,
    )
    if api == "completion":
        given |= {"suffix": suffix, "logprobs": logprobs, "echo": echo, "best_of": best_of}
    else:
        api = "chat"
        given |= {"tool_choice": tool_choice, "tools": tools, "response_format": response_format, "seed": seed}
    if isinstance(connection, AzureOpenAIConnection):
        return ask("AzureOpenAI", api, connection, prompt, given | {"deployment_name": deployment_name})
    if type(connection).__name__ in ("OpenAIConnection", "ServerlessConnection", "EchoConnection"):
        return ask("OpenAI", api, connection, prompt, given | {"model": model})
    raise InvalidConnectionType(
        f"Not Support connection type '{type(connection).__name__}' for llm. "
        "Use a connection to Azure OpenAI, OpenAI or a serverless endpoint."
    )
