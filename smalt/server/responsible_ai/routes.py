"""Dashboards over HTTP; the route is ours, as Azure asks its run history."""

from __future__ import annotations

from typing import Any

from smalt.kit import clock
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, ok
from smalt.server.responsible_ai.service import Dashboard, DashboardService
from smalt.server.workspaces import WorkspaceService


class _Handlers:
    def __init__(self, service: DashboardService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """Responsible AI dashboards, the newest first: of a model (`name:version`), or of a job's pipeline."""
        workspace = self._workspaces.of(call)
        wanted = {name: call.query.get(name) or None for name in ("model", "job")}
        found = self._service.find(call.work, workspace, **wanted)
        return ok(call.listing(Page([_shown(each) for each in found])))


def routes(service: DashboardService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of this slice."""
    table = Routes()
    table.add(
        "GET",
        WORKSPACE + "/smalt/responsibleAiDashboards",
        _Handlers(service, workspaces).list,
        action="workspaces/jobs/read",
        query=("model", "job"),
    )
    return table.all


def _shown(found: Dashboard) -> dict[str, Any]:  # Any: JSON
    return {
        "job": found.job,
        "pipeline": found.pipeline,
        "title": found.title,
        "model": found.model,
        "tools": list(found.tools),
        "createdAt": clock.to_text(found.created_at),
        "page": f"azureml://jobs/{found.job}/outputs/ux_json",
        "folder": f"azureml://jobs/{found.job}/outputs/dashboard",
        "scorecards": [
            {"job": each.job, "title": each.title, "folder": f"azureml://jobs/{each.job}/outputs/scorecard"}
            for each in found.scorecards
        ],
    }
