"""Tracking and traces without the slices around them: one workspace, artifacts in a folder, models in memory."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from smalt.errors import Forbidden, NotAuthenticated, NotFound, SmaltError
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.http import Call, Dispatcher
from smalt.server.http.route import SIGNED_IN
from smalt.server.traces import TraceService, all_routes
from smalt.server.tracking import (
    Content,
    Entry,
    GroupWriter,
    Registered,
    Space,
    TrackingService,
    Version,
    mlflow_routes,
)
from smalt.server.work import SYSTEM, Actor, ActorKind, Work, Works

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class OneSpace:
    """A workspace of which only the id matters."""

    id: str = "0f0e0d0c-0000-4000-8000-000000000001"


@dataclass
class OneWorkspace:
    """A workspace service that knows one workspace, named `default`."""

    space: OneSpace = field(default_factory=OneSpace)

    def of(self, call: Call) -> OneSpace:
        """The workspace a call names."""
        return self._named(call.params)

    def resolve(self, work: Work, params: Mapping[str, str]) -> OneSpace:
        """The workspace that path parameters name."""
        return self._named(params)

    def _named(self, params: Mapping[str, str]) -> OneSpace:
        name = params.get("workspace", params.get("workspace_id"))
        if name not in {"default", self.space.id}:
            raise NotFound(f"There is no workspace {name!r}.")
        return self.space


@dataclass
class FolderArtifacts:
    """Artifacts as plain files under a folder."""

    root: Path

    async def put(self, workspace_id: str, container: str, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Store a file."""
        path = self._path(workspace_id, container, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            async for chunk in chunks:
                file.write(chunk)

    async def get(self, workspace_id: str, container: str, key: str) -> Content | None:
        """A file, or None."""
        path = self._path(workspace_id, container, key)
        return Content(path.stat().st_size, _chunks(path)) if path.is_file() else None

    async def delete(self, workspace_id: str, container: str, key: str) -> None:
        """Remove a file or folder."""
        path = self._path(workspace_id, container, key)
        if path.is_dir():
            await asyncio.to_thread(shutil.rmtree, path)
        else:
            path.unlink(missing_ok=True)

    def entries(self, workspace_id: str, container: str, key: str) -> Sequence[Entry]:
        """What stands in a folder."""
        path = self._path(workspace_id, container, key)
        found = sorted(path.iterdir()) if path.is_dir() else []
        return [Entry(one.name, one.is_dir(), 0 if one.is_dir() else one.stat().st_size) for one in found]

    def _path(self, workspace_id: str, container: str, key: str) -> Path:
        return self.root / workspace_id / container / key


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


@dataclass
class MemoryModels:
    """Model assets in memory, whatever the workspace."""

    held: dict[str, Registered] = field(default_factory=dict)
    held_versions: dict[tuple[str, str], Version] = field(default_factory=dict)

    def models(self, work: Work, workspace: Space) -> Sequence[Registered]:
        """All models."""
        return list(self.held.values())

    def find_model(self, work: Work, workspace: Space, name: str) -> Registered | None:
        """One model."""
        return self.held.get(name)

    def put_model(self, work: Work, workspace: Space, model: Registered) -> Registered:
        """Store a model."""
        self.held[model.name] = model
        return model

    def delete_model(self, work: Work, workspace: Space, name: str) -> None:
        """Remove a model."""
        del self.held[name]
        self.held_versions = {key: one for key, one in self.held_versions.items() if key[0] != name}

    def versions(self, work: Work, workspace: Space, name: str | None) -> Sequence[Version]:
        """Versions of one model or of all."""
        return [one for one in self.held_versions.values() if name in {None, one.name}]

    def find_version(self, work: Work, workspace: Space, name: str, version: str) -> Version | None:
        """One version."""
        return self.held_versions.get((name, version))

    def add_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Store a version under the next number."""
        taken = [int(number) for name, number in self.held_versions if name == version.name]
        return self.put_version(work, workspace, replace(version, version=str(max(taken, default=0) + 1)))

    def put_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Store a version."""
        self.held_versions[version.name, version.version] = version
        return version

    def delete_version(self, work: Work, workspace: Space, name: str, version: str) -> None:
        """Remove a version."""
        del self.held_versions[name, version]

    def location(self, work: Work, workspace: Space, version: Version) -> tuple[str, str] | None:
        """Container and key of a version's files."""
        prefix = "azureml://datastores/workspaceartifactstore/paths/"
        return ("azureml", version.path.removeprefix(prefix)) if version.path.startswith(prefix) else None


@dataclass
class KeyGate:
    """Lets in whoever has a key; a job only where a route lets jobs come."""

    actors: Mapping[str, Actor]

    def recall(self, call: Call) -> Actor | None:
        """The actor of the key."""
        return self.actors.get((call.header("authorization") or "").removeprefix("Bearer "))

    def identify(self, call: Call) -> Actor:
        """Nobody without a key."""
        raise NotAuthenticated("No valid token came with the request.")

    def authorize(self, call: Call, actor: Actor) -> None:
        """Everything for people, for jobs what the route says."""
        if actor.grant is None or call.route.action == SIGNED_IN:
            return
        if call.route.for_jobs is None or not call.route.for_jobs(call, actor):
            raise Forbidden(f"The token of job {actor.grant.job!r} does not open this.")


class NoRecord:
    """Audit of nothing."""

    def record(self, work: Work, call: Call, status: int) -> None:
        """Nothing."""

    def refused(self, call: Call, error: SmaltError) -> None:
        """Nothing."""


ALI = Actor("ali", "ali", ActorKind.USER)
"""A person who may do everything; the key is `ali`."""


@dataclass
class TrackingApp:
    """An ASGI application of tracking and traces alone, for tests and benchmarks.

    Args:
        database: Where rows go; its tables must exist.
        files: Where artifacts go.
        actors: Who has which key.
    """

    database: Database
    files: Path
    actors: Mapping[str, Actor] = field(default_factory=lambda: {"ali": ALI})

    def __post_init__(self) -> None:
        self.workspace = OneWorkspace()
        self.works = Works(self.database, Events())
        self.service = TrackingService()
        self.models = MemoryModels()
        self.writer = GroupWriter(self.works)
        with self.works.write(SYSTEM) as work:
            self.service.prepare_workspace(work, self.workspace.space)
        routes = mlflow_routes(
            self.service,
            workspaces=self.workspace,
            works=self.works,
            writer=self.writer,
            artifacts=FolderArtifacts(self.files),
            models=self.models,
        )
        self.traces = TraceService(self.service.experiments, lambda model, tokens: tokens.total / 1000)
        routes += all_routes(
            self.traces,
            self.service.runs,
            workspaces=self.workspace,
            writer=self.writer,
            admit=lambda call, action: call.actor,
        )
        self.app = Dispatcher(routes, works=self.works, gate=KeyGate(self.actors), recorder=NoRecord())

    def close(self) -> None:
        """Write what is waiting and stop."""
        self.writer.close()
