"""Every query of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select

from smalt.server.audit.tables import audit_events


@dataclass(frozen=True)
class Filter:
    """Which events are asked for; None asks for all."""

    workspace_scope: str
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def add(connection: Connection, event: dict[str, Any]) -> None:
    """Write one event."""
    connection.execute(insert(audit_events), [event])


def find(connection: Connection, wanted: Filter, *, before: int | None, limit: int) -> Sequence[RowMapping]:
    """Events of a workspace, newest first, older than the event `before`."""
    table = audit_events.c
    query = select(audit_events).where(table.workspace_scope == wanted.workspace_scope)
    if wanted.actor is not None:
        query = query.where(or_(table.actor_id == wanted.actor, table.actor_name == wanted.actor))
    if wanted.action is not None:
        query = query.where(table.action == wanted.action)
    if wanted.since is not None:
        query = query.where(table.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.at < wanted.until)
    if before is not None:
        query = query.where(table.id < before)
    return connection.execute(query.order_by(table.id.desc()).limit(limit)).mappings().all()
