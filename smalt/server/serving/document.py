"""Online endpoints and deployments as ARM shows them."""

from __future__ import annotations

from typing import Any

from smalt.entities.endpoint.online import (
    OnlineDeployment,
    ProbeSettings,
    RequestSettings,
    ResourceRequirements,
    ScaleSettings,
)
from smalt.kit import clock
from smalt.server.serving.store import DeploymentRecord, EndpointRecord, OperationRecord
from smalt.server.serving.table import place_of
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


class Documents:
    """Writes resources.

    Args:
        gateway_url: Where callers reach the gateway.
        group: The resource group whose workspaces are called by their names.
    """

    def __init__(self, gateway_url: str, group: str) -> None:
        self._gateway_url = gateway_url
        self._group = group

    def address(self, workspace: WorkspaceRecord, name: str) -> str:
        """What the addresses of an endpoint begin with."""
        return f"{self._gateway_url}/endpoints/{place_of(workspace, group=self._group)}/{name}"

    def endpoint(self, workspace: WorkspaceRecord, record: EndpointRecord) -> dict[str, Any]:  # Any: JSON
        """An endpoint."""
        entity = record.entity()
        body = codec("onlineEndpoints").to_arm(entity)
        properties = body.pop("properties")
        identifier = f"{workspace.scope}/onlineEndpoints/{record.name}"
        properties |= {
            "scoringUri": f"{self.address(workspace, record.name)}/score",
            "swaggerUri": f"{self.address(workspace, record.name)}/swagger.json",
            "publicNetworkAccess": properties.get("publicNetworkAccess") or "Enabled",
            "properties": {**(properties.get("properties") or {}), "azureml.onlineendpointid": identifier.lower()},
        }
        properties["properties"].pop("deletion", None)
        return _resource(
            record,
            id=identifier,
            type=_TYPE,
            properties=properties,
            **{
                "location": workspace.location,
                "kind": "K8S" if entity.compute else "Managed",
                "identity": {"type": "SystemAssigned"},
                "tags": {},
                **body,
            },
        )

    def deployment(
        self, workspace: WorkspaceRecord, endpoint: EndpointRecord, record: DeploymentRecord
    ) -> dict[str, Any]:  # Any: JSON
        """A deployment; what was left open is shown as it is taken."""
        body = codec("onlineDeployments").to_arm(filled(record.entity()))
        properties = body.pop("properties")
        properties["properties"] = properties.get("properties") or {}
        sku = {"name": "Default", "capacity": record.entity().instance_count or record.wanted, **body.pop("sku", {})}
        return _resource(
            record,
            id=f"{workspace.scope}/onlineEndpoints/{endpoint.name}/deployments/{record.name}",
            type=f"{_TYPE}/deployments",
            properties=properties,
            **{"location": workspace.location, "tags": {}, **body, "sku": sku},
        )


def operation_to_json(record: OperationRecord, path: str) -> dict[str, Any]:  # Any: JSON
    """How far an operation is."""
    body: dict[str, Any] = {
        "id": path,
        "name": record.id,
        "status": record.status.value,
        "startTime": clock.to_text(record.started_at),
        "percentComplete": 100.0 if record.ended_at is not None else 50.0,
    }
    if record.ended_at is not None:
        body["endTime"] = clock.to_text(record.ended_at)
    if record.error is not None:
        body["error"] = {"code": "DeploymentFailed", "message": record.error}
    return body


def filled(entity: OnlineDeployment) -> OnlineDeployment:
    """A deployment with every setting that it leaves open."""
    resources = ResourceRequirements() if entity.type == "kubernetes" else None
    return entity.model_copy(
        update={
            "scale_settings": entity.scale_settings or ScaleSettings(),
            "request_settings": entity.request_settings or RequestSettings(),
            "liveness_probe": entity.liveness_probe or ProbeSettings(),
            "readiness_probe": entity.readiness_probe or ProbeSettings(),
            "resources": entity.resources or resources,
            "egress_public_network_access": entity.egress_public_network_access or "enabled",
        }
    )


def _resource(
    record: EndpointRecord | DeploymentRecord,
    *,
    id: str,  # noqa: A002 - the word on the wire
    type: str,  # noqa: A002 - the word on the wire
    properties: dict[str, Any],
    **beside: Any,
) -> dict[str, Any]:  # Any: JSON
    return envelope.resource(
        id=id,
        name=record.name,
        type=type,
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        created_by_type=record.created_by_type,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
        **beside,
    )
