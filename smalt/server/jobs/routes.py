"""ARM routes of jobs."""

from __future__ import annotations

from typing import NamedTuple

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.entities.kinds import canonical_type
from smalt.errors import InvalidRequest, PreconditionFailed
from smalt.server.assets import AssetService
from smalt.server.http import WORKSPACE, Answer, Call, Instant, Page, Route, Routes, created, empty, ok
from smalt.server.jobs.document import etag, to_arm
from smalt.server.jobs.lineage import lineage
from smalt.server.jobs.service import SCHEDULE_PROPERTY, JobService
from smalt.server.jobs.store import Filter
from smalt.server.work import Actor
from smalt.server.workspaces import WorkspaceService
from smalt.wire.arm import codec

_ONE = WORKSPACE + "/jobs/{name}"
_ARCHIVED = {"activeonly": False, "archivedonly": True, "all": None}
_PAGE_SIZE = 100


class _Position(NamedTuple):
    """Where a page of jobs ends."""

    created_at: Instant
    id: str


def own_job(call: Call, actor: Actor) -> bool:
    """Whether a running job asks for itself."""
    return actor.grant is not None and call.params["name"] == actor.grant.job


_OFFICIAL = "azure-ai-ml"
"""What the official SDK calls itself."""

_UNKNOWN = frozenset({"flow", "parallel"})
"""Types of jobs that it does not know on their own."""


class _Handlers:
    def __init__(self, service: JobService, workspaces: WorkspaceService, assets: AssetService) -> None:
        self._assets = assets
        self._service = service
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """Jobs of a workspace, the newest first."""
        workspace = self._workspaces.of(call)
        page = self._service.page(
            call.work, workspace, list_filter(call), after=call.position(_Position), limit=_page_size(call)
        )
        shown = [to_arm(workspace, record, base_url=call.base_url) for record in page.items]
        if call.flag("withoutSteps"):
            for each in shown:
                each["properties"].pop("jobs", None)
        return ok(call.listing(Page(shown, page.after)))

    def show(self, call: Call) -> Answer:
        """One job."""
        workspace = self._workspaces.of(call)
        record = self._service.get(call.work, workspace, call.params["name"])
        shown = to_arm(workspace, record, base_url=call.base_url)
        if record.kind in _UNKNOWN and record.parent is not None and _OFFICIAL in (call.header("user-agent") or ""):
            # It reads the history of a child that has no properties, as on Azure.
            shown["properties"] = None
        return Answer(200, shown, {"ETag": etag(record)})

    def put(self, call: Call) -> Answer:
        """Submit a job, or change the display name, description, tags and properties of one."""
        workspace = self._workspaces.of(call)
        name = call.params["name"]
        self._check_match(call, name)
        job = codec("jobs").from_arm(call.json_object(), name=name)
        assert isinstance(job, Job)
        record, is_new = self._service.put(call.work, workspace, name, job)
        body = to_arm(workspace, record, base_url=call.base_url)
        return created(body, is_new=is_new, headers={"ETag": etag(record)})

    def delete(self, call: Call) -> Answer:
        """Delete a finished job; done at once."""
        was_there = self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200 if was_there else 204)

    def cancel(self, call: Call) -> Answer:
        """Ask for the end of a job."""
        self._service.cancel(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200)

    def lineage(self, call: Call) -> Answer:
        """What a job was made from, and what it made."""
        workspace = self._workspaces.of(call)
        record = self._service.get(call.work, workspace, call.params["name"])
        children = self._service.children(call.work, workspace, record.name)
        made = self._assets.made_by(call.work, workspace, record.name)
        return ok(lineage(workspace, record, children, made))

    def _check_match(self, call: Call, name: str) -> None:
        wanted = call.header("if-match")
        if wanted is None:
            return
        record = self._service.find(call.work, self._workspaces.of(call), name)
        present = None if record is None else etag(record)
        if present is None or wanted not in {present, "*"}:
            raise PreconditionFailed(
                f"Job {name!r} is not in the state {wanted} any more. Read it again, then change it."
            )


def routes(service: JobService, workspaces: WorkspaceService, assets: AssetService) -> list[Route]:
    """The ARM routes of this slice."""
    handlers = _Handlers(service, workspaces, assets)
    table = Routes()
    listed = (
        "listViewType",
        "jobType",
        "tag",
        "properties",
        "parentJobName",
        "scheduled",
        "scheduleId",
        "status",
        "experimentName",
        "search",
        "withoutSteps:bool",
        "$top",
        "$skip",
    )
    table.add("GET", WORKSPACE + "/jobs", handlers.list, action="workspaces/jobs/read", query=listed)
    table.add("GET", _ONE, handlers.show, action="workspaces/jobs/read", for_jobs=own_job)
    table.add("PUT", _ONE, handlers.put, action="workspaces/jobs/write", body=codec("jobs").schema)
    table.add("DELETE", _ONE, handlers.delete, action="workspaces/jobs/delete")
    table.add("POST", f"{_ONE}/cancel", handlers.cancel, action="workspaces/jobs/cancel/action")
    table.add("GET", f"{_ONE}/lineage", handlers.lineage, action="workspaces/jobs/read")
    return table.all


def list_filter(call: Call) -> Filter:
    """Which jobs a list call asks for.

    Raises:
        InvalidRequest: A filter is unknown.
    """
    view = call.query.get("listviewtype") or "ActiveOnly"
    if view.lower() not in _ARCHIVED:
        known = "ActiveOnly, ArchivedOnly, All"
        raise InvalidRequest(f"listViewType={view[:40]!r} is unknown. Write one of: {known}.", target="listViewType")
    kind = call.query.get("jobtype") or None
    if kind is not None:
        kind = canonical_type("job", kind) or kind.lower()
    schedule = (call.query.get("scheduleid") or "").rpartition("/")[2]
    of_schedule = ((SCHEDULE_PROPERTY, schedule or None),) if schedule or call.flag("scheduled") else ()
    return Filter(
        kind=kind,
        archived=_ARCHIVED[view.lower()],
        tags=_pairs(call.query.get("tag")),
        properties=(*_pairs(call.query.get("properties")), *of_schedule),
        parent=call.query.get("parentjobname") or None,
        statuses=_statuses(call.query.get("status")),
        experiment=call.query.get("experimentname") or None,
        text=call.query.get("search") or None,
    )


def _statuses(text: str | None) -> tuple[JobStatus, ...]:
    known = {status.value.lower(): status for status in JobStatus}
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    unknown = next((word for word in words if word.lower() not in known), None)
    if unknown is not None:
        raise InvalidRequest(
            f"status={unknown[:40]!r} is unknown. Write some of: {', '.join(JobStatus)}.", target="status"
        )
    return tuple(known[word.lower()] for word in words)


def _pairs(text: str | None) -> tuple[tuple[str, str | None], ...]:
    found = []
    for item in (text or "").split(","):
        key, separator, value = item.partition("=")
        if key.strip():
            found.append((key.strip(), value.strip() if separator else None))
    return tuple(found)


def _page_size(call: Call) -> int:
    for name in ("$top", "count"):
        if call.query.get(name):
            return call.number(name, default=_PAGE_SIZE, low=1, high=1000)
    return _PAGE_SIZE
