"""Every query of computes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from smalt.entities.compute.base import Compute
from smalt.entities.kinds import entity_class
from smalt.server.compute.tables import computes
from smalt.server.database import insert_or


@dataclass(frozen=True, slots=True)
class ComputeRecord:
    """A compute as stored: the entity without secrets, whether it is started, and who touched it when."""

    workspace_id: str
    name: str
    entity: Compute
    state: str
    last_operation: str
    last_trigger: str
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    sealed: str | None = None

    @property
    def is_started(self) -> bool:
        """Whether jobs may run on it."""
        return self.state == "Running"


def find(connection: Connection, workspace_id: str, name: str) -> ComputeRecord | None:
    """One compute, by its name in any case."""
    row = connection.execute(select(computes).where(*_named(workspace_id, name))).one_or_none()
    return None if row is None else _record(row)


def page(connection: Connection, workspace_id: str, *, after: str | None, limit: int) -> list[ComputeRecord]:
    """Computes in the order of their names, those after a name only."""
    query = select(computes).where(computes.c.workspace_id == workspace_id).order_by(computes.c.key).limit(limit)
    if after is not None:
        query = query.where(computes.c.key > after.lower())
    return [_record(row) for row in connection.execute(query)]


def save(connection: Connection, record: ComputeRecord) -> None:
    """Insert or replace."""
    values = {
        "name": record.name,
        "document": record.entity.document(),
        "sealed": record.sealed,
        "state": record.state,
        "last_operation": record.last_operation,
        "last_trigger": record.last_trigger,
        "created_at": record.created_at,
        "created_by": record.created_by,
        "modified_at": record.modified_at,
        "modified_by": record.modified_by,
    }
    statement = insert_or(connection, computes).values(
        workspace_id=record.workspace_id, key=record.name.lower(), **values
    )
    kept = {key: value for key, value in values.items() if not key.startswith("created") and key != "name"}
    connection.execute(statement.on_conflict_do_update(index_elements=["workspace_id", "key"], set_=kept))


def set_state(
    connection: Connection, record: ComputeRecord, *, state: str, operation: str, trigger: str, now: datetime
) -> None:
    """Remember that it was started, stopped or restarted."""
    values = {"state": state, "last_operation": operation, "last_trigger": trigger, "modified_at": now}
    connection.execute(update(computes).where(*_named(record.workspace_id, record.name)).values(**values))


def remove(connection: Connection, workspace_id: str, name: str) -> bool:
    """Forget a compute; whether it was there."""
    return connection.execute(delete(computes).where(*_named(workspace_id, name))).rowcount > 0


def _named(workspace_id: str, name: str) -> tuple[Any, ...]:  # Any: SQL conditions
    return computes.c.workspace_id == workspace_id, computes.c.key == name.lower()


def _record(row: Row[Any]) -> ComputeRecord:  # Any: the columns of the table
    fields = dict(row._mapping)
    document = fields.pop("document")
    fields.pop("key")
    entity = entity_class("compute", document["type"]).parse(document)
    assert isinstance(entity, Compute)
    return ComputeRecord(entity=entity, **fields)


def instances(connection: Connection) -> list[ComputeRecord]:
    """Every compute instance, of all workspaces."""
    query = select(computes).where(computes.c.document["type"].as_string() == "computeinstance")
    return [_record(row) for row in connection.execute(query)]


def delete_all(connection: Connection, workspace_id: str) -> None:
    """Remove every compute of a workspace."""
    connection.execute(delete(computes).where(computes.c.workspace_id == workspace_id))


def sealed(connection: Connection) -> list[ComputeRecord]:
    """Every compute that holds secrets."""
    query = select(computes).where(computes.c.sealed.is_not(None))
    return [_record(row) for row in connection.execute(query)]


def reseal(connection: Connection, record: ComputeRecord, sealed: str) -> None:
    """Keep the secrets of a compute under another seal."""
    where = _named(record.workspace_id, record.name)
    connection.execute(update(computes).where(*where).values(sealed=sealed))
