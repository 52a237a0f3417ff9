"""The kinds of connections that flow files and flow code name."""

from __future__ import annotations

import os
from typing import Any, Self

from smalt.errors import InvalidRequest
from smalt.flows.connections.base import Connection, SecretSetting, Setting

_TOKEN_SCOPE = "https://cognitiveservices.azure.com/.default"  # noqa: S105 - a scope, not a secret


class _WithKey(Connection):
    """A service that is opened by a key."""

    api_key = SecretSetting()


class _WithTokenOrKey(_WithKey):
    """A service that is opened by a key, or by a token of Microsoft Entra."""

    auth_mode = Setting("key")

    def get_token(self) -> str:
        """A token of the identity this process runs under.

        Raises:
            InvalidRequest: The package that fetches such tokens is not installed.
        """
        try:
            from azure.identity import DefaultAzureCredential  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise InvalidRequest(
                f"Connection {self.name!r} signs in with auth_mode {self.auth_mode!r}, which needs the package "
                "azure-identity. Install it, or give the connection an api_key and auth_mode: key."
            ) from None
        return str(DefaultAzureCredential().get_token(_TOKEN_SCOPE).token)


class AzureOpenAIConnection(_WithTokenOrKey):
    """Azure OpenAI."""

    TYPE = "AzureOpenAI"
    kind = "azure_open_ai"
    api_base = Setting(required=True)
    api_type = Setting("azure")
    api_version = Setting("2024-02-01")
    resource_id = Setting()

    @classmethod
    def from_env(cls, name: str | None = None) -> Self:
        """The connection that AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and OPENAI_API_VERSION describe."""
        return cls(
            api_base=_needed("AZURE_OPENAI_ENDPOINT", cls.__name__),
            api_key=_needed("AZURE_OPENAI_API_KEY", cls.__name__),
            api_version=os.environ.get("OPENAI_API_VERSION"),
            name=name,
        )


class OpenAIConnection(_WithKey):
    """OpenAI, or any server that speaks as it does (`base_url`)."""

    TYPE = "OpenAI"
    kind = "open_ai"
    organization = Setting()
    base_url = Setting()

    def __init__(self, *positional: object, name: str | None = None, **values: Any) -> None:  # Any: as in the file
        if values.get("base_url") in ("", "_"):  # how the service writes "the usual address"
            values["base_url"] = None
        super().__init__(*positional, name=name, **values)

    @classmethod
    def from_env(cls, name: str | None = None) -> Self:
        """The connection that OPENAI_API_KEY, OPENAI_ORG_ID and OPENAI_BASE_URL describe."""
        return cls(
            api_key=_needed("OPENAI_API_KEY", cls.__name__),
            organization=os.environ.get("OPENAI_ORG_ID"),
            base_url=os.environ.get("OPENAI_BASE_URL"),
            name=name,
        )


class ServerlessConnection(_WithKey):
    """A model endpoint that is paid by the token."""

    TYPE = "Serverless"
    kind = "serverless"
    api_base = Setting(required=True)


class SerpConnection(_WithKey):
    """Web search through SerpAPI."""

    TYPE = "Serp"
    kind = "serp"


class QdrantConnection(_WithKey):
    """A Qdrant vector store."""

    TYPE = "Qdrant"
    kind = "qdrant"
    module = "promptflow_vectordb.connections"
    api_base = Setting(required=True)


class WeaviateConnection(_WithKey):
    """A Weaviate vector store."""

    TYPE = "Weaviate"
    kind = "weaviate"
    module = "promptflow_vectordb.connections"
    api_base = Setting(required=True)


class CognitiveSearchConnection(_WithTokenOrKey):
    """Azure AI Search."""

    TYPE = "CognitiveSearch"
    kind = "cognitive_search"
    api_base = Setting(required=True)
    api_version = Setting("2023-11-01")


class AzureAIServicesConnection(_WithTokenOrKey):
    """Azure AI services under one address."""

    TYPE = "AzureAIServices"
    kind = "azure_ai_services"
    endpoint = Setting(required=True)


class AzureContentSafetyConnection(_WithKey):
    """Azure Content Safety."""

    TYPE = "AzureContentSafety"
    kind = "azure_content_safety"
    endpoint = Setting(required=True)
    api_version = Setting("2023-10-01")
    api_type = Setting("Content Safety")


class FormRecognizerConnection(_WithKey):
    """Azure Form Recognizer."""

    TYPE = "FormRecognizer"
    kind = "form_recognizer"
    endpoint = Setting(required=True)
    api_version = Setting("2023-07-31")
    api_type = Setting("Form Recognizer")


class EchoConnection(Connection):
    """The model that ships with smalt: it answers in this process, without a key and without a network."""

    TYPE = "Echo"
    kind = "echo"


def _needed(variable: str, owner: str) -> str:
    found = os.environ.get(variable)
    if found is None:
        raise InvalidRequest(f"{owner}.from_env() needs the environment variable {variable}. Set it.")
    return found


STRONG_KINDS: dict[str, type[Connection]] = {
    each.kind: each
    for each in (
        AzureOpenAIConnection,
        OpenAIConnection,
        ServerlessConnection,
        SerpConnection,
        QdrantConnection,
        WeaviateConnection,
        CognitiveSearchConnection,
        AzureAIServicesConnection,
        AzureContentSafetyConnection,
        FormRecognizerConnection,
        EchoConnection,
    )
}
"""Every kind with fields of its own, by the word of its YAML file."""
