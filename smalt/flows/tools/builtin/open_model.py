"""Open models behind an online endpoint: Llama, Falcon, Dolly, GPT-2."""

from __future__ import annotations

import time
from enum import Enum
from typing import Any

from smalt.flows.connections import CustomConnection
from smalt.flows.errors import UserErrorException
from smalt.flows.llm import messages, templates
from smalt.flows.tools.builtin import web
from smalt.flows.tools.declare import ToolProvider, tool
from smalt.flows.tools.types import PromptTemplate

_TRIES = 5
_TOO_MANY = 429


class API(str, Enum):  # noqa: UP042  # a text of an f-string must be as it was
    """What is asked."""

    CHAT = "chat"
    COMPLETION = "completion"


class OpenModelLLMUserError(UserErrorException):
    """The call cannot be made as asked."""


class OpenModelLLMOnlineEndpointError(UserErrorException):
    """The endpoint failed."""


class OpenModelLLMKeyValidationError(UserErrorException):
    """The connection lacks a key."""


class OpenModelLLM(ToolProvider):
    """Asks the endpoint of a custom connection with `endpoint_url`, `endpoint_api_key` and `model_family`.

    `endpoint_name` is `localConnection/NAME`, or the connection itself.
    """

    @tool
    def call(
        self,
        prompt: PromptTemplate,
        api: API,
        endpoint_name: str,
        deployment_name: str = None,  # type: ignore[assignment]  # noqa: RUF013  # read by editors as it is
        temperature: float = 1.0,
        max_new_tokens: int = 500,
        top_p: float = 1.0,
        model_kwargs: dict = {},  # type: ignore[type-arg]  # noqa: B006  # never changed
        **values: Any,
    ) -> str:
        """The text that the model answers.

        Raises:
            OpenModelLLMUserError: The endpoint's name means nothing here.
            OpenModelLLMKeyValidationError: The connection lacks a key.
            OpenModelLLMOnlineEndpointError: The endpoint failed.
        """
        url, key, family = _endpoint(endpoint_name)
        given = {"temperature": temperature, "top_p": top_p, "max_new_tokens": max_new_tokens, **model_kwargs}
        headers = {"Authorization": f"Bearer {key}"}
        if deployment_name:
            headers["azureml-model-deployment"] = deployment_name
        is_chat = str(getattr(api, "value", api)).lower() == "chat"
        return _text(_ask(url, _body(family, str(prompt), values, given, is_chat=is_chat), headers))


def _endpoint(name: Any) -> tuple[str, str, str]:
    from smalt.flows.connections import LocalConnections

    connection = name
    if not isinstance(connection, CustomConnection):
        kind, _, rest = str(name).partition("/")
        if kind not in ("connection", "localConnection") or not rest:
            raise OpenModelLLMUserError(
                f"The endpoint {name!r} means nothing here. Make a custom connection with endpoint_url, "
                "endpoint_api_key and model_family, and write 'localConnection/NAME'."
            )
        found = LocalConnections().get(rest)
        assert isinstance(found, CustomConnection)
        connection = found
    missing = [key for key in ("endpoint_url", "endpoint_api_key", "model_family") if key not in connection]
    if missing:
        raise OpenModelLLMKeyValidationError(f"The connection {connection.name!r} lacks {', '.join(missing)}. Add it.")
    return str(connection["endpoint_url"]), str(connection["endpoint_api_key"]), str(connection["model_family"])


def _body(family: str, prompt: str, values: dict[str, Any], given: dict[str, Any], *, is_chat: bool) -> dict[str, Any]:
    if family.lower().startswith("llama"):
        asked: Any = messages.build(prompt, values) if is_chat else [templates.render(prompt, values)]
        return {"input_data": {"input_string": asked, "parameters": given}}
    asked = [templates.render(prompt, values)]
    return {"input_data": {"input_string": asked, "columns": ["input_string"], "index": [0], "data": asked},
            "parameters": given, "params": given}  # fmt: skip


def _ask(url: str, body: Any, headers: dict[str, str]) -> Any:
    for attempt in range(1, _TRIES + 1):
        try:
            return web.post(url, body, headers)
        except web.ServiceFailed as error:
            if attempt == _TRIES or (error.status or 500) not in (_TOO_MANY, 500, 502, 503, 504):
                raise OpenModelLLMOnlineEndpointError(f"Exception hit calling Online Endpoint: {error}") from None
            time.sleep(2.0**attempt)
    raise AssertionError("the last try answers or raises")


def _text(answer: Any) -> str:
    if isinstance(answer, dict) and "output" in answer:
        return str(answer["output"])
    if isinstance(answer, list) and answer:
        first = answer[0]
        return str(first.get("0", next(iter(first.values()), ""))) if isinstance(first, dict) else str(first)
    return str(answer)
