"""The ARM spelling of workspaces and registries."""

from __future__ import annotations

from typing import Any

from smalt.wire.arm.base import ShapeCodec, as_object, plain
from smalt.wire.arm.shape import Both, CamelKeys, Shape, Words

_IDENTITY_TYPES = Words(
    {
        "system_assigned": "SystemAssigned",
        "user_assigned": "UserAssigned",
        "system_assigned,user_assigned": "SystemAssigned,UserAssigned",
        "none": "None",
    }
)
IDENTITY = Shape(
    {
        "type": "type",
        "principal_id": "principalId",
        "tenant_id": "tenantId",
        "user_assigned_identities": "userAssignedIdentities",
    },
    {"type": _IDENTITY_TYPES},
)
_KEY_FIELDS = {"key_vault": "keyVaultArmId", "key_uri": "keyIdentifier"}


def _encryption(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    vault = {_KEY_FIELDS[key]: item for key, item in value.items() if key in _KEY_FIELDS}
    rest = {key: item for key, item in value.items() if key not in _KEY_FIELDS}
    return {"status": "Enabled", "keyVaultProperties": vault, **rest}


def _managed_key(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    own = {wire: key for key, wire in _KEY_FIELDS.items()}
    vault = {
        own.get(key, key): item
        for key, item in as_object(value.get("keyVaultProperties"), "encryption.keyVaultProperties").items()
    }
    return vault | {key: item for key, item in value.items() if key not in {"keyVaultProperties", "status"}}


WORKSPACES = ShapeCodec(
    "workspace",
    plain(
        ["resource_group"],
        rename={
            "display_name": "friendlyName",
            "mlflow_tracking_uri": "mlFlowTrackingUri",
            "customer_managed_key": "encryption",
            "workspace_hub": "hubResourceId",
            "serverless_compute": "serverlessComputeSettings",
        },
        parts={
            "customer_managed_key": Both(_encryption, _managed_key),
            "managed_network": CamelKeys(),
            "public_network_access": Words({"Enabled": "Enabled", "Disabled": "Disabled"}),
        },
    ),
    tracked={"location": None, "tags": None, "identity": IDENTITY, "kind": None, "sku": None},
)
REGISTRIES = ShapeCodec(
    "registry",
    plain(
        rename={
            "mlflow_registry_uri": "mlFlowRegistryUri",
            "replication_locations": "regionDetails",
            "intellectual_property": "intellectualPropertyPublisher",
        },
        parts={
            "intellectual_property": Both(
                lambda value: value.get("publisher", value) if isinstance(value, dict) else value,
                lambda value: {"publisher": value} if isinstance(value, str) else value,
            )
        },
    ),
    tracked={"location": None, "tags": None, "identity": IDENTITY, "kind": None, "sku": None},
)
