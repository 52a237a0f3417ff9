"""Reading the audit trail of a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.audit import store
from smalt.server.audit.scope import FindScope, scope_text, workspace_scope
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, ok


def routes(find_scope: FindScope) -> list[Route]:
    """The routes of this slice."""
    table = Routes()

    def show(call: Call) -> Answer:
        """The audit trail of a workspace, newest first."""
        return _show(call, find_scope)

    table.add(
        "GET",
        WORKSPACE + "/smalt/audit",
        show,
        action="workspaces/auditEvents/read",
        query=("actor", "action", "since", "until", "$top", "$skip"),
    )
    return table.all


def _show(call: Call, find_scope: FindScope) -> Answer:
    wanted = store.Filter(
        workspace_scope=scope_text(workspace_scope(call, find_scope) or ()),
        actor=_text(call, "actor"),
        action=_text(call, "action"),
        since=_moment(call, "since"),
        until=_moment(call, "until"),
    )
    limit = call.number("$top", default=100, low=1, high=1000)
    before = call.position()
    if before is not None and not (type(before) is int and 0 <= before < 2**63):
        raise InvalidRequest("The continuation token is not one of this list. Start again without it.", target="$skip")
    rows = store.find(call.work.connection, wanted, before=before, limit=limit + 1)
    page = Page([_event(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None)
    return ok(call.listing(page))


def _text(call: Call, name: str) -> str | None:
    text = call.query.get(name)
    if text and "\x00" in text:
        raise InvalidRequest(f"{name} holds a NUL character. Leave it out.", target=name)
    return text or None


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
