"""A job as ARM shows it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from smalt.server.jobs.store import JobRecord
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/jobs"


def to_arm(workspace: WorkspaceRecord, record: JobRecord, *, base_url: str) -> dict[str, Any]:  # Any: JSON
    """The resource."""
    properties = codec("jobs").to_arm(record.entity())["properties"]
    # With an output of this name the official client goes to the storage account by itself and finds no log there.
    shown = {name: value for name, value in (properties.get("outputs") or {}).items() if name != "default"}
    services = (properties.get("services") or {}) | links(workspace, record, base_url=base_url)
    properties |= {
        "status": record.status.value,
        "outputs": shown,
        "services": services,
        "tags": dict(record.tags),
        "properties": dict(record.properties),
        "displayName": record.display_name,
        "experimentName": record.experiment,
        "isArchived": record.archived,
        "parentJobName": record.parent,
    }
    return envelope.resource(
        id=job_id(workspace, record.name),
        name=record.name,
        type=_TYPE,
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        created_by_type=record.created_by_type,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
        etag=etag(record),
    )


def etag(record: JobRecord) -> str:
    """What `If-Match` must name to change exactly this state."""
    return f'"{record.id}-{record.revision}"'


def job_id(workspace: WorkspaceRecord, name: str) -> str:
    """The ARM id of a job."""
    return f"{workspace.scope}/jobs/{name}"


def links(workspace: WorkspaceRecord, record: JobRecord, *, base_url: str) -> dict[str, Any]:  # Any: JSON
    """The links every job offers: where its run is kept, and its page."""
    return {
        "Tracking": _service("Tracking", f"{base_url}/mlflow/v2.0{workspace.scope}"),
        "Studio": _service("Studio", f"{base_url}/studio/jobs/{quote(record.name)}?wsid={workspace.scope}"),
    }


def _service(kind: str, endpoint: str) -> dict[str, Any]:  # Any: JSON
    return {"jobServiceType": kind, "endpoint": endpoint, "port": None, "status": None, "errorMessage": None}
