"""Every query of workspaces, resource groups and deployments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from smalt.server.database import insert_or
from smalt.server.workspaces.tables import deployments, resource_groups, workspaces

PURGED = "purged/"
"""What the key of a workspace begins with that never comes back: its name is free, its rows are being removed."""


def group(connection: Connection, key: str) -> RowMapping | None:
    """The resource group with this key."""
    return connection.execute(select(resource_groups).where(resource_groups.c.key == key)).mappings().first()


def put_group(connection: Connection, row: dict[str, Any]) -> None:
    """Write a resource group, or change its tags."""
    statement = insert_or(connection, resource_groups).values(**row)
    statement = statement.on_conflict_do_update(index_elements=["key"], set_={"tags": row["tags"]})
    connection.execute(statement)


def delete_group(connection: Connection, key: str) -> None:
    """Remove a resource group."""
    connection.execute(delete(resource_groups).where(resource_groups.c.key == key))


def list_groups(connection: Connection) -> Sequence[RowMapping]:
    """Every resource group, by key."""
    return connection.execute(select(resource_groups).order_by(resource_groups.c.key)).mappings().all()


def by_key(connection: Connection, key: str, *, with_deleted: bool = False) -> RowMapping | None:
    """The workspace with this key."""
    query = select(workspaces).where(workspaces.c.key == key)
    if not with_deleted:
        query = query.where(workspaces.c.deleted_at.is_(None))
    return connection.execute(query).mappings().first()


_BY_ID = select(workspaces).where(workspaces.c.id == bindparam("guid"))
_ALIVE_BY_ID = _BY_ID.where(workspaces.c.deleted_at.is_(None))


def by_id(connection: Connection, workspace_id: str, *, with_deleted: bool = False) -> RowMapping | None:
    """The workspace with this guid."""
    query = _BY_ID if with_deleted else _ALIVE_BY_ID
    return connection.execute(query, {"guid": workspace_id}).mappings().first()


def by_name(connection: Connection, name_key: str) -> Sequence[RowMapping]:
    """The workspaces of this name, in all groups."""
    query = select(workspaces).where(workspaces.c.name_key == name_key, workspaces.c.deleted_at.is_(None))
    return connection.execute(query.limit(2)).mappings().all()


def list_workspaces(connection: Connection, prefix: str, *, after: str | None, limit: int) -> Sequence[RowMapping]:
    """The workspaces whose key begins with `prefix`, by key."""
    query = select(workspaces).where(
        workspaces.c.deleted_at.is_(None), workspaces.c.key.startswith(prefix, autoescape=True)
    )
    if after is not None:
        query = query.where(workspaces.c.key > after)
    return connection.execute(query.order_by(workspaces.c.key).limit(limit)).mappings().all()


def add_workspace(connection: Connection, row: dict[str, Any]) -> None:
    """Write a workspace."""
    connection.execute(insert(workspaces), [row])


def change_workspace(connection: Connection, workspace_id: str, changes: dict[str, Any]) -> None:
    """Change some columns and count the change."""
    statement = update(workspaces).where(workspaces.c.id == workspace_id)
    connection.execute(statement.values(**changes, revision=workspaces.c.revision + 1))


def deleted_before(connection: Connection, moment: datetime) -> Sequence[RowMapping]:
    """The workspaces that were deleted before a moment and can still come back."""
    query = select(workspaces).where(workspaces.c.deleted_at < moment, workspaces.c.key.not_like(f"{PURGED}%"))
    return connection.execute(query).mappings().all()


def purged(connection: Connection) -> Sequence[str]:
    """The guids of the workspaces of which everything is to be removed."""
    query = select(workspaces.c.id).where(workspaces.c.key.like(f"{PURGED}%")).order_by(workspaces.c.deleted_at)
    return connection.execute(query).scalars().all()


def remove_workspace(connection: Connection, workspace_id: str) -> None:
    """Remove the row of a workspace."""
    connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))


def remove_deployments(connection: Connection, workspace_scope: str) -> None:
    """Remove what deployments made in a workspace."""
    connection.execute(delete(deployments).where(deployments.c.workspace_scope == workspace_scope))


def put_deployment(connection: Connection, row: dict[str, Any]) -> None:
    """Write what a deployment made."""
    statement = insert_or(connection, deployments).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def deployment(connection: Connection, key: str) -> RowMapping | None:
    """The deployment with this key."""
    return connection.execute(select(deployments).where(deployments.c.key == key)).mappings().first()
