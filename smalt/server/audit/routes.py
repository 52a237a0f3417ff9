"""Reading the audit trail, of a workspace or of the whole installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.audit import store
from smalt.server.audit.scope import FindScope, scope_text, workspace_scope
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, ok

_QUERY = ("actor", "action", "resource", "since", "until", "$top", "$skip")


def routes(find_scope: FindScope) -> list[Route]:
    """The routes of this slice."""
    table = Routes()

    def show(call: Call) -> Answer:
        """The audit trail of a workspace, newest first."""
        return _show(call, scope_text(workspace_scope(call, find_scope) or ()))

    def show_all(call: Call) -> Answer:
        """The audit trail of the whole installation, newest first."""
        return _show(call, None)

    table.add("GET", WORKSPACE + "/smalt/audit", show, action="workspaces/auditEvents/read", query=_QUERY)
    table.add("GET", "/smalt/audit", show_all, action="auditEvents/read", query=_QUERY)
    return table.all


def _show(call: Call, workspace: str | None) -> Answer:
    wanted = store.Filter(
        workspace_scope=workspace,
        actor=_text(call, "actor"),
        action=_text(call, "action"),
        resource=_resource(call, workspace),
        since=_moment(call, "since"),
        until=_moment(call, "until"),
    )
    limit = call.number("$top", default=100, low=1, high=1000)
    before = call.position(int)
    rows = store.find(call.work.connection, wanted, before=before, limit=limit + 1)
    page = Page([_event(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None)
    return ok(call.listing(page))


def _text(call: Call, name: str) -> str | None:
    return call.query.get(name) or None


def _resource(call: Call, workspace: str | None) -> str | None:
    """The scope of the resource that is asked for: its id, or its path inside the workspace."""
    text = _text(call, "resource")
    if text is None:
        return None
    if not text.startswith("/") and workspace is None:
        raise InvalidRequest(f"resource={text[:80]!r} is no id. Write /subscriptions/...", target="resource")
    return (text if text.startswith("/") else f"{workspace}/{text}").rstrip("/").lower() or "/"


def _moment(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        return clock.from_text(text)
    except ValueError:
        raise InvalidRequest(
            f"{name}={text[:40]!r} is no moment. Write it as 2026-01-31T12:00:00Z.", target=name
        ) from None


def _event(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "at": clock.to_text(row["at"]),
        "actor": {"id": row["actor_id"], "name": row["actor_name"], "kind": row["actor_kind"]},
        "action": row["action"],
        "scope": row["scope"],
        "path": row["path"],
        "method": row["method"],
        "status": row["status"],
        "correlation": row["correlation"],
        "clientAddress": row["client_address"],
        "details": row["details"],
    }
