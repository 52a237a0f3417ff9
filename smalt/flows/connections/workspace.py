"""Connections of a workspace: the server's nouns, told as those of flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from smalt.errors import NotFound, Unsupported
from smalt.flows.connections.base import Connection
from smalt.flows.connections.files import parse, resolved
from smalt.flows.connections.kinds import EchoConnection

if TYPE_CHECKING:
    from pydantic import SecretStr

    from smalt.entities.connection import Connection as WorkspaceConnection

_KINDS = {
    "azure_open_ai": "azure_open_ai",
    "open_ai": "open_ai",
    "serverless": "serverless",
    "azure_ai_services": "azure_ai_services",
    "azure_ai_search": "cognitive_search",
    "serp": "serp",
    "custom": "custom",
    "api_key": "custom",
}
_BY_SERVICE = {"content safety": "azure_content_safety", "form recognizer": "form_recognizer"}
_ADDRESSES = {
    "azure_open_ai": "api_base",
    "open_ai": "base_url",
    "serverless": "api_base",
    "cognitive_search": "api_base",
    "azure_ai_services": "endpoint",
    "azure_content_safety": "endpoint",
    "form_recognizer": "endpoint",
}


class WorkspaceConnections:
    """The connections of a workspace.

    Args:
        fetch: Gives a connection of the workspace with its secrets, by name; `MLClient.connections.get` does.
    """

    def __init__(self, fetch: Callable[[str], WorkspaceConnection]) -> None:
        self._fetch = fetch

    def get(self, name: str) -> Connection:
        """A connection, ready for use.

        Raises:
            NotFound: The workspace has none of that name, or the caller may not see it. `echo` is always there: the
                model that ships.
            Unsupported: It is of a kind that flows cannot use.
        """
        try:
            found = self._fetch(name)
        except NotFound:
            if name == EchoConnection.kind:
                return EchoConnection(name=name)
            raise
        return resolved(from_workspace(found))


def from_workspace(found: WorkspaceConnection) -> Connection:
    """A workspace's connection as one of flows."""
    kind = _kind(found)
    values: dict[str, Any] = {"name": found.name, "type": kind}  # Any: a document of plain values
    address = found.azure_endpoint or found.endpoint or found.api_base or found.url or found.target
    if kind in _ADDRESSES and address:
        values[_ADDRESSES[kind]] = address
    if kind == "custom":
        return parse(values | _custom(found, address))
    key = found.api_key or (found.credentials.key if found.credentials else None)
    if key is not None:
        values["api_key"] = key.get_secret_value()
    elif found.credentials and found.credentials.type in ("aad", "managed_identity"):
        values["auth_mode"] = "meid_token"
    for field in ("api_version", "api_type"):
        if getattr(found, field):
            values[field] = getattr(found, field)
    if kind == "azure_open_ai" and found.open_ai_resource_id:
        values["resource_id"] = found.open_ai_resource_id
    return parse(values)


def _kind(found: WorkspaceConnection) -> str:
    service = str(found.kind or (found.metadata or {}).get("Kind") or "").lower()
    kind = _BY_SERVICE.get(service) or _KINDS.get(str(found.type)) or _BY_SERVICE.get(str(found.type).replace("_", " "))
    if kind is None and found.type == "azure_content_safety":
        return "azure_content_safety"
    if kind is None:
        raise Unsupported(
            f"Connection {found.name!r} is of type {found.type!r}, which flows cannot use. They use "
            f"{', '.join(_KINDS)} and azure_content_safety."
        )
    return kind


def _custom(found: WorkspaceConnection, address: str | None) -> dict[str, Any]:  # Any: as above
    keys = dict(found.credentials.keys or {}) if found.credentials else {}
    single: SecretStr | None = found.api_key or (found.credentials.key if found.credentials else None)
    if single is not None:
        keys["api_key"] = single
    configs = dict(found.metadata or {}) | ({"api_base": address} if address else {})
    return {"configs": configs, "secrets": {name: value.get_secret_value() for name, value in keys.items()}}
