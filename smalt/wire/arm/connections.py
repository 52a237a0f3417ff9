"""The ARM spelling of connections: `category`, `authType`, `target`, `metadata` and `credentials`."""

from __future__ import annotations

from smalt.entities.base import Entity
from smalt.entities.connection import Connection
from smalt.errors import InvalidRequest
from smalt.wire.arm import schema
from smalt.wire.arm.base import ENVELOPE, as_object, envelope_fields, opened
from smalt.wire.arm.shape import JsonObject, Shape, Words

_CATEGORIES = Words(
    {
        "git": "Git",
        "python_feed": "PythonFeed",
        "container_registry": "ContainerRegistry",
        "s3": "S3",
        "snowflake": "Snowflake",
        "azure_sql_db": "AzureSqlDb",
        "azure_synapse_analytics": "AzureSynapseAnalytics",
        "azure_my_sql_db": "AzureMySqlDb",
        "azure_postgres_db": "AzurePostgresDb",
        "azure_data_lake_gen2": "ADLSGen2",
        "azure_blob": "AzureBlob",
        "azure_one_lake": "AzureOneLake",
        "azure_open_ai": "AzureOpenAI",
        "open_ai": "OpenAI",
        "azure_ai_services": "AIServices",
        "azure_ai_search": "CognitiveSearch",
        "azure_content_safety": "CognitiveService",
        "azure_speech_services": "CognitiveService",
        "serp": "Serp",
        "serverless": "Serverless",
        "api_key": "ApiKey",
        "custom": "CustomKeys",
        "redis": "Redis",
    }
)
_KINDS = {"azure_content_safety": "Content Safety", "azure_speech_services": "speech"}
_AUTH = Words(
    {
        "pat": "PAT",
        "sas": "SAS",
        "username_password": "UsernamePassword",
        "managed_identity": "ManagedIdentity",
        "service_principal": "ServicePrincipal",
        "access_key": "AccessKey",
        "api_key": "ApiKey",
        "account_key": "AccountKey",
        "custom_keys": "CustomKeys",
        "aad": "AAD",
        "none": "None",
    }
)
_TARGETS = {
    "azure_open_ai": "azure_endpoint",
    "azure_ai_services": "endpoint",
    "azure_ai_search": "endpoint",
    "azure_content_safety": "endpoint",
    "azure_speech_services": "endpoint",
    "serverless": "endpoint",
    "azure_one_lake": "endpoint",
    "api_key": "api_base",
    "azure_blob": "url",
}
_METADATA = {
    "api_version": "ApiVersion",
    "api_type": "ApiType",
    "kind": "Kind",
    "account_name": "AccountName",
    "container_name": "ContainerName",
}
_RESOURCE_IDS = {"azure_open_ai": "open_ai_resource_id", "azure_ai_services": "ai_services_resource_id"}
_WITH_METADATA = frozenset({*_TARGETS, *_KINDS})
_FLAT_KEY = frozenset({*_TARGETS, "open_ai", "serp"}) - {"azure_blob", "azure_one_lake"}
_CREDENTIAL_NAMES = Shape(
    {
        "key": "key",
        "account_key": "key",
        "pat": "pat",
        "sas_token": "sas",
        "username": "username",
        "password": "password",
        "client_id": "clientId",
        "client_secret": "clientSecret",
        "tenant_id": "tenantId",
        "resource_id": "resourceId",
        "access_key_id": "accessKeyId",
        "secret_access_key": "secretAccessKey",
        "keys": "keys",
    }
)
_SHAPE = Shape.of(Connection, rename={"type": "category", "is_shared": "isSharedToAll"}, skip=ENVELOPE)


