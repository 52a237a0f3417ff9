"""The ARM spelling of datastores and their credentials."""

from __future__ import annotations

from typing import Any

from smalt.entities.datastore import Datastore
from smalt.errors import InvalidRequest
from smalt.wire.arm.base import ShapeCodec, plain
from smalt.wire.arm.shape import Both, JsonObject, Words, camel

_TYPES = Words(
    {
        "azure_blob": "AzureBlob",
        "azure_file": "AzureFile",
        "azure_data_lake_gen1": "AzureDataLakeGen1",
        "azure_data_lake_gen2": "AzureDataLakeGen2",
        "one_lake": "OneLake",
        "local": "Local",
        "s3": "S3",
        "gcs": "Gcs",
    }
)
_CREDENTIALS = Words(
    {
        "account_key": "AccountKey",
        "sas": "Sas",
        "service_principal": "ServicePrincipal",
        "certificate": "Certificate",
        "access_key": "AccessKey",
        "service_account": "ServiceAccount",
        "none": "None",
    }
)
_SECRETS = {
    "account_key": "key",
    "sas_token": "sasToken",
    "client_secret": "clientSecret",
    "certificate": "certificate",
    "secret_access_key": "secretAccessKey",
    "session_token": "sessionToken",
    "service_account_key": "serviceAccountKey",
}
_PUBLIC = ("tenant_id", "client_id", "authority_url", "resource_url", "thumbprint", "access_key_id")


def _to_arm(value: Any) -> Any:  # Any: JSON
    kind = _CREDENTIALS.to_arm(value["type"])
    secrets = {_SECRETS[key]: item for key, item in value.items() if key in _SECRETS}
    rest = {camel(key) if key in _PUBLIC else key: item for key, item in value.items() if key not in _SECRETS}
    rest.pop("type")
    return {"credentialsType": kind, **rest} | ({"secrets": {"secretsType": kind, **secrets}} if secrets else {})


def _from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    public = {camel(key): key for key in _PUBLIC}
    document = {public.get(key, key): item for key, item in value.items() if key not in {"credentialsType", "secrets"}}
    secrets = value.get("secrets")
    own = {wire: key for key, wire in _SECRETS.items()}
    if isinstance(secrets, dict):
        document |= {own[key]: item for key, item in secrets.items() if key in own and item is not None}
    return document | {"type": _CREDENTIALS.from_arm(value.get("credentialsType", "none"))}


_CREDENTIAL_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "credentialsType": {"type": "string", "enum": [*_CREDENTIALS.pairs.values()]},
        **{camel(key): {"type": "string"} for key in _PUBLIC},
        "secrets": {"type": "object", "properties": {wire: {"type": "string"} for wire in _SECRETS.values()}},
    },
}


def secrets_to_arm(datastore: Datastore) -> JsonObject:
    """The answer of `listSecrets`: `{"secretsType": "Sas", "sasToken": ".."}`.

    Raises:
        InvalidRequest: There are none. Older official clients (1.20) ask for them all the same, and take the caller's
            own token only after a refusal.
    """
    body: JsonObject = _to_arm(datastore.credentials.document(secrets=True))
    if "secrets" not in body:
        raise InvalidRequest(
            f"Datastore {datastore.name!r} holds no secrets: whoever calls is known by their own token.",
            code="NoSecrets",
        )
    answer: JsonObject = body["secrets"]
    return answer


DATASTORES = ShapeCodec(
    "datastore",
    plain(
        rename={"type": "datastoreType"},
        parts={"type": _TYPES, "credentials": Both(_to_arm, _from_arm, _CREDENTIAL_SCHEMA)},
    ),
    type_key="datastoreType",
)
