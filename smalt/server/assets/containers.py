"""The server's own containers, one folder each: `<root>/<workspace id>/<container>`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from smalt.blobs import BlobIndex, BlobStore, LocalBlobStore, ObstoreBlobStore, TieredBlobStore
from smalt.errors import NotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_WORKSPACE = re.compile(r"[0-9a-fA-F-]{36}")

STAGING = ".staging"
"""The folder, beside the containers of a workspace, of writes that are not finished."""

External = Callable[[str, str], BlobStore]
"""Finds the store of a container that stands for a datastore elsewhere, from workspace id and container."""


@dataclass(frozen=True)
class Behind:
    """The object store behind the folders.

    Args:
        store: The place in it.
        index: What it has.
        note: Is given the key there of what was written or deleted here.
    """

    store: ObstoreBlobStore
    index: BlobIndex
    note: Callable[[str], None]


class Containers:
    """Containers of all workspaces and registries.

    Args:
        root: The folder they stand in.

    Attributes:
        behind: The object store in which the blobs live, if there is one; else they live in the folders.
        external: Finds containers that are not folders of ours.
        external_prefix: What their names begin with.
    """

    external_prefix = "datastore-"

    def __init__(self, root: Path) -> None:
        self._root = root
        self.behind: Behind | None = None
        self.external: External | None = None

    def store(self, workspace_id: str, container: str) -> BlobStore:
        """The container.

        Raises:
            NotFound: It has no possible name.
        """
        if not _WORKSPACE.fullmatch(workspace_id):
            raise NotFound(
                f"{workspace_id[:64]!r} is no workspace id. `smalt workspace show` prints it.", code="ContainerNotFound"
            )
        if container.startswith(self.external_prefix) and self.external is not None:
            return self.external(workspace_id, container)
        if not _NAME.fullmatch(container):
            raise NotFound(
                f"{container[:80]!r} is no container. The datastores of the workspace name those there are.",
                code="ContainerNotFound",
            )
        base = self._root / workspace_id.lower()
        local = LocalBlobStore(base / container, base / STAGING)
        if self.behind is None:
            return local
        known = f"{workspace_id.lower()}/{container}/"
        return TieredBlobStore(local, self.behind.store, self.behind.index, known, self.behind.note)

    def remove_all(self, workspace_id: str) -> None:
        """Remove every container of ours of a workspace, with what is in them."""
        if not _WORKSPACE.fullmatch(workspace_id):
            raise NotFound(f"{workspace_id[:64]!r} is no workspace id. Name one.", code="ContainerNotFound")
        folder = self._root / workspace_id.lower()
        if folder.exists():
            shutil.rmtree(folder)
        if self.behind is not None:
            self.behind.index.doom_all(f"{workspace_id.lower()}/")
            self.behind.note(workspace_id.lower())

    def discard_unfinished(self, before: datetime) -> int:
        """Remove what was staged and never became a blob since then; how many uploads that were."""
        staged = [*self._root.glob(f"*/{STAGING}/*"), *self._root.glob(f"*/{STAGING}/blocks/*")]
        old = [path for path in staged if path.name != "blocks" and _written_at(path) < before.timestamp()]
        for path in old:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(old)

    def ensure(self, workspace_id: str, container: str) -> None:
        """Make the folder of a container."""
        found = self.store(workspace_id, container).local_path("")
        if found is not None:
            found.mkdir(parents=True, exist_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # It became a blob meanwhile.
        return float("inf")
