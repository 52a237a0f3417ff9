"""Every query of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select

from smalt.server.audit.tables import audit_events


@dataclass(frozen=True)
class Filter:
    """Which events are asked for; None asks for all.

    Args:
        workspace_scope: Of one workspace.
        actor: Id or name.
        action: With `*` for any words.
        resource: Scope of a resource, in lower case; what is inside it is meant as well.
        since: The first moment.
        until: The moment after the last.
    """

    workspace_scope: str | None = None
    actor: str | None = None
    action: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def add(connection: Connection, event: dict[str, Any]) -> None:
    """Write one event."""
    connection.execute(insert(audit_events), [event])


def find(connection: Connection, wanted: Filter, *, before: int | None, limit: int) -> Sequence[RowMapping]:
    """Events, newest first, older than the event `before`."""
    table = audit_events.c
    query = select(audit_events)
    if wanted.workspace_scope is not None:
        query = query.where(table.workspace_scope == wanted.workspace_scope)
    if wanted.actor is not None:
        query = query.where(or_(table.actor_id == wanted.actor, table.actor_name == wanted.actor))
    if wanted.action is not None:
        query = query.where(func.lower(table.action).like(_pattern(wanted.action), escape="!"))
    if wanted.resource is not None:
        inside = table.scope.startswith(wanted.resource.rstrip("/") + "/", autoescape=True)
        query = query.where(or_(table.scope == wanted.resource, inside))
    if wanted.since is not None:
        query = query.where(table.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.at < wanted.until)
    if before is not None:
        query = query.where(table.id < before)
    return connection.execute(query.order_by(table.id.desc()).limit(limit)).mappings().all()


def _pattern(action: str) -> str:
    for character in "!%_":
        action = action.replace(character, f"!{character}")
    return action.lower().replace("*", "%")
