"""Batch endpoints, their deployments and jobs as ARM shows them."""

from __future__ import annotations

from typing import Any

from smalt.entities.endpoint.batch import ModelBatchDeployment
from smalt.server.batch.service import StoredDeployment, endpoint_of
from smalt.server.jobs import JobRecord
from smalt.server.records import Record
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints"


def endpoint_to_arm(workspace: WorkspaceRecord, record: Record, *, base_url: str) -> dict[str, Any]:  # Any: JSON
    """An endpoint. It is called at this very server."""
    body = codec("batchEndpoints").to_arm(endpoint_of(record))
    properties = body.pop("properties")
    identifier = f"{workspace.scope}/batchEndpoints/{record.name}"
    defaults = properties.get("defaults") or {}
    properties |= {
        "defaults": {"deploymentName": None, **defaults},
        "scoringUri": f"{base_url}{identifier}/jobs",
        "swaggerUri": None,
        "properties": properties.get("properties") or {},
        "provisioningState": "Succeeded",
    }
    beside = {"location": workspace.location, "kind": "Batch", "tags": {}, **body}
    return _resource(record, id=identifier, name=record.name, type=_TYPE, properties=properties, **beside)


def deployment_to_arm(
    workspace: WorkspaceRecord, endpoint: str, stored: StoredDeployment
) -> dict[str, Any]:  # Any: JSON
    """A deployment."""
    body = codec("batchDeployments").to_arm(stored.entity)
    properties = body.pop("properties")
    properties["provisioningState"] = "Succeeded"
    properties["properties"] = properties.get("properties") or {}
    if isinstance(stored.entity, ModelBatchDeployment):
        properties.setdefault("environmentVariables", {})
    identifier = f"{workspace.scope}/batchEndpoints/{endpoint}/deployments/{stored.name}"
    beside = {"location": workspace.location, "tags": {}, **body}
    return _resource(
        stored.record, id=identifier, name=stored.name, type=f"{_TYPE}/deployments", properties=properties, **beside
    )


def job_to_arm(workspace: WorkspaceRecord, endpoint: str, record: JobRecord) -> dict[str, Any]:  # Any: JSON
    """A job of an endpoint, as those who called it see it."""
    return {
        "id": f"{workspace.scope}/batchEndpoints/{endpoint}/jobs/{record.name}",
        "name": record.name,
        "type": f"{_TYPE}/jobs",
        "properties": {
            "name": record.name,
            "status": record.status.value,
            "experimentName": record.experiment,
            "displayName": record.display_name,
            "properties": dict(record.properties),
            "error": record.error,
        },
    }


def _resource(
    record: Record,
    *,
    id: str,  # noqa: A002 - the word on the wire
    name: str,
    type: str,  # noqa: A002 - the word on the wire
    properties: dict[str, Any],
    **beside: Any,
) -> dict[str, Any]:  # Any: JSON
    return envelope.resource(
        id=id,
        name=name,
        type=type,
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
        **beside,
    )
