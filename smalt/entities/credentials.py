"""Credentials of datastores. Secret values never leave in a dump, a log or an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from smalt.entities.base import Entity
from smalt.entities.text import Text


class Credentials(Entity):
    """What all credentials share: none of their unknown fields is ever shown."""

    holds_secrets = True


class AccountKey(Credentials):
    """The key of a storage account."""

    type: Literal["account_key"] = "account_key"
    account_key: SecretStr | None = None


class SasToken(Credentials):
    """A shared access signature."""

    type: Literal["sas"] = "sas"
    sas_token: SecretStr | None = None


class ServicePrincipal(Credentials):
    """An application of a directory."""

    type: Literal["service_principal"] = "service_principal"
    tenant_id: Text | None = None
    client_id: Text | None = None
    client_secret: SecretStr | None = None
    authority_url: Text | None = None
    resource_url: Text | None = None


class Certificate(Credentials):
    """An application that proves itself by a certificate."""

    type: Literal["certificate"] = "certificate"
    tenant_id: Text | None = None
    client_id: Text | None = None
    certificate: SecretStr | None = None
    thumbprint: Text | None = None
    authority_url: Text | None = None
    resource_url: Text | None = None


class AccessKey(Credentials):
    """An access key of an S3-compatible store."""

    type: Literal["access_key"] = "access_key"
    access_key_id: Text | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None


class ServiceAccount(Credentials):
    """A service account of Google Cloud: the text of its key file."""

    type: Literal["service_account"] = "service_account"
    service_account_key: SecretStr | None = None


class NoCredentials(Credentials):
    """The identity of the caller or of the compute is used."""

    type: Literal["none"] = "none"


_BY_KEY = {
    "account_key": "account_key",
    "sas_token": "sas",
    "client_secret": "service_principal",
    "certificate": "certificate",
    "thumbprint": "certificate",
    "access_key_id": "access_key",
    "service_account_key": "service_account",
}


def _with_type(value: object) -> object:
    """YAML names no type: the keys tell it."""
    if value is None:
        return {"type": "none"}
    if not isinstance(value, dict) or "type" in value:
        return value
    kind = next((kind for key, kind in _BY_KEY.items() if key in value), "none")
    return {**value, "type": kind}


DatastoreCredentials = Annotated[
    AccountKey | SasToken | ServicePrincipal | Certificate | AccessKey | ServiceAccount | NoCredentials,
    Field(discriminator="type"),
]
CredentialsField = Annotated[DatastoreCredentials, BeforeValidator(_with_type)]
