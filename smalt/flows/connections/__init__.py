"""Connections of flows: what a flow file names instead of an address and a key.

`LocalConnections` keeps them on this machine, `WorkspaceConnections` takes them from a server; both are a
`ConnectionProvider`. Names are loaded on first use, so that a flow without connections pays nothing for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from smalt.flows.connections.base import SCRUBBED, Connection
    from smalt.flows.connections.custom import CustomConnection, CustomStrongTypeConnection
    from smalt.flows.connections.files import from_executor, load, parse, read_env, resolved, with_values
    from smalt.flows.connections.kinds import (
        STRONG_KINDS,
        AzureAIServicesConnection,
        AzureContentSafetyConnection,
        AzureOpenAIConnection,
        CognitiveSearchConnection,
        EchoConnection,
        FormRecognizerConnection,
        OpenAIConnection,
        QdrantConnection,
        SerpConnection,
        ServerlessConnection,
        WeaviateConnection,
    )
    from smalt.flows.connections.local import LocalConnections
    from smalt.flows.connections.workspace import WorkspaceConnections


class ConnectionProvider(Protocol):
    """Where connections come from."""

    def get(self, name: str) -> Connection:
        """A connection, ready for use.

        Raises:
            NotFound: There is none of that name.
        """
        ...


_PLACES = {
    "base": "SCRUBBED Connection",
    "custom": "CustomConnection CustomStrongTypeConnection",
    "files": "from_executor load parse read_env resolved with_values",
    "kinds": "STRONG_KINDS AzureAIServicesConnection AzureContentSafetyConnection AzureOpenAIConnection "
    "CognitiveSearchConnection EchoConnection FormRecognizerConnection OpenAIConnection QdrantConnection "
    "SerpConnection ServerlessConnection WeaviateConnection",
    "local": "LocalConnections",
    "workspace": "WorkspaceConnections",
}
_PUBLISHED = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = [
    "SCRUBBED",
    "STRONG_KINDS",
    "AzureAIServicesConnection",
    "AzureContentSafetyConnection",
    "AzureOpenAIConnection",
    "CognitiveSearchConnection",
    "Connection",
    "ConnectionProvider",
    "CustomConnection",
    "CustomStrongTypeConnection",
    "EchoConnection",
    "FormRecognizerConnection",
    "LocalConnections",
    "OpenAIConnection",
    "QdrantConnection",
    "SerpConnection",
    "ServerlessConnection",
    "WeaviateConnection",
    "WorkspaceConnections",
    "from_executor",
    "load",
    "parse",
    "read_env",
    "resolved",
    "with_values",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLISHED[name]}"), name)
