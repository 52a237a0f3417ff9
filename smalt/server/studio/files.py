"""Files behind a reference, such as the artifacts of a job or the folder of a model, with addresses to read them at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from smalt.blobs import BlobInfo
from smalt.errors import NotFound
from smalt.kit import clock
from smalt.server.assets import Location
from smalt.server.workspaces import WorkspaceRecord


def listing(
    workspace: WorkspaceRecord, location: Location, *, folder: str, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:  # Any: JSON
    """The files and folders right below a place, by name, and where the next page begins.

    Args:
        workspace: Whose files they are.
        location: Where the reference leads.
        folder: Which folder below it, without slashes at the ends; empty for the place itself.
        after: Where the page begins.
        limit: How many at most.

    Raises:
        NotFound: Nothing is there that this server could list.
    """
    store = location.store
    if store is None:
        raise NotFound(f"{location.uri!r} is outside every datastore of the workspace and cannot be listed.")
    single = store.head(location.key) if location.key and not folder else None
    if single is not None:
        return [_file(workspace, location, single, single.key.rpartition("/")[2])], None
    prefix = "/".join(part for part in (location.key, folder) if part)
    prefix = f"{prefix}/" if prefix else ""
    page = store.list(prefix, delimiter="/", after=after, limit=limit)
    return [*_folders(page.prefixes, prefix), *_files(workspace, location, page.items, prefix)], page.after


def _folders(prefixes: Iterable[str], prefix: str) -> list[dict[str, Any]]:  # Any: JSON
    return [{"name": found.removeprefix(prefix).rstrip("/"), "isFolder": True} for found in prefixes]


def _files(
    workspace: WorkspaceRecord, location: Location, items: Iterable[BlobInfo], prefix: str
) -> list[dict[str, Any]]:  # Any: JSON
    return [_file(workspace, location, item, item.key.removeprefix(prefix)) for item in items]


def _file(workspace: WorkspaceRecord, location: Location, item: BlobInfo, name: str) -> dict[str, Any]:  # Any: JSON
    return {
        "name": name,
        "isFolder": False,
        "size": item.size,
        "modifiedAt": clock.to_text(item.modified_at),
        "url": f"/blob/{workspace.id}/{location.container}/{quote(item.key)}",
    }
