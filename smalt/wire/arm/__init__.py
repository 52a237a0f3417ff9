"""The ARM spelling of the nouns: one codec per kind, and the envelope that every resource travels in."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from smalt.errors import Unsupported

if TYPE_CHECKING:
    from smalt.wire.arm.base import Codec

_CODECS = {
    "workspaces": "workspaces:WORKSPACES",
    "registries": "workspaces:REGISTRIES",
    "datastores": "datastores:DATASTORES",
    "codes": "assets:CODES",
    "data": "assets:DATA",
    "environments": "assets:ENVIRONMENTS",
    "models": "assets:MODELS",
    "components": "assets:COMPONENTS",
    "containers": "assets:CONTAINERS",
    "computes": "computes:COMPUTES",
    "connections": "connections:CONNECTIONS",
    "jobs": "jobs:JOBS",
    "schedules": "schedules:SCHEDULES",
    "onlineEndpoints": "online_endpoints:ONLINE_ENDPOINTS",
    "onlineDeployments": "online_deployments:ONLINE_DEPLOYMENTS",
    "batchEndpoints": "batch:BATCH_ENDPOINTS",
    "batchDeployments": "batch:BATCH_DEPLOYMENTS",
    "modelCards": "catalog:MODEL_CARDS",
    "serverlessEndpoints": "catalog:SERVERLESS_ENDPOINTS",
    "marketplaceSubscriptions": "catalog:MARKETPLACE_SUBSCRIPTIONS",
}

KINDS = tuple(_CODECS)


def codec(kind: str) -> Codec:
    """The codec for an ARM type, e.g. `jobs`; `containers` serves the container of every versioned asset.

    Raises:
        Unsupported: No codec speaks this type.
    """
    if kind not in _CODECS:
        raise Unsupported(f"The resource type {kind!r} is not served here. Known: {', '.join(_CODECS)}.")
    module, name = _CODECS[kind].split(":")
    return cast("Codec", getattr(import_module(f"smalt.wire.arm.{module}"), name))