class ConnectionCodec:
    """Each specialised field of a connection has one place on the wire; secrets travel only when asked for."""

    def to_arm(self, entity: Entity, *, secrets: bool = False) -> JsonObject:
        """See `Codec.to_arm`."""
        document = entity.document(secrets=secrets)
        kind = str(document["type"])
        metadata = dict(document.pop("metadata", {}))
        if kind in _KINDS:
            metadata.setdefault("Kind", _KINDS[kind])
        named = _METADATA | dict.fromkeys(_RESOURCE_IDS.values(), "ResourceId")
        metadata |= {named[field]: document.pop(field) for field in named if field in document}
        for field in dict.fromkeys(_TARGETS.values()):
            if field in document:
                document["target"] = document.pop(field)
        credentials = document.pop("credentials", None)
        assert isinstance(entity, Connection)
        has_key = entity.api_key is not None
        key = document.pop("api_key", None)
        if credentials is None:
            credentials = {"type": "api_key", "key": key} if has_key else {"type": "none"}
        document |= {"type": _CATEGORIES.to_arm(kind), "authType": _AUTH.to_arm(credentials.pop("type"))}
        body: JsonObject = _SHAPE.to_arm(document)
        body["metadata"] = metadata
        told = {name: value for name, value in credentials.items() if value is not None}
        if told:
            body["credentials"] = _CREDENTIAL_NAMES.to_arm(told)
        return {"properties": body}

    def from_arm(self, body: object, *, name: str | None = None, version: str | None = None) -> Connection:
        """See `Codec.from_arm`."""
        whole, properties = opened(body)
        auth = _AUTH.from_arm(properties.pop("authType", None) or "None")
        metadata = dict(as_object(properties.pop("metadata", None), "properties.metadata"))
        told = as_object(properties.pop("credentials", None), "properties.credentials")
        told = {key: value for key, value in told.items() if value is not None}
        document: JsonObject = _SHAPE.from_arm(properties)
        kind = self._type(document.get("type"), metadata)
        if not isinstance(kind, str):
            raise InvalidRequest("properties.category is not text. Send a category.", target="properties.category")
        document |= {"type": kind} | self._fields(kind, document, metadata)
        if auth == "api_key" and kind in _FLAT_KEY and told.keys() == {"key"}:
            document["api_key"] = told["key"]
        elif auth != "none" or told:
            document["credentials"] = {"type": auth, **self._credentials(auth, told)}
        if metadata:
            document["metadata"] = metadata
        return Connection.parse(document | envelope_fields(whole, name=name, version=None))

    def schema(self) -> JsonObject:
        """See `Codec.schema`."""
        common = ("target", "isSharedToAll", "expiryTime", "description", "tags")
        own = schema.wire_schema(Connection, _SHAPE)["properties"]
        told = {wire: {"type": "string"} for wire in _CREDENTIAL_NAMES.names.values() if wire != "keys"}
        properties = {key: own[key] for key in common} | {
            "category": {"type": "string", "enum": [*dict.fromkeys(_CATEGORIES.pairs.values())]},
            "authType": {"type": "string", "enum": [*_AUTH.pairs.values()]},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
            "credentials": {"type": "object", "properties": told},
        }
        return schema.body({"type": "object", "required": ["category"], "properties": properties})

    @staticmethod
    def _type(category: object, metadata: JsonObject) -> object:
        if category == "CognitiveService":
            speech = str(metadata.get("Kind", "")).lower() == "speech"
            return "azure_speech_services" if speech else "azure_content_safety"
        return _CATEGORIES.from_arm(category)

    @staticmethod
    def _fields(kind: str, document: JsonObject, metadata: JsonObject) -> JsonObject:
        """Take target and metadata to the fields that the type has for them."""
        found: JsonObject = {}
        if kind in _TARGETS and "target" in document:
            found[_TARGETS[kind]] = document.pop("target")
        if kind in _WITH_METADATA:
            found |= {field: metadata.pop(key) for field, key in _METADATA.items() if key in metadata}
        if kind in _RESOURCE_IDS and "ResourceId" in metadata:
            found[_RESOURCE_IDS[kind]] = metadata.pop("ResourceId")
        return found

    @staticmethod
    def _credentials(auth: object, told: JsonObject) -> JsonObject:
        own = {wire: field for field, wire in _CREDENTIAL_NAMES.names.items()}
        own["key"] = "account_key" if auth == "account_key" else "key"
        return {own.get(key, key): value for key, value in told.items()}


CONNECTIONS = ConnectionCodec()
