"""Every query on metadata of blobs. Keys of the document: `meta` (the caller's own), `type`, `md5`, `etag`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from smalt.server.assets.blob_tables import blob_metadata
from smalt.server.database import insert_or


def _at(workspace_id: str, container: str, key: str) -> ColumnElement[bool]:
    table = blob_metadata.c
    return and_(table.workspace_id == workspace_id, table.container == container, table.key == key)


def find(connection: Connection, workspace_id: str, container: str, key: str) -> dict[str, Any]:
    """What is known of a blob beside its bytes."""
    found = connection.execute(select(blob_metadata.c.document).where(_at(workspace_id, container, key))).scalar()
    return dict(found) if found else {}


def find_many(
    connection: Connection, workspace_id: str, container: str, keys: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The same for many blobs."""
    table = blob_metadata.c
    query = select(table.key, table.document).where(
        table.workspace_id == workspace_id, table.container == container, table.key.in_(keys)
    )
    return {row[0]: dict(row[1]) for row in connection.execute(query)}


def put(connection: Connection, workspace_id: str, container: str, key: str, document: dict[str, Any]) -> None:
    """Remember."""
    statement = insert_or(connection, blob_metadata).values(
        workspace_id=workspace_id, container=container, key=key, document=document
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "container", "key"], set_={"document": document}
        )
    )


def forget(connection: Connection, workspace_id: str, container: str, key: str) -> None:
    """Forget."""
    connection.execute(delete(blob_metadata).where(_at(workspace_id, container, key)))


def forget_workspace(connection: Connection, workspace_id: str) -> None:
    """Forget everything of a workspace."""
    connection.execute(delete(blob_metadata).where(blob_metadata.c.workspace_id == workspace_id))
