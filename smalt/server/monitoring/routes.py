"""Routes of monitors; they are ours, as Azure shows these things in its studio only."""

from __future__ import annotations

from typing import NamedTuple

from smalt.errors import InvalidRequest
from smalt.server.http import WORKSPACE, Answer, Call, Instant, Page, Route, Routes, ok
from smalt.server.monitoring.document import (
    alert_to_json,
    monitor_to_json,
    run_to_json,
    series_to_json,
    value_to_json,
)
from smalt.server.monitoring.service import MOST_VALUES, MonitorService
from smalt.server.workspaces import WorkspaceService

_ALL = WORKSPACE + "/smalt/monitors"
_ONE = _ALL + "/{name}"
_RUN = _ONE + "/runs/{job}"
_PAGE_SIZE = 100


class _Position(NamedTuple):
    """Where a page of runs ends."""

    fire_at: Instant
    id: str


class _Handlers:
    def __init__(self, service: MonitorService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """Monitors of a workspace, each with what its signals last came to."""
        workspace = self._workspaces.of(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.page(call.work, workspace, after=call.position(str), limit=limit)
        return ok(call.listing(Page([monitor_to_json(*each) for each in page.items], page.after)))

    def show(self, call: Call) -> Answer:
        """One monitor."""
        return ok(monitor_to_json(*self._service.get(call.work, self._workspaces.of(call), call.params["name"])))

    def runs(self, call: Call) -> Answer:
        """Runs of a monitor, the newest first."""
        workspace = self._workspaces.of(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.runs(
            call.work, workspace, call.params["name"], before=call.position(_Position), limit=limit
        )
        return ok(call.listing(Page([run_to_json(each) for each in page.items], page.after)))

    def run(self, call: Call) -> Answer:
        """One run: its signals, all values, and who was told."""
        workspace = self._workspaces.of(call)
        run = self._service.run(call.work, workspace, call.params["name"], call.params["job"])
        values = self._service.values(call.work, [run], signal=call.query.get("signal"), feature=None)
        alerts = self._service.alerts(call.work, run)
        return ok(
            {
                **run_to_json(run),
                "values": [value_to_json(each) for each in values],
                "alerts": [alert_to_json(each) for each in alerts],
            }
        )

    def series(self, call: Call) -> Answer:
        """Values of the last runs over time, the oldest first; of one signal and one feature, if asked."""
        workspace = self._workspaces.of(call)
        count = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        runs = self._service.runs(call.work, workspace, call.params["name"], before=None, limit=count).items
        signal, feature = call.query.get("signal"), call.query.get("feature")
        values = self._service.values(call.work, runs, signal=signal, feature=feature)
        return ok({"value": series_to_json(runs, values), "isCut": len(values) >= MOST_VALUES})

    def histogram(self, call: Call) -> Answer:
        """How a feature was distributed in the reference and in production."""
        workspace = self._workspaces.of(call)
        run = self._service.run(call.work, workspace, call.params["name"], call.params["job"])
        asked = {name: call.query.get(name) for name in ("signal", "feature")}
        for name, value in asked.items():
            if not value:
                raise InvalidRequest(f"Say which {name}: ?{name}=...", target=name)
        return ok(self._service.histogram(call.work, workspace, run, str(asked["signal"]), str(asked["feature"])))


def routes(service: MonitorService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(service, workspaces)
    table = Routes()
    action = "workspaces/schedules/read"
    table.add("GET", _ALL, handlers.list, action=action, query=("$top", "$skip"))
    table.add("GET", _ONE, handlers.show, action=action)
    table.add("GET", f"{_ONE}/runs", handlers.runs, action=action, query=("$top", "$skip"))
    table.add("GET", _RUN, handlers.run, action=action, query=("signal",))
    table.add("GET", f"{_ONE}/series", handlers.series, action=action, query=("$top", "signal", "feature"))
    table.add("GET", f"{_RUN}/histogram", handlers.histogram, action=action, query=("signal", "feature"))
    return table.all
