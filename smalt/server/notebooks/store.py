"""Every query of notebook sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, desc, insert, select

from smalt.server.notebooks.tables import notebook_sessions


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as stored."""

    workspace_id: str
    job: str
    path: str
    owner_id: str
    owner: str
    environment: str
    compute: str | None
    started_at: datetime


def add(connection: Connection, record: SessionRecord) -> None:
    """Keep a new one."""
    connection.execute(insert(notebook_sessions).values(**asdict(record)))


def find(connection: Connection, workspace_id: str, job: str) -> SessionRecord | None:
    """The session that a job is, or None."""
    table = notebook_sessions
    query = select(table).where(table.c.workspace_id == workspace_id, table.c.job == job)
    row = connection.execute(query).one_or_none()
    return None if row is None else SessionRecord(**row._mapping)


def newest(
    connection: Connection, workspace_id: str, *, path: str | None, owner_id: str | None, limit: int
) -> list[SessionRecord]:
    """Sessions, the newest first: all, of one notebook, or of one person."""
    table = notebook_sessions
    query = select(table).where(table.c.workspace_id == workspace_id)
    for column, wanted in ((table.c.path, path), (table.c.owner_id, owner_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [
        SessionRecord(**row._mapping) for row in connection.execute(query.order_by(desc("started_at")).limit(limit))
    ]


def remove_all(connection: Connection, workspace_id: str) -> None:
    """Forget every session of a workspace."""
    connection.execute(delete(notebook_sessions).where(notebook_sessions.c.workspace_id == workspace_id))
