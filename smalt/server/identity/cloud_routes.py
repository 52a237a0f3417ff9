"""The cloud as the official clients look it up: endpoints and suffixes, and the tenant."""

from __future__ import annotations

from typing import Any

from smalt.server.http import ANYONE, SIGNED_IN, Answer, Call, Route, Routes, ok
from smalt.server.identity.service import IdentityService

STORAGE_SUFFIX = "smalt.local"
"""What the official clients put behind an account name to build a blob URL."""

_PORTAL = "https://portal.smalt.local.x"  # clients derive the audience https://ml.azure.local.x from it


def cloud_routes(identity: IdentityService) -> list[Route]:
    """The routes by which a client learns where everything is."""
    table = Routes()

    def endpoints(call: Call) -> Answer:
        """The endpoints of this cloud; a list or one object, as the asked version has it."""
        cloud = _cloud(call.base_url)
        return ok(cloud if call.query.get("api-version", "") >= "2020" else [cloud])

    def tenants(call: Call) -> Answer:
        """The one tenant of this installation."""
        tenant = {
            "id": f"/tenants/{identity.tenant}",
            "tenantId": identity.tenant,
            "displayName": "smalt",
            "defaultDomain": "smalt.local",
            "tenantCategory": "Home",
        }
        return ok({"value": [tenant]})

    table.add("GET", "/metadata/endpoints", endpoints, action=ANYONE, query=("api-version",))
    table.add("GET", "/tenants", tenants, action=SIGNED_IN)
    return table.all


def _cloud(base_url: str) -> dict[str, Any]:
    return {
        "name": "Smalt",
        "portal": _PORTAL,
        "resourceManager": base_url,
        "authentication": {
            "loginEndpoint": base_url,
            "audiences": [base_url],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": STORAGE_SUFFIX,
            "keyVaultDns": f"vault.{STORAGE_SUFFIX}",
            "acrLoginServer": f"azurecr.{STORAGE_SUFFIX}",
        },
        "graph": base_url,
        "graphAudience": base_url,
        "media": base_url,
        "batch": base_url,
        "gallery": base_url,
        "sqlManagement": base_url,
        "activeDirectoryDataLake": base_url,
        "vmImageAliasDoc": f"{base_url}/metadata/aliases",
    }
