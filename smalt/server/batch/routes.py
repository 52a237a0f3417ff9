"""ARM routes of batch endpoints, the route they are called at, and the list of their jobs."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from smalt.entities.endpoint.batch import BatchDeployment, BatchEndpoint, ModelBatchDeployment
from smalt.errors import InvalidRequest, NotFound
from smalt.kit import ids
from smalt.server.batch import invocation
from smalt.server.batch.document import deployment_to_arm, endpoint_to_arm, job_to_arm
from smalt.server.batch.service import BatchService
from smalt.server.http import WORKSPACE, Answer, Call, Instant, Page, Route, Routes, created, empty, merged, ok
from smalt.server.jobs import Filter, JobService
from smalt.server.workspaces import WorkspaceService
from smalt.wire.arm import codec

_ALL = WORKSPACE + "/batchEndpoints"
_ONE = _ALL + "/{name}"
_DEPLOYMENTS = _ALL + "/{endpoint}/deployments"
_DEPLOYMENT = _DEPLOYMENTS + "/{name}"
_JOBS = _ALL + "/{endpoint}/jobs"
_DATA_PLANE = "/mferp/managementfrontend"
_PAGE_SIZE = 100
_GUID = re.compile(r"[0-9a-fA-F-]{32,36}")
_REPEATABLE = ("repeatability-request-id", "repeatability_request-id", "repeatability_requestid")


class _Position(NamedTuple):
    """Where a page of jobs ends."""

    created_at: Instant
    id: str


class _Handlers:
    def __init__(self, service: BatchService, jobs: JobService, workspaces: WorkspaceService, public_url: str) -> None:
        self._service = service
        self._jobs = jobs
        self._workspaces = workspaces
        self._public_url = public_url

    def list(self, call: Call) -> Answer:
        """Batch endpoints of a workspace."""
        workspace = self._workspaces.of(call)
        limit = call.number("count", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.page(call.work, workspace, after=call.position(str), limit=limit)
        shown = [endpoint_to_arm(workspace, each, base_url=self._url(call)) for each in page.items]
        return ok(call.listing(Page(shown, page.after)))

    def show(self, call: Call) -> Answer:
        """One batch endpoint."""
        workspace = self._workspaces.of(call)
        record, _ = self._service.get(call.work, workspace, call.params["name"])
        return ok(endpoint_to_arm(workspace, record, base_url=self._url(call)))

    def put(self, call: Call) -> Answer:
        """Create a batch endpoint, or write one anew; done at once."""
        return self._put(call, call.json_object())

    def patch(self, call: Call) -> Answer:
        """Change what the body names of a batch endpoint; done at once."""
        workspace = self._workspaces.of(call)
        _, entity = self._service.get(call.work, workspace, call.params["name"])
        return self._put(call, merged(codec("batchEndpoints").to_arm(entity), call.json_object()))

    def _put(self, call: Call, body: dict[str, Any]) -> Answer:  # Any: JSON
        workspace = self._workspaces.of(call)
        entity = codec("batchEndpoints").from_arm(body, name=call.params["name"])
        assert isinstance(entity, BatchEndpoint)
        record, is_new = self._service.put(call.work, workspace, call.params["name"], entity)
        return created(endpoint_to_arm(workspace, record, base_url=self._url(call)), is_new=is_new)

    def delete(self, call: Call) -> Answer:
        """Delete a batch endpoint and its deployments; its jobs stay."""
        was_there = self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200 if was_there else 204)

    def keys(self, call: Call) -> Answer:
        """Keys of a batch endpoint; there are none, as callers come with tokens."""
        self._service.get(call.work, self._workspaces.of(call), call.params["name"])
        return ok({})

    def list_deployments(self, call: Call) -> Answer:
        """Deployments of a batch endpoint."""
        workspace = self._workspaces.of(call)
        endpoint, _ = self._service.get(call.work, workspace, call.params["endpoint"])
        found = self._service.deployments(call.work, workspace, endpoint.name)
        return ok(call.listing(Page([deployment_to_arm(workspace, endpoint.name, each) for each in found])))

    def show_deployment(self, call: Call) -> Answer:
        """One batch deployment."""
        workspace = self._workspaces.of(call)
        endpoint, _ = self._service.get(call.work, workspace, call.params["endpoint"])
        found = self._service.deployment(call.work, workspace, endpoint.name, call.params["name"])
        return ok(deployment_to_arm(workspace, endpoint.name, found))

    def put_deployment(self, call: Call) -> Answer:
        """Create a batch deployment, or write one anew; done at once."""
        return self._put_deployment(call, call.json_object())

    def patch_deployment(self, call: Call) -> Answer:
        """Change what the body names of a batch deployment; done at once."""
        workspace = self._workspaces.of(call)
        found = self._service.deployment(call.work, workspace, call.params["endpoint"], call.params["name"])
        return self._put_deployment(call, merged(codec("batchDeployments").to_arm(found.entity), call.json_object()))

    def _put_deployment(self, call: Call, body: dict[str, Any]) -> Answer:  # Any: JSON
        workspace = self._workspaces.of(call)
        endpoint, _ = self._service.get(call.work, workspace, call.params["endpoint"])
        entity = codec("batchDeployments").from_arm(body, name=call.params["name"])
        assert isinstance(entity, BatchDeployment)
        stored, is_new = self._service.put_deployment(call.work, workspace, endpoint.name, call.params["name"], entity)
        return created(deployment_to_arm(workspace, endpoint.name, stored), is_new=is_new)

    def delete_deployment(self, call: Call) -> Answer:
        """Delete a batch deployment; its jobs stay."""
        was_there = self._service.delete_deployment(
            call.work, self._workspaces.of(call), call.params["endpoint"], call.params["name"]
        )
        return empty(200 if was_there else 204)

    def invoke(self, call: Call) -> Answer:
        """Call a batch endpoint: a job begins."""
        workspace = self._workspaces.of(call)
        endpoint, entity = self._service.get(call.work, workspace, call.params["endpoint"])
        named = call.params.get("name") or call.header("azureml-model-deployment")
        named = named or (entity.defaults.deployment_name if entity.defaults is not None else None)
        if not named:
            raise InvalidRequest(
                f"The endpoint {endpoint.name!r} has no default deployment, and the call names none. Set one with: "
                f"smalt batch-endpoint update -n {endpoint.name} --set defaults.deployment_name=...",
                target="azureml-model-deployment",
            )
        stored = self._service.deployment(call.work, workspace, endpoint.name, named)
        asked = invocation.read(call.json_object())
        name = asked.job_name or _repeated(call) or f"batchjob-{ids.guid()}"
        if isinstance(stored.entity, ModelBatchDeployment):
            found = invocation.scoring(stored.entity, stored.pinned, asked)
            component_id = self._service.register_step(call.work, workspace, found.component)
            job = invocation.model_job(endpoint.name, stored.entity, asked, found, component_id=component_id)
        else:
            job = invocation.pipeline_job(endpoint.name, stored.entity, asked)
        record, is_new = self._jobs.put(call.work, workspace, name, job)
        return created(job_to_arm(workspace, endpoint.name, record), is_new=is_new)

    def jobs(self, call: Call) -> Answer:
        """Jobs that calls of a batch endpoint have begun, the newest first."""
        return self._list_jobs(call, None)

    def jobs_of_deployment(self, call: Call) -> Answer:
        """Jobs that calls of one batch deployment have begun, the newest first."""
        return self._list_jobs(call, call.params["name"])

    def _list_jobs(self, call: Call, deployment: str | None) -> Answer:
        workspace = self._workspaces.of(call)
        endpoint, _ = self._service.get(call.work, workspace, call.params["endpoint"])
        wanted: list[tuple[str, str | None]] = [(invocation.ENDPOINT, endpoint.name)]
        if deployment is not None:
            found = self._service.deployment(call.work, workspace, endpoint.name, deployment)
            wanted.append((invocation.DEPLOYMENT, found.name))
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._jobs.page(
            call.work,
            workspace,
            Filter(archived=None, properties=tuple(wanted)),
            after=call.position(_Position),
            limit=limit,
        )
        shown = [job_to_arm(workspace, endpoint.name, each) for each in page.items]
        return ok(call.listing(Page(shown, page.after)))

    def job(self, call: Call) -> Answer:
        """One job of a batch endpoint."""
        workspace = self._workspaces.of(call)
        endpoint, _ = self._service.get(call.work, workspace, call.params["endpoint"])
        record = self._jobs.get(call.work, workspace, call.params["job"])
        if record.properties.get(invocation.ENDPOINT) != endpoint.name:
            raise NotFound(f"The job {record.name!r} is none of the endpoint {endpoint.name!r}.", target="name")
        return ok(job_to_arm(workspace, endpoint.name, record))

    def _url(self, call: Call) -> str:
        """Official clients call over HTTPS; ours call where they have called."""
        return call.base_url if call.base_url.startswith("http://") else self._public_url


def routes(service: BatchService, jobs: JobService, workspaces: WorkspaceService, *, public_url: str) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(service, jobs, workspaces, public_url)
    kind = "workspaces/batchEndpoints"
    table = Routes()
    schema = codec("batchEndpoints").schema
    table.add("GET", _ALL, handlers.list, action=f"{kind}/read", query=("count:int", "$skip"))
    table.add("GET", _ONE, handlers.show, action=f"{kind}/read")
    table.add("PUT", _ONE, handlers.put, action=f"{kind}/write", body=schema)
    table.add("PATCH", _ONE, handlers.patch, action=f"{kind}/write", body=schema)
    table.add("DELETE", _ONE, handlers.delete, action=f"{kind}/delete")
    table.add("POST", f"{_ONE}/listKeys", handlers.keys, action=f"{kind}/listKeys/action", writes=False)
    body = codec("batchDeployments").schema
    listed = ("$orderBy", "$top:int", "$skip")
    table.add("GET", _DEPLOYMENTS, handlers.list_deployments, action=f"{kind}/deployments/read", query=listed)
    table.add("GET", _DEPLOYMENT, handlers.show_deployment, action=f"{kind}/deployments/read")
    table.add("PUT", _DEPLOYMENT, handlers.put_deployment, action=f"{kind}/deployments/write", body=body)
    table.add("PATCH", _DEPLOYMENT, handlers.patch_deployment, action=f"{kind}/deployments/write", body=body)
    table.add("DELETE", _DEPLOYMENT, handlers.delete_deployment, action=f"{kind}/deployments/delete")
    for prefix in ("", _DATA_PLANE):
        paged = ("$top:int", "$skip")
        call_body = "properties:object!"
        table.add("POST", prefix + _JOBS, handlers.invoke, action=f"{kind}/jobs/write", body=call_body)
        table.add("GET", prefix + _JOBS, handlers.jobs, action=f"{kind}/jobs/read", query=paged)
        table.add("GET", prefix + _JOBS + "/{job}", handlers.job, action=f"{kind}/jobs/read")
        below = prefix + _DEPLOYMENT + "/jobs"
        table.add("POST", below, handlers.invoke, action=f"{kind}/deployments/jobs/write", body=call_body)
        table.add("GET", below, handlers.jobs_of_deployment, action=f"{kind}/deployments/jobs/read", query=paged)
    return table.all


def _repeated(call: Call) -> str | None:
    """A name that follows from the id a client repeats its call with, so that it begins one job however often."""
    given = next((found for each in _REPEATABLE if (found := call.header(each))), None)
    return f"batchjob-{given.lower()}" if given is not None and _GUID.fullmatch(given) else None
