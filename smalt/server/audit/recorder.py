"""Writes an event for every write that was done, in its own transaction, and for every one that was refused."""

from __future__ import annotations

from typing import Any

from smalt.errors import SmaltError
from smalt.server.audit import store
from smalt.server.audit.scope import FindScope, scope_segments, scope_text, split_scope, workspace_scope
from smalt.server.http import Call
from smalt.server.work import Work, Works


class AuditRecorder:
    """The recorder that the dispatcher calls.

    Args:
        works: Opens the transaction of a refusal.
        find_scope: Finds the scope of a workspace that a path names without its group.
    """

    def __init__(self, works: Works, find_scope: FindScope) -> None:
        self._works = works
        self._find_scope = find_scope

    def record(self, work: Work, call: Call, status: int) -> None:
        """Add the event of a write to the transaction of the write itself."""
        store.add(work.connection, self._event(work, call, status, dict(work.told)))

    def happened(self, work: Work, *, action: str, scope: str, workspace_scope: str) -> None:
        """Add the event of something that the server has done by itself."""
        event = {
            "at": work.now,
            "actor_id": work.actor.id,
            "actor_name": work.actor.name[:256],
            "actor_kind": work.actor.kind.value,
            "action": action,
            "scope": scope_text(split_scope(scope))[:2048],
            "workspace_scope": scope_text(split_scope(workspace_scope))[:512],
            "path": scope[:1024],
            "method": "",
            "status": 200,
            "correlation": work.correlation,
            "client_address": "",
            "details": dict(work.told),
        }
        store.add(work.connection, event)

    def refused(self, call: Call, error: SmaltError) -> None:
        """Add the event of a write that the gate refused."""
        with self._works.write(call.actor) as work:
            details = {"code": error.code, "message": error.message}
            store.add(work.connection, self._event(work, call, error.status, details))

    def _event(self, work: Work, call: Call, status: int, details: dict[str, Any]) -> dict[str, Any]:
        client = call.request.client
        actor = call.actor
        return {
            "at": work.now,
            "actor_id": actor.id,
            "actor_name": actor.name[:256],
            "actor_kind": actor.kind.value,
            "action": call.route.action,
            "scope": scope_text(scope_segments(call, self._find_scope))[:2048],
            "workspace_scope": scope_text(workspace_scope(call, self._find_scope) or ())[:512],
            "path": call.path[:1024],
            "method": call.route.method,
            "status": status,
            "correlation": work.correlation,
            "client_address": (client.host if client else "")[:64],
            "details": details,
        }
