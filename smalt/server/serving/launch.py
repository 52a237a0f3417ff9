"""How an instance comes to be: its environment is made, code and model are laid out, and it is started."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from smalt.environments import BuiltEnvironment
from smalt.server.assets import DataLocator, Location
from smalt.server.connections import ConnectionService
from smalt.server.jobs import Environments, recipe_from_document
from smalt.server.serving import store
from smalt.server.serving.clusters import Clusters
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.instances import Instances
from smalt.server.serving.load import Load
from smalt.server.serving.probes import Probes
from smalt.server.serving.store import Content, DeploymentRecord, EndpointRecord, InstanceRecord
from smalt.server.serving.table import RoutingTable, place_of
from smalt.server.serving.tracing import TracesOfInstances
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService


@dataclass(frozen=True, slots=True)
class Outside:
    """The world beyond the database, as the loop uses it."""

    instances: Instances
    environments: Environments
    locator: DataLocator
    workspaces: WorkspaceService
    gateway: Gateway
    table: RoutingTable
    load: Load
    connections: ConnectionService
    traces: TracesOfInstances
    clusters: Clusters
    group: str


@dataclass(slots=True)
class Memory:
    """What is remembered from one turn to the next. None of it is the truth: a killed server starts with none.

    Args:
        works: Opens transactions.
        lease: The name under which deployments are claimed.
        wake: Calls the loop.
    """

    works: Works
    lease: str
    wake: threading.Event
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="serving"))
    preparing: dict[tuple[str, int], Future[BuiltEnvironment]] = field(default_factory=dict)
    marks: dict[str, tuple[str, int]] = field(default_factory=dict)
    probes: Probes = field(default_factory=Probes)
    not_before: dict[str, float] = field(default_factory=dict)
    draining_since: dict[str, float] = field(default_factory=dict)


class Launch:
    """Brings up instances of one deployment.

    Args:
        memory: What is remembered from one turn to the next.
        record: The deployment.
        outside: The world beyond the database.
    """

    def __init__(self, memory: Memory, record: DeploymentRecord, outside: Outside) -> None:
        self._memory = memory
        self._record = record
        self._outside = outside

    def environment(self, content: Content) -> BuiltEnvironment | None:
        """The environment, with code and model laid out; None while that is under way.

        Raises:
            SmaltError: It cannot be had.
        """
        memory, outside = self._memory, self._outside
        recipe = recipe_from_document(content.pinned["recipe"])
        key = (self._record.id, content.generation)
        running = memory.preparing.get(key)
        if running is not None:
            if not running.done():
                return None
            del memory.preparing[key]
            return running.result()
        found = outside.environments.find(recipe)
        if found is not None and outside.instances.is_laid_out(self._record.id, content):
            return found
        code, model = self._places(content)

        def prepare() -> BuiltEnvironment:
            folder = outside.instances.generation(self._record.id, content)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            outside.instances.lay_out(self._record.id, content, code=code, model=model)
            with (folder / "build.log").open("a", encoding="utf-8", buffering=1) as log:
                return found or outside.environments.build(recipe, lambda line: print(line, file=log))

        if found is not None and all(place is None or place.local_path is not None for place in (code, model)):
            return prepare()  # a few links and copies
        future = memory.pool.submit(prepare)
        memory.preparing[key] = future
        future.add_done_callback(lambda _: memory.wake.set())
        return None

    def keep_warm(self, content: Content) -> None:
        """Have the next worker in this environment start at once, whenever and for whatever reason that will be."""
        if content.pinned.get("compute"):
            return
        found = self._outside.environments.find(recipe_from_document(content.pinned["recipe"]))
        if found is not None:
            self._outside.instances.forks.ensure(found)

    def _places(self, content: Content) -> tuple[Location | None, Location | None]:
        with self._memory.works.read(SYSTEM) as work:
            workspace = self._outside.workspaces.even_deleted(work, self._record.workspace_id)
            found = [
                None if content.pinned[name] is None
                else self._outside.locator.locate(work, workspace, content.pinned[name]["uri"])
                for name in ("code", "model")
            ]  # fmt: skip
        return found[0], found[1]

    def start(self, instance: InstanceRecord, content: Content) -> None:
        """Start what has a row.

        Raises:
            SmaltError: Something that it needs is gone.
        """
        environment = self.environment(content)
        if environment is None:
            return  # it is built anew; the instance follows
        with self._memory.works.write(SYSTEM) as work:
            workspace = self._outside.workspaces.even_deleted(work, self._record.workspace_id)
            endpoint = store.endpoint_by_id(work.connection, self._record.endpoint_id)
            assert endpoint is not None
            collector = self._collector(work, workspace, endpoint)
            connections = self._connections(work, workspace, content)
            url = self._outside.clusters.url(work, workspace, content)
            traces = self._traces(work, workspace, endpoint, content, url=url)
        names = {
            "workspace": place_of(workspace, group=self._outside.group),
            "endpoint": endpoint.name,
            "deployment": self._record.name,
            "scope": f"{workspace.scope}/onlineEndpoints/{endpoint.name}/deployments/{self._record.name}",
        }
        if content.pinned.get("compute"):
            with self._memory.works.write(SYSTEM) as work:
                order = self._outside.clusters.order(
                    work,
                    workspace,
                    content,
                    instance,
                    environment=environment,
                    names=names,
                    connections=connections,
                    traces=traces,
                )
            self._outside.instances.start_elsewhere(instance, order)
            return
        self._outside.instances.start(
            self._record.id,
            content,
            instance,
            environment=environment,
            names=names,
            collector=collector,
            connections=connections,
            traces=traces,
        )

    def _traces(
        self, work: Work, workspace: WorkspaceRecord, endpoint: EndpointRecord, content: Content, *, url: str | None
    ) -> dict[str, str]:
        """Where an instance of a flow sends its traces."""
        if content.pinned.get("flow") is None:
            return {}
        own = content.entity().environment_variables
        return self._outside.traces.variables(work, workspace, endpoint.name, self._record.name, own, url=url)

    def _connections(self, work: Work, workspace: WorkspaceRecord, content: Content) -> dict[str, Any]:  # Any: JSON
        """The connections that it was given, as far as they are still there."""
        service = self._outside.connections
        there = set(service.names(work, workspace))
        given = content.pinned.get("flow") or content.pinned.get("upstream") or {}
        named = given.get("connections") or ()
        found = {name: service.get(work, workspace, name) for name in named if name in there}
        return {name: service.with_secrets(workspace, record).document(secrets=True) for name, record in found.items()}

    def _collector(self, work: Work, workspace: WorkspaceRecord, endpoint: EndpointRecord) -> str | None:
        return self._outside.table.collector(work, workspace, endpoint.name, self._record.name)
