"""Model providers: who answers a flow's questions to models, chosen by the kind of the connection.

`provider_for` gives the same provider for the same connection, so that its limits and its back-off are shared by every
node and line of this process.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from smalt.flows.errors import InvalidConnectionType
from smalt.flows.providers.base import ChatAnswer, ChatPiece, ChatProvider, ChatRequest, Operation, Tokens

if TYPE_CHECKING:
    from smalt.flows.connections import Connection

__all__ = [
    "ChatAnswer",
    "ChatPiece",
    "ChatProvider",
    "ChatRequest",
    "InvalidConnectionType",
    "Operation",
    "Tokens",
    "provider_for",
]

ECHO = "echo"
"""The name of the model that ships, as a connection and as a model of any connection."""

_made: dict[str, ChatProvider] = {}
_lock = threading.Lock()


def provider_for(connection: Connection | None, *, model: str | None = None) -> ChatProvider:
    """Who answers for a connection.

    Args:
        connection: None where the model is `echo`, which needs no connection.
        model: The model that will be asked, where it is known.

    Raises:
        InvalidConnectionType: Connections of this kind answer no questions to models.
    """
    if connection is None and model not in (None, ECHO):
        raise InvalidConnectionType(f"The model {model!r} needs a connection. Name one, or use the model 'echo'.")
    if connection is None or model == ECHO or connection.kind == ECHO:
        return _kept(ECHO, None)
    identity = hashlib.sha256(repr(sorted(connection.document(secrets=True).items())).encode()).hexdigest()
    return _kept(identity, connection)


def _kept(identity: str, connection: Connection | None) -> ChatProvider:
    with _lock:
        found = _made.get(identity)
        if found is None:
            found = _made[identity] = _new(connection)
        return found


def _new(connection: Connection | None) -> ChatProvider:
    if connection is None:
        from smalt.flows.providers.echo import Echo

        return Echo()
    from smalt.flows.providers.openai_shaped import KINDS, OpenAIShaped

    if not isinstance(connection, KINDS):
        raise InvalidConnectionType(
            f"Connection {connection.name!r} is of type {connection.kind}, which answers no questions to models. Use "
            f"one of type {', '.join(each.kind for each in KINDS)} or echo."
        )
    return OpenAIShaped(connection)
