"""Text as a vector."""

from __future__ import annotations

from enum import Enum
from typing import Any

from smalt.flows.connections import AzureOpenAIConnection, OpenAIConnection, ServerlessConnection
from smalt.flows.errors import InvalidConnectionType
from smalt.flows.providers import ChatRequest, Operation
from smalt.flows.tools.declare import tool
from smalt.flows.tracing import model_calls


class EmbeddingModel(str, Enum):  # noqa: UP042  # a text of an f-string must be as it was
    """Models that embed text."""

    TEXT_EMBEDDING_ADA_002 = "text-embedding-ada-002"
    TEXT_SEARCH_ADA_DOC_001 = "text-search-ada-doc-001"
    TEXT_SEARCH_ADA_QUERY_001 = "text-search-ada-query-001"


@tool
def embedding(
    connection: AzureOpenAIConnection | OpenAIConnection | ServerlessConnection,
    input: str,  # noqa: A002  # the name that flow files write
    deployment_name: str = "",
    model: EmbeddingModel = EmbeddingModel.TEXT_EMBEDDING_ADA_002,
) -> list[float]:
    """The vector of a text.

    Raises:
        InvalidConnectionType: The connection answers no questions to models.
    """
    name, given, headers = model.value if isinstance(model, EmbeddingModel) else model, input, {}
    body: dict[str, Any] = {"input": given, "encoding_format": "base64"}
    if isinstance(connection, AzureOpenAIConnection):
        name, headers = deployment_name, {"ms-azure-ai-promptflow-called-from": "aoai-tool"}
    elif isinstance(connection, ServerlessConnection):
        body = {"input": [given], "encoding_format": "float"}
    elif type(connection).__name__ not in ("OpenAIConnection", "EchoConnection"):
        raise InvalidConnectionType(
            f"Not Support connection type '{type(connection).__name__}' for embedding api. "
            "Use a connection to Azure OpenAI, OpenAI or a serverless endpoint."
        )
    request = ChatRequest(model=name, body=body, operation=Operation.EMBEDDING, headers=headers)
    return decoded(model_calls.complete_now(connection, request).raw["data"][0]["embedding"])


def decoded(vector: Any) -> list[float]:
    """A vector, which may have come as base64 of its numbers."""
    if isinstance(vector, str):
        import array
        import base64

        return array.array("f", base64.b64decode(vector)).tolist()
    return list(vector)
