"""Every query of flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update

from smalt.server.database import insert_or
from smalt.server.flows.tables import flow_versions, flows


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """A flow as stored."""

    id: str
    workspace_id: str
    name: str
    key: str
    display_name: str
    description: str | None
    tags: Mapping[str, str]
    type: str
    kind: str
    entry_file: str
    latest_version: int
    cloned_from: Mapping[str, Any] | None  # Any: JSON
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of a flow as stored; `files` has path, size and sha256 of each."""

    flow_id: str
    version: int
    workspace_id: str
    message: str | None
    changed: Sequence[str]
    files: Sequence[Mapping[str, Any]]  # Any: JSON
    uri: str
    code_id: str
    created_at: datetime
    created_by: str

    def digests(self) -> dict[str, str]:
        """What each file holds, by its path."""
        return {str(file["path"]): str(file["sha256"]) for file in self.files}


def find(connection: Connection, workspace_id: str, name: str, *, lock: bool = False) -> FlowRecord | None:
    """A flow by its name in any case; locked against other writers if asked."""
    query = select(flows).where(flows.c.workspace_id == workspace_id, flows.c.key == name.lower())
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _flow(row)


def page(
    connection: Connection,
    workspace_id: str,
    *,
    search: str | None,
    tag: tuple[str, str | None] | None,
    after: str | None,
    limit: int,
) -> list[FlowRecord]:
    """Flows in the order of their names, those after a name only."""
    query: Select[Any] = select(flows).where(flows.c.workspace_id == workspace_id)  # Any: the columns selected
    if search is not None:
        columns = (flows.c.name, flows.c.display_name, flows.c.description)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    if tag is not None:
        held = flows.c.tags[tag[0]].as_string()
        query = query.where(held.is_not(None) if tag[1] is None else held == tag[1])
    if after is not None:
        query = query.where(flows.c.key > after.lower())
    return [_flow(row) for row in connection.execute(query.order_by(flows.c.key).limit(limit))]


def add(connection: Connection, record: FlowRecord) -> bool:
    """Insert a flow; False when the name is taken."""
    values = {field.name: getattr(record, field.name) for field in fields(FlowRecord)}
    fresh = insert_or(connection, flows).values(values).on_conflict_do_nothing().returning(flows.c.id)
    return connection.execute(fresh).first() is not None


def change(connection: Connection, record: FlowRecord, **values: Any) -> None:  # Any: values of columns
    """Set columns of a flow."""
    connection.execute(update(flows).where(flows.c.id == record.id).values(**values))


def remove(connection: Connection, record: FlowRecord) -> None:
    """Delete a flow and its versions."""
    connection.execute(delete(flow_versions).where(flow_versions.c.flow_id == record.id))
    connection.execute(delete(flows).where(flows.c.id == record.id))


def remove_all(connection: Connection, workspace_id: str) -> None:
    """Delete the flows of a workspace, and their versions."""
    for table in (flow_versions, flows):
        connection.execute(delete(table).where(table.c.workspace_id == workspace_id))


def version(connection: Connection, flow_id: str, number: int) -> VersionRecord | None:
    """A version of a flow."""
    query = select(flow_versions).where(flow_versions.c.flow_id == flow_id, flow_versions.c.version == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _version(row)


def versions(connection: Connection, flow_id: str, *, below: int | None, limit: int) -> list[VersionRecord]:
    """Versions of a flow, the newest first."""
    query = select(flow_versions).where(flow_versions.c.flow_id == flow_id)
    if below is not None:
        query = query.where(flow_versions.c.version < below)
    return [_version(row) for row in connection.execute(query.order_by(flow_versions.c.version.desc()).limit(limit))]


def add_version(connection: Connection, record: VersionRecord) -> None:
    """Insert a version."""
    values = {field.name: getattr(record, field.name) for field in fields(VersionRecord)}
    connection.execute(insert(flow_versions).values(values))


def _flow(row: Row[Any]) -> FlowRecord:  # Any: the columns of the table
    return FlowRecord(**row._mapping)


def _version(row: Row[Any]) -> VersionRecord:  # Any: the columns of the table
    return VersionRecord(**row._mapping)
