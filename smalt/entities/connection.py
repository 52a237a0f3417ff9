"""Connections: named targets outside, with the credentials that open them."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from smalt.entities.base import Entity, Named, TextMap
from smalt.entities.text import Text


class ConnectionCredentials(Entity):
    """Credentials of a connection; which fields are set depends on `type`."""

    holds_secrets = True

    type: Text = "none"
    key: SecretStr | None = None
    account_key: SecretStr | None = None
    pat: SecretStr | None = None
    sas_token: SecretStr | None = None
    username: Text | None = None
    password: SecretStr | None = None
    client_id: Text | None = None
    client_secret: SecretStr | None = None
    tenant_id: Text | None = None
    resource_id: Text | None = None
    access_key_id: Text | None = None
    secret_access_key: SecretStr | None = None
    keys: dict[str, SecretStr] | None = None


class Connection(Named):
    """A connection of any type; `target` is its address, `metadata` its settings that are not secret."""

    type: Text
    target: Text | None = None
    credentials: ConnectionCredentials | None = None
    api_key: SecretStr | None = None
    is_shared: bool = True
    metadata: TextMap | None = None
    expiry_time: Text | None = None

    # Fields of the specialised types, each of which has one place on the wire.
    azure_endpoint: Text | None = None
    endpoint: Text | None = None
    api_base: Text | None = None
    url: Text | None = None
    api_version: Text | None = None
    api_type: Text | None = None
    kind: Text | None = None
    open_ai_resource_id: Text | None = None
    ai_services_resource_id: Text | None = None
    account_name: Text | None = None
    container_name: Text | None = None
    artifact: Any = None  # Any: kept as given
