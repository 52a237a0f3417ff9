"""A workspace as ARM answers it: the entity's own spelling, and what only the server can say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from smalt.entities.workspace import Workspace
from smalt.errors import InvalidRequest
from smalt.server.workspaces.record import GroupRecord, WorkspaceRecord
from smalt.wire.arm import codec
from smalt.wire.arm.shape import camel

_TRACKED = ("location", "tags", "identity", "kind", "sku")


def workspace_body(record: WorkspaceRecord, *, base_url: str, tenant: str) -> dict[str, Any]:
    """The whole resource."""
    body = codec("workspaces").to_arm(record.entity)
    facts = record.entity.creation_context
    identity = {"type": "SystemAssigned", **(body.pop("identity", None) or {})}
    properties = {**_neighbours(record), **body.pop("properties")}
    properties |= {
        "friendlyName": record.entity.display_name or record.name,
        "workspaceId": record.id,
        "tenantId": tenant,
        "provisioningState": "Succeeded",
        "discoveryUrl": f"{base_url}/discovery/workspaces/{record.id}",
        "mlFlowTrackingUri": f"{base_url}/mlflow/v2.0{record.scope}",
    }
    return {
        "id": record.scope,
        "name": record.name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "etag": record.etag,
        "sku": {"name": "Basic", "tier": "Basic"},
        **body,
        "location": record.location,
        "identity": {**identity, "principalId": record.id, "tenantId": tenant},
        "systemData": {camel(key): value for key, value in (facts.document() if facts else {}).items()},
        "properties": properties,
    }


def read_workspace(body: Mapping[str, Any], name: str) -> Workspace:
    """The workspace in a PUT."""
    whole = {"properties": {}, **body}
    return cast(Workspace, codec("workspaces").from_arm(whole, name=name))


def patched_workspace(record: WorkspaceRecord, patch: Mapping[str, Any]) -> Workspace:
    """The workspace with the changes of a PATCH; a null takes a property away."""
    changed = patch.get("properties") or {}
    if not isinstance(changed, dict):
        raise InvalidRequest("properties is no JSON object. Send {...}.", target="properties")
    body = codec("workspaces").to_arm(record.entity)
    body |= {key: patch[key] for key in _TRACKED if patch.get(key) is not None}
    properties = {**body["properties"], **changed}
    body["properties"] = {key: value for key, value in properties.items() if value is not None}
    return read_workspace(body, record.name)


def deployed_workspace(parameters: Mapping[str, Any]) -> Workspace:
    """The workspace that the template of the official clients asks for, from the template's parameters."""
    values = {key: item.get("value") for key, item in parameters.items() if isinstance(item, dict)}
    name = values.get("workspaceName")
    if not isinstance(name, str):
        raise InvalidRequest(
            "Only deployments of a workspace are served: properties.parameters.workspaceName.value is missing.",
            target="properties.parameters.workspaceName",
            code="InvalidTemplateDeployment",
        )
    given = {wire: values[parameter] for parameter, wire in _PARAMETERS.items() if values.get(parameter)}
    given |= {wire: True for parameter, wire in _SWITCHES.items() if str(values.get(parameter)).lower() == "true"}
    body = {"properties": given, "location": values.get("location"), "tags": values.get("tagValues")}
    body |= {"kind": values.get("kind"), "identity": values.get("identity")}
    return read_workspace({key: value for key, value in body.items() if value}, name)


_PARAMETERS = {
    "friendlyName": "friendlyName",
    "description": "description",
    "publicNetworkAccess": "publicNetworkAccess",
    "imageBuildCompute": "imageBuildCompute",
    "systemDatastoresAuthMode": "systemDatastoresAuthMode",
    "primaryUserAssignedIdentity": "primaryUserAssignedIdentity",
    "managedNetwork": "managedNetwork",
    "workspace_hub": "hubResourceId",
    "serverless_compute_settings": "serverlessComputeSettings",
}
_SWITCHES = {
    "confidential_data": "hbiWorkspace",
    "enable_data_isolation": "enableDataIsolation",
    "provisionNetworkNow": "provisionNetworkNow",
}


def group_body(group: GroupRecord) -> dict[str, Any]:
    """A resource group as ARM answers it."""
    return {
        "id": group.scope,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": dict(group.tags),
        "properties": {"provisioningState": "Succeeded"},
    }


def _neighbours(record: WorkspaceRecord) -> dict[str, str]:
    """Ids of the resources that Azure keeps beside a workspace. Clients want them; here nothing stands behind them."""
    short = "smalt" + hashlib.sha256(record.id.encode()).hexdigest()[:16]
    base = f"/subscriptions/{record.subscription}/resourceGroups/{record.group}/providers"
    return {
        "storageAccount": f"{base}/Microsoft.Storage/storageAccounts/{short}",
        "keyVault": f"{base}/Microsoft.Keyvault/vaults/{short}",
        "applicationInsights": f"{base}/Microsoft.Insights/components/{short}",
    }
