"""A job as ARM shows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

from smalt.server.jobs.store import JobRecord
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/jobs"


def to_arm(workspace: WorkspaceRecord, record: JobRecord, *, base_url: str) -> dict[str, Any]:  # Any: JSON
    """The resource."""
    properties = _SPELLED.of(record)
    # With an output of this name the official client goes to the storage account by itself and finds no log there.
    shown = {name: value for name, value in (properties.get("outputs") or {}).items() if name != "default"}
    services = (properties.get("services") or {}) | links(workspace, record, base_url=base_url)
    properties = {
        **properties,
        "description": record.description,
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
    if record.error is not None:
        # Azure keeps the reason in the run's history alone, where people look last.
        properties["error"] = dict(record.error)
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


class _Spelled:
    """Jobs in the words of ARM, the latest that were asked for. Only what never changes of a job is taken from here.

    Args:
        most_steps: How many steps the pipelines that are kept have in all.
    """

    def __init__(self, most_steps: int) -> None:
        self._most_steps = most_steps
        self._guard = threading.Lock()
        self._known: OrderedDict[str, tuple[int, dict[str, Any]]] = OrderedDict()
        self._steps = 0

    def of(self, record: JobRecord) -> dict[str, Any]:  # Any: JSON
        """The properties of a job; not to be changed."""
        with self._guard:
            known = self._known.get(record.id)
            if known is not None:
                self._known.move_to_end(record.id)
                return known[1]
        properties: dict[str, Any] = codec("jobs").to_arm(record.entity())["properties"]
        steps = 1 + len(record.document.get("jobs") or ())
        with self._guard:
            if record.id not in self._known:
                self._known[record.id] = steps, properties
                self._steps += steps
            while self._steps > self._most_steps:
                self._steps -= self._known.popitem(last=False)[1][0]
        return properties


_SPELLED = _Spelled(most_steps=10_000)


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
