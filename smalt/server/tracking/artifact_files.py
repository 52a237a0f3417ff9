"""Who may touch which artifact, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smalt.server.tracking import access, artifacts
from smalt.server.tracking.access import Space
from smalt.server.tracking.artifacts import ArtifactStore
from smalt.server.tracking.errors import InvalidParameter, NotImplementedHere, NotYours
from smalt.server.tracking.registry import Registry
from smalt.server.tracking.run_store import RunRow
from smalt.server.tracking.service import TrackingService
from smalt.server.work import Work


class ArtifactFiles:
    """Maps artifact paths to containers and keys, after asking whether the caller may."""

    def __init__(self, service: TrackingService, registry: Registry, store: ArtifactStore) -> None:
        self._service = service
        self._registry = registry
        self.store = store

    def readable(self, work: Work, workspace: Space, path: str) -> tuple[str, str]:
        """Container and key of a path that the actor may read.

        Raises:
            NotYours: It belongs to another run than the job's.
            DoesNotExist: The run, model or version that the path names does not exist.
        """
        access.check_space(work.actor, workspace)
        key = artifacts.normal(path)
        parts = key.split("/", 3)
        if parts[0] == artifacts.REGISTERED and len(parts) >= 3:
            container, root = self._registry.location(work, workspace, parts[1], parts[2])
            return container, artifacts.join(root, *parts[3:])
        self._check(work, workspace, key, self._service.runs.find_readable)
        return artifacts.CONTAINER, key

    def writable(self, work: Work, workspace: Space, path: str) -> tuple[str, str]:
        """Container and key of a path that the actor may write.

        Raises:
            InvalidParameter: It is the root, or belongs to a registered version, which never changes.
            NotYours: It belongs to another run than the job's.
        """
        access.check_space(work.actor, workspace)
        key = artifacts.normal(path)
        if "/" not in key:
            raise InvalidParameter(f"Invalid path: {path[:100]!r}. Name a file below a run or a logged model.")
        if key.split("/", 1)[0] == artifacts.REGISTERED:
            raise InvalidParameter("Files of a registered model version never change. Register a new version.")
        self._check(work, workspace, key, self._service.runs.find)
        return artifacts.CONTAINER, key

    def listed(self, workspace: Space, root_uri: str, below: str) -> list[dict[str, Any]]:
        """Files and folders below a root, with paths from that root, as MLflow shows them.

        Raises:
            NotImplementedHere: The root is in a store that clients reach by themselves.
        """
        root = artifacts.key_of(root_uri)
        if root is None:
            raise NotImplementedHere(f"The artifacts stand at {root_uri}; list them with a client of that store.")
        entries = self.store.entries(workspace.id, artifacts.CONTAINER, artifacts.join(root, below))
        return [shown(entry, below) for entry in entries]

    def _check(self, work: Work, workspace: Space, key: str, find_run: Callable[[Work, Space, str], RunRow]) -> None:
        owner = artifacts.owner_of(key)
        if owner is None:
            if work.actor.grant is not None:
                raise NotYours(
                    f"The token of job {work.actor.grant.job!r} does not open {key[:200]!r}. Use a person's."
                )
            return
        kind, name = owner
        if kind == artifacts.RUNS:
            find_run(work, workspace, name)
        else:
            self._service.models.find(work, workspace, name)


def shown(entry: artifacts.Entry, below: str) -> dict[str, Any]:
    """A file or folder as MLflow shows it."""
    found: dict[str, Any] = {"path": artifacts.join(below, entry.name), "is_dir": entry.is_folder}
    if not entry.is_folder:
        found["file_size"] = entry.size
    return found
