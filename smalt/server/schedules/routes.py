"""ARM routes of schedules."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from smalt.entities.schedule import Schedule
from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.http import WORKSPACE, Answer, Call, Instant, Page, Route, Routes, created, empty, ok
from smalt.server.jobs import JobService
from smalt.server.schedules.document import fire_to_json, to_arm
from smalt.server.schedules.service import ScheduleService
from smalt.server.schedules.store import FireRecord
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec

_ONE = WORKSPACE + "/schedules/{name}"
_ENABLED = {"enabledonly": True, "disabledonly": False, "all": None}
_PAGE_SIZE = 100


class _Position(NamedTuple):
    """Where a page of fires ends."""

    happened_at: Instant
    cause: str


class _Handlers:
    def __init__(self, service: ScheduleService, jobs: JobService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._jobs = jobs
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """Schedules of a workspace: those that are enabled, unless others are asked for."""
        workspace = self._workspaces.of(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.page(call.work, workspace, enabled=_view(call), after=call.position(str), limit=limit)
        return ok(call.listing(Page([to_arm(workspace, record) for record in page.items], page.after)))

    def show(self, call: Call) -> Answer:
        """One schedule."""
        workspace = self._workspaces.of(call)
        return ok(to_arm(workspace, self._service.get(call.work, workspace, call.params["name"])))

    def put(self, call: Call) -> Answer:
        """Create a schedule, or write one anew; done at once."""
        workspace = self._workspaces.of(call)
        name = call.params["name"]
        entity = codec("schedules").from_arm(call.json_object(), name=name)
        assert isinstance(entity, Schedule)
        record, is_new = self._service.put(call.work, workspace, name, entity)
        return created(to_arm(workspace, record), is_new=is_new)

    def delete(self, call: Call) -> Answer:
        """Delete a schedule that is disabled; done at once."""
        was_there = self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200 if was_there else 204)

    def trigger(self, call: Call) -> Answer:
        """Fire a schedule now, once."""
        workspace = self._workspaces.of(call)
        record, job = self._service.trigger(call.work, workspace, call.params["name"], fire_at=_fire_at(call))
        action = to_arm(workspace, record)["properties"]["action"]["actionType"]
        return ok({"scheduleActionType": action, "submissionId": job, "jobName": job})

    def fires(self, call: Call) -> Answer:
        """When a schedule fired and what came of it, the newest first."""
        workspace = self._workspaces.of(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.fires(
            call.work, workspace, call.params["name"], after=call.position(_Position), limit=limit
        )
        shown = [fire_to_json(fire, self._status(call, workspace, fire)) for fire in page.items]
        return ok(call.listing(Page(shown, page.after)))

    def _status(self, call: Call, workspace: WorkspaceRecord, fire: FireRecord) -> str | None:
        found = self._jobs.find(call.work, workspace, fire.job) if fire.job is not None else None
        return found.status.value if found is not None else None


def routes(service: ScheduleService, jobs: JobService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(service, jobs, workspaces)
    table = Routes()
    listed = ("listViewType", "$top", "$skip")
    table.add("GET", WORKSPACE + "/schedules", handlers.list, action="workspaces/schedules/read", query=listed)
    table.add("GET", _ONE, handlers.show, action="workspaces/schedules/read")
    table.add("PUT", _ONE, handlers.put, action="workspaces/schedules/write", body=codec("schedules").schema)
    table.add("DELETE", _ONE, handlers.delete, action="workspaces/schedules/delete")
    table.add(
        "POST",
        f"{_ONE}/trigger",
        handlers.trigger,
        action="workspaces/schedules/trigger/action",
        body="scheduleTime:moment",
    )
    table.add("GET", f"{_ONE}/fires", handlers.fires, action="workspaces/schedules/read", query=("$top", "$skip"))
    return table.all


def _view(call: Call) -> bool | None:
    view = call.query.get("listviewtype") or "EnabledOnly"
    if view.lower() not in _ENABLED:
        known = "EnabledOnly, DisabledOnly, All"
        raise InvalidRequest(f"listViewType={view[:40]!r} is unknown. Write one of: {known}.", target="listViewType")
    return _ENABLED[view.lower()]


def _fire_at(call: Call) -> datetime:
    """The moment the caller gives, which only names the job; now without one."""
    given = call.json_object().get("scheduleTime")
    if given is None:
        return call.work.now
    try:
        return clock.from_text(str(given))
    except ValueError:
        raise InvalidRequest(
            f"scheduleTime {str(given)[:80]!r} is no time. Write it as 2026-01-31T08:30:00Z.", target="scheduleTime"
        ) from None
