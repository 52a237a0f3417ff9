"""Search over a workspace: jobs and assets whose names hold a text."""

from __future__ import annotations

from typing import Any

from smalt.server.assets import AssetService
from smalt.server.jobs import Filter, JobService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_KINDS = ("models", "data", "components", "environments")
_PAGE = 500
_MOST_PAGES = 20


def find(
    work: Work, workspace: WorkspaceRecord, text: str, *, jobs: JobService, assets: AssetService, limit: int
) -> list[dict[str, Any]]:  # Any: JSON
    """What there is of each kind, at most `limit` of one: its kind, name, title and a line about it."""
    found: list[dict[str, Any]] = []
    for record in jobs.page(work, workspace, Filter(text=text, archived=None), after=None, limit=limit).items:
        about = f"{record.experiment} · {record.status.value}"
        found.append({"kind": "jobs", "name": record.name, "title": record.display_name, "about": about})
    for kind in _KINDS:
        found += _assets(work, workspace, kind, text.lower(), assets=assets, limit=limit)
    return found


def _assets(
    work: Work, workspace: WorkspaceRecord, kind: str, text: str, *, assets: AssetService, limit: int
) -> list[dict[str, Any]]:  # Any: JSON
    found: list[dict[str, Any]] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = assets.containers(work, workspace, kind, archived=False, after=after, limit=_PAGE)
        for each in page.items:
            if text in each.name.lower():
                about = f"version {each.entity.latest_version}" if each.entity.latest_version else ""
                found.append({"kind": kind, "name": each.name, "title": each.name, "about": about})
        after = page.after
        if after is None or len(found) >= limit:
            break
    return found[:limit]
