"""Settings of a model, as flows and prompties name them, and the connection they come down to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import InvalidConnectionError, InvalidModelConfigValueType, UnknownConnectionType

if TYPE_CHECKING:
    from smalt.flows.connections import Connection, ConnectionProvider

_ENV = re.compile(r"^\$\{env:(.*)\}$")


class ModelConfiguration:
    """Settings of a model."""


@dataclass
class AzureOpenAIModelConfiguration(ModelConfiguration):
    """A deployment of Azure OpenAI: by its own settings, or by a connection.

    Raises:
        InvalidConnectionError: Both were given.
    """

    azure_deployment: str
    azure_endpoint: str | None = None
    api_version: str | None = None
    api_key: str | None = None
    connection: str | None = None

    def __post_init__(self) -> None:
        self._type = "azure_openai"
        _check_one(self.connection, self.azure_endpoint, self.api_key, self.api_version)

    @classmethod
    def from_connection(cls, connection: Any, azure_deployment: str) -> AzureOpenAIModelConfiguration:
        """The settings that a connection says. Any: an `AzureOpenAIConnection`, as its fields are."""
        return cls(azure_deployment, connection.api_base, connection.api_version, connection.api_key)


@dataclass
class OpenAIModelConfiguration(ModelConfiguration):
    """A model of OpenAI, or of a server that speaks its protocol: by its own settings, or by a connection.

    Raises:
        InvalidConnectionError: Both were given.
    """

    model: str
    base_url: str | None = None
    api_key: str | None = None
    organization: str | None = None
    connection: str | None = None

    def __post_init__(self) -> None:
        self._type = "openai"
        _check_one(self.connection, self.base_url, self.api_key, self.organization)

    @classmethod
    def from_connection(cls, connection: Any, model: str) -> OpenAIModelConfiguration:
        """The settings that a connection says. Any: an `OpenAIConnection`, as its fields are."""
        return cls(model, connection.base_url, connection.api_key, connection.organization)


CLASSES: dict[str, type[AzureOpenAIModelConfiguration] | type[OpenAIModelConfiguration]] = {
    "AzureOpenAIModelConfiguration": AzureOpenAIModelConfiguration,
    "OpenAIModelConfiguration": OpenAIModelConfiguration,
}


def _check_one(connection: str | None, *settings: str | None) -> None:
    if connection and any(settings):
        raise InvalidConnectionError(
            f"A model was given both the connection {connection!r} and settings of its own. Give one of them."
        )


def completed(value: Any, name: str, provider: Callable[[], ConnectionProvider]) -> ModelConfiguration:
    """A model configuration as a flow's class takes it, with the settings of its connection.

    Args:
        value: The configuration, or a mapping of its fields.
        name: The class that is wanted.
        provider: Where connections come from.

    Raises:
        InvalidModelConfigValueType: It is neither. Any: what a flow was given.
    """
    wanted = CLASSES[name]
    if isinstance(value, Mapping):
        value = wanted(**value)
    if not isinstance(value, wanted):
        raise InvalidModelConfigValueType(
            f"A {type(value).__name__} is not a {name}. Give a mapping with its fields, e.g. 'connection' and "
            f"{'azure_deployment' if wanted is AzureOpenAIModelConfiguration else 'model'!r}."
        )
    if not value.connection:
        return value
    connection = provider().get(value.connection)
    model = value.azure_deployment if isinstance(value, AzureOpenAIModelConfiguration) else value.model
    return wanted.from_connection(connection, model)


def connection_of(configuration: Any, provider: Callable[[], ConnectionProvider]) -> Connection:
    """The connection that a model's settings mean.

    Args:
        configuration: A mapping, as a prompty has it, or a model configuration.
        provider: Where connections come from.

    Raises:
        UnknownConnectionType: Its type is none that a prompty can use. Any: what a prompty was given.
    """
    from smalt.flows.connections import Connection

    settings = dict(configuration) if isinstance(configuration, Mapping) else asdict(configuration)
    kind = settings.pop("type", None) or getattr(configuration, "_type", None)
    named = settings.pop("connection", None)
    if isinstance(named, Connection):
        return named
    if named:
        return provider().get(named)
    settings = {key: _from_environment(value) for key, value in settings.items()}
    given = {key for key, value in settings.items() if value} - {"azure_deployment", "model"}
    return _made(kind, settings, is_empty=not given)


def _made(kind: Any, settings: dict[str, Any], *, is_empty: bool) -> Connection:  # Any: what a prompty says
    from smalt.flows import connections

    if kind in ("azure_openai", "azure_open_ai", "AzureOpenAI"):
        if is_empty:
            return connections.AzureOpenAIConnection.from_env()
        settings.setdefault("api_base", settings.get("azure_endpoint"))
        return connections.AzureOpenAIConnection(**_only(settings, "api_key", "api_base", "api_type", "api_version",
                                                         "auth_mode"))  # fmt: skip
    if kind in ("openai", "open_ai", "OpenAI"):
        if is_empty:
            return connections.OpenAIConnection.from_env()
        return connections.OpenAIConnection(**_only(settings, "api_key", "organization", "base_url"))
    if kind in ("serverless", "Serverless"):
        settings.setdefault("api_base", settings.get("endpoint"))
        return connections.ServerlessConnection(**_only(settings, "api_key", "api_base"))
    if kind == "echo":
        return connections.EchoConnection(name="echo")
    raise UnknownConnectionType(
        f"Not Support connection type {kind} for a prompty's model. Write 'type: azure_openai', 'openai', 'serverless' "
        "or 'echo', or name a connection."
    )


def _only(settings: Mapping[str, Any], *names: str) -> dict[str, Any]:  # Any: what a prompty says
    return {name: settings[name] for name in names if settings.get(name) is not None}


def _from_environment(value: Any) -> Any:  # Any: what a prompty says
    match = _ENV.match(value) if isinstance(value, str) else None
    return value if match is None else os.environ.get(match[1], value)
