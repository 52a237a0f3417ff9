"""Run-history routes: what official clients call besides ARM to stream, rename, archive and download."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from smalt.errors import InvalidRequest
from smalt.server.assets import DataLocator, Signer
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, empty, ok
from smalt.server.jobs import history, outputs
from smalt.server.jobs.routes import own_job
from smalt.server.jobs.service import Changes, JobService
from smalt.server.jobs.store import JobRecord
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_ROOT = "/history/v1.0" + WORKSPACE
_RUNS = (_ROOT + "/runs/{name}", _ROOT + "/experiments/{experiment}/runs/{name}")
_BY_ID = _ROOT + "/experimentids/{experiment}/runs/{name}"
_READ, _WRITE = "workspaces/experiments/runs/read", "workspaces/experiments/runs/write"
_CHANGES = "displayName description tags:texts properties:texts hidden:bool"
_LOG_URL_LIFETIME = timedelta(hours=12)


class _Handlers:
    def __init__(self, service: JobService, workspaces: WorkspaceService, locator: DataLocator, signer: Signer) -> None:
        self._service = service
        self._workspaces = workspaces
        self._locator = locator
        self._signer = signer

    def show(self, call: Call) -> Answer:
        """The run of a job."""
        return ok(history.run(self._record(call)))

    def details(self, call: Call) -> Answer:
        """The run of a job with the addresses of its logs."""
        workspace = self._workspaces.of(call)
        record = self._service.get(call.work, workspace, call.params["name"])
        return ok(history.details(record, self._logs(call, workspace, record)))

    def children(self, call: Call) -> Answer:
        """The runs below one."""
        found = self._service.children(call.work, self._workspaces.of(call), call.params["name"])
        return ok({"value": [history.run(record) for record in found]})

    def data(self, call: Call) -> Answer:
        """Run, definition and specification in one answer."""
        name = call.json_object().get("runId")
        if not isinstance(name, str):
            raise InvalidRequest('The body names no run. Send {"runId": "<job>"}.', target="runId")
        return ok(history.run_data(self._service.get(call.work, self._workspaces.of(call), name)))

    def resolve(self, call: Call) -> Answer:
        """Addresses of outputs, for the ids that a run names them by."""
        values = call.json_object().get("values")
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise InvalidRequest('The body names no assets. Send {"values": ["<id>", ...]}.', target="values")
        workspace = self._workspaces.of(call)
        found = {value: self._locator.locate(call.work, workspace, value).uri for value in values}
        return ok({"values": {value: {"uri": uri, "path": uri, "type": "UriFolder"} for value, uri in found.items()}})

    def change(self, call: Call) -> Answer:
        """Change display name, description, tags, properties, or archive and restore (`hidden`)."""
        body = call.json_object()
        record = self._service.change(call.work, self._workspaces.of(call), call.params["name"], _changes(body))
        return ok(history.run(record))

    def services(self, call: Call) -> Answer:
        """Interactive services of a job; none is started here."""
        self._record(call)
        return ok({"instances": {}})

    def cancel(self, call: Call) -> Answer:
        """Ask for the end of a job."""
        self._service.cancel(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200)

    def _record(self, call: Call) -> JobRecord:
        return self._service.get(call.work, self._workspaces.of(call), call.params["name"])

    def _logs(self, call: Call, workspace: WorkspaceRecord, record: JobRecord) -> dict[str, str]:
        root = outputs.artifact_root(self._locator, call.work, workspace, record)
        if root is None:
            return {}
        base = f"{call.base_url}/blob/{workspace.id}/{root.container}/{root.key}"
        expires_at = call.work.now + _LOG_URL_LIFETIME
        query = self._signer.sign(workspace.id, root.container, root.key, permissions="r", expires_at=expires_at)
        return {name: f"{base}/{quote(name)}?{query}" for name in history.log_sizes(root.local_path)}


def history_routes(
    service: JobService, workspaces: WorkspaceService, *, locator: DataLocator, signer: Signer
) -> list[Route]:
    """The run-history routes.

    Args:
        service: The verbs of jobs.
        workspaces: Finds workspaces.
        locator: Finds the artifacts.
        signer: Makes addresses of logs that open without a token.
    """
    handlers = _Handlers(service, workspaces, locator, signer)
    table = Routes()
    for base in (*_RUNS, _BY_ID):
        table.add("GET", base, handlers.show, action=_READ, for_jobs=own_job)
        table.add("PATCH", base, handlers.change, action=_WRITE, for_jobs=own_job, body=_CHANGES)
        table.add("GET", f"{base}/details", handlers.details, action=_READ, for_jobs=own_job)
        table.add("GET", f"{base}/children", handlers.children, action=_READ, for_jobs=own_job)
        table.add("POST", f"{base}/cancel", handlers.cancel, action="workspaces/jobs/cancel/action")
    table.add("GET", _RUNS[0] + "/serviceinstances/{node}", handlers.services, action=_READ)
    for service_path in ("/data/v1.0" + WORKSPACE + "/dataversion", "/modelregistry/v1.0" + WORKSPACE + "/models"):
        table.add(
            "POST",
            service_path + "/batchGetResolvedUris",
            handlers.resolve,
            action=_READ,
            writes=False,
            body="values[]!",
        )
    table.add("POST", _ROOT + "/rundata", handlers.data, action=_READ, writes=False, body="runId!")
    return table.all


def _changes(body: dict[str, Any]) -> Changes:  # Any: JSON
    return Changes(
        display_name=_typed(body, "displayName", str),
        description=_typed(body, "description", str),
        tags=_texts(body, "tags"),
        properties=_texts(body, "properties"),
        archived=_typed(body, "hidden", bool),
    )


def _typed(body: dict[str, Any], key: str, kind: Callable[..., Any]) -> Any:  # Any: JSON
    value = body.get(key)
    if value is not None and type(value) is not kind:
        raise InvalidRequest(f"'{key}' is of another type. Send {getattr(kind, '__name__', kind)}.", target=key)
    return value


def _texts(body: dict[str, Any], key: str) -> dict[str, str | None] | None:  # Any: JSON
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, dict) or any(isinstance(item, dict | list) for item in value.values()):
        raise InvalidRequest(f'\'{key}\' does not map text to text. Send {{"key": "value"}}.', target=key)
    return {name: None if item is None else str(item) for name, item in value.items()}
