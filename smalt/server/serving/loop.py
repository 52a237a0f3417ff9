"""What the worker repeats for deployments: look at the instances there are, and come one step nearer to those wanted.

New instances are ready before old ones get no more requests, and those end only once the gateway knows that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from smalt.entities.endpoint.online import OnlineDeployment, ProbeSettings
from smalt.environments import BuiltEnvironment
from smalt.errors import NotFound, SmaltError
from smalt.kit import ids
from smalt.server.assets import DataLocator, Location
from smalt.server.connections import ConnectionService
from smalt.server.events import Events
from smalt.server.jobs import Environments, Hints, recipe_from_document
from smalt.server.serving import operations, probes, store
from smalt.server.serving.deployments import as_live
from smalt.server.serving.events import RoutingChanged, ServingChanged
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.instances import Instances, Sight
from smalt.server.serving.load import Load
from smalt.server.serving.service import remove_if_empty
from smalt.server.serving.states import DeploymentState, InstanceState
from smalt.server.serving.store import Content, DeploymentRecord, EndpointRecord, InstanceRecord
from smalt.server.serving.table import RoutingTable, place_of
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=60)
_SOON, _WATCHFUL, _SETTLED = 0.1, 0.5, 1.0
_LOOK_AGAIN = timedelta(seconds=10)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 60.0
_SWEEP_SECONDS = 30.0
_MOST_TRIES = 3
_WELL_AFTER = timedelta(seconds=30)
_DRAIN_WITHOUT_GATEWAY = timedelta(seconds=5)
_KEPT_OPERATIONS = timedelta(days=1)


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
    group: str


class ServingLoop:
    """Makes deployments true.

    Args:
        works: Opens transactions.
        events: Where changes are heard.
        outside: Everything else.
        hints: What the executor noted.
        worker: Names this machine's worker, for longer than its process lives.
    """

    name = "serving"

    def __init__(self, works: Works, events: Events, outside: Outside, *, hints: Hints, worker: str) -> None:
        self._hints = hints
        self.wake = hints.wake
        self._works = works
        self._outside = outside
        self._worker = worker
        self._lease = f"{worker}/{ids.opaque()[:16]}"
        self._is_fresh = True
        self._sweep_at = 0.0
        self._interval = _SETTLED
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="serving")
        self._preparing: dict[tuple[str, int], Future[BuiltEnvironment]] = {}
        self._marks: dict[str, tuple[str, int]] = {}
        self._probes = probes.Probes()
        self._not_before: dict[str, float] = {}
        self._draining_since: dict[str, float] = {}
        events.subscribe(ServingChanged, lambda _: self.wake.set())

    @property
    def interval_seconds(self) -> float:
        """Short while something is under way."""
        return self._interval

    def close(self) -> None:
        """Begin no further build. What runs goes on running and is found again."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def run_once(self, now: datetime) -> bool:
        """Take every deployment that is due, or has told something, one step on."""
        if self._is_fresh:
            with self._works.write(SYSTEM) as work:
                store.release(work.connection, worker=self._worker, now=now)
                store.forget_operations(work.connection, before=now - _KEPT_OPERATIONS)
            self._is_fresh = False
        with self._works.read(SYSTEM) as work:
            exists = store.has_endpoints(work.connection)
        self._interval = _SETTLED if exists else _LOOK_AGAIN.total_seconds()
        if not exists:
            return False
        self._outside.gateway.ensure()
        if self._outside.load.look():
            self._interval = _WATCHFUL
        changed = self._changed()
        with self._works.read(SYSTEM) as work:
            due = store.due(work.connection, worker=self._worker, now=work.now)
        for deployment_id in dict.fromkeys([*due, *changed]):
            self._turn(deployment_id)
        return False

    def _changed(self) -> list[str]:
        """Deployments of which an instance has told something, or answers its probe otherwise than before."""
        hints = self._hints.take()
        found = []
        with self._works.read(SYSTEM) as work:
            known = store.all_instances(work.connection)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + _SWEEP_SECONDS
            self._outside.instances.sweep({each.workload for each in known})
        for instance in known:
            mark = self._outside.instances.mark(instance)
            if instance.workload in hints or self._marks.get(instance.id) != (instance.deployment_id, mark):
                self._marks[instance.id] = (instance.deployment_id, mark)
                found.append(instance.deployment_id)
            elif self._probes.has_news(instance):
                found.append(instance.deployment_id)
        if found:
            with self._works.write(SYSTEM) as work:
                store.call(work.connection, *set(found), now=work.now)
        return found

    def _turn(self, deployment_id: str) -> None:
        with self._works.write(SYSTEM) as work:
            record = store.claim(
                work.connection, deployment_id, worker=self._worker, lease=self._lease, now=work.now,
                until=work.now + _LEASE,
            )  # fmt: skip
            instances = [] if record is None else store.instances_of(work.connection, record.id)
        if record is None:
            return
        try:
            soon = _Turn(self, record, instances, self._outside).take()
        except Exception as error:
            _log.exception("The deployment %r could not be moved on.", record.name)
            soon = not isinstance(error, SmaltError)
        with self._works.write(SYSTEM) as work:
            present = store.held(work.connection, record.id, lease=self._lease)
            if present is not None:
                due_at = work.now + (timedelta(seconds=_SOON) if soon else _LOOK_AGAIN)
                # What was asked for while this turn ran is not put off.
                if present.revision != record.revision or present.state is not record.state:
                    due_at = work.now
                store.change_deployment(work.connection, present, lease=None, lease_until=None, due_at=due_at)
        if soon:
            self._interval = _SOON


class _Turn:
    """One look at one deployment."""

    def __init__(
        self, loop: ServingLoop, record: DeploymentRecord, instances: list[InstanceRecord], outside: Outside
    ) -> None:
        self._loop = loop
        self._record = record
        self._instances = instances
        self._outside = outside
        self._is_busy = False

    def take(self) -> bool:
        """Take it; True when the next turn should follow soon."""
        self._look()
        if self._record.state is DeploymentState.DELETING:
            self._drain(self._instances)
            self._end_drained()
            if not self._instances:
                self._remove()
            return True
        target = self._target()
        if target is None:
            self._drain(self._instances)
        else:
            self._come_nearer(target)
        self._end_drained()
        self._loop_over_unused()
        return self._is_busy or not self._record.state.is_settled

    def _target(self) -> Content | None:
        """What the instances are to have: what was asked for, or what has worked, once that has failed."""
        return self._record.proven if self._record.state is DeploymentState.FAILED else self._record.content

    def _come_nearer(self, target: Content) -> None:
        ours = [each for each in self._instances if each.generation == target.generation]
        ready = [each for each in ours if each.state in {InstanceState.READY, InstanceState.UNWELL}]
        coming = [each for each in ours if each.state is InstanceState.STARTING]
        wanted = self._record.wanted
        if len(ready) + len(coming) < wanted:
            self._start(target, wanted - len(ready) - len(coming))
        well = [each for each in ready if each.state is InstanceState.READY]
        if len(well) >= wanted:
            old = [each for each in self._instances if each.generation != target.generation]
            self._drain([*old, *coming, *ready[wanted:]])
            self._settle(target)
        self._is_busy = self._is_busy or bool(coming) or len(ready) < wanted

    def _look(self) -> None:
        """See what has become of every instance."""
        kept = []
        for instance in self._instances:
            found = self._seen(instance)
            if found is not None:
                kept.append(found)
        self._instances = kept

    def _seen(self, instance: InstanceRecord) -> InstanceRecord | None:
        outside = self._outside
        if instance.state is InstanceState.STARTING and not outside.instances.is_started(instance):
            self._launch(instance)  # a server was killed between the row and the start
            return instance
        sight = outside.instances.look(instance)
        if sight.is_over:
            self._bury(instance, sight)
            return None
        if instance.state in {InstanceState.DRAINING, InstanceState.STOPPING}:
            return instance
        if sight.error is not None:
            self._is_busy = True
            return instance  # it is about to end
        if sight.workers is None:
            return self._not_yet(instance)
        return self._ready(instance, sight)

    def _not_yet(self, instance: InstanceRecord) -> InstanceRecord:
        if instance.state is not InstanceState.STARTING:
            return instance
        self._is_busy = True
        probe = self._entity_of(instance).readiness_probe or ProbeSettings()
        limit = timedelta(seconds=probe.initial_delay + probe.period * probe.failure_threshold)
        with self._loop._works.read(SYSTEM) as work:
            is_late = work.now - instance.started_at > limit
        if is_late:
            self._fail(f"It was not ready within {limit.total_seconds():g} seconds.")
            return self._stopped(instance)
        return instance

    def _ready(self, instance: InstanceRecord, sight: Sight) -> InstanceRecord:
        assert sight.workers is not None
        state = InstanceState.READY
        verdict = self._loop._probes.verdict(instance, sight.workers, self._entity_of(instance))
        if verdict is probes.Verdict.DEAD:
            _log.warning("An instance of the deployment %r answers no more; it is replaced.", self._record.name)
            return self._stopped(instance)
        if verdict is probes.Verdict.UNWELL or not sight.workers:
            state = InstanceState.UNWELL
        workers = [dict(each) for each in sight.workers]
        if state is instance.state and workers == list(instance.workers):
            return instance
        return self._write(instance, state=state, workers=workers, is_first=instance.ready_at is None)

    def _bury(self, instance: InstanceRecord, sight: Sight) -> None:
        with self._loop._works.write(SYSTEM) as work:
            store.remove_instance(work.connection, instance)
            work.publish(RoutingChanged(self._record.workspace_id))
        self._outside.instances.forget(instance)
        self._loop._probes.forget(instance)
        self._loop._marks.pop(instance.id, None)
        self._loop._draining_since.pop(instance.id, None)
        if instance.state in {InstanceState.DRAINING, InstanceState.STOPPING}:
            return
        was_well = instance.ready_at is not None
        failures = self._record.failures + 1
        if was_well and instance.ready_at is not None:
            with self._loop._works.read(SYSTEM) as work:
                failures = 1 if work.now - instance.ready_at > _WELL_AFTER else failures
        self._change(failures=failures)
        pause = min(_SHORTEST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
        self._loop._not_before[self._record.id] = time.monotonic() + pause
        _log.warning("An instance of the deployment %r ended: %s", self._record.name, (sight.error or "")[:500])
        is_new = instance.generation == self._record.generation
        if is_new and not self._record.state.is_settled and (sight.is_final or failures >= _MOST_TRIES):
            self._fail(sight.error or "Its instances end by themselves.")

    def _start(self, target: Content, count: int) -> None:
        """Start what is missing, unless that failed a moment ago or the environment is not there yet."""
        self._is_busy = True
        if time.monotonic() < self._loop._not_before.get(self._record.id, 0):
            return
        if not self._is_prepared(target):
            return
        for _ in range(count):
            instance_id = ids.opaque()
            with self._loop._works.write(SYSTEM) as work:
                instance = InstanceRecord(
                    id=instance_id,
                    workspace_id=self._record.workspace_id,
                    deployment_id=self._record.id,
                    generation=target.generation,
                    workload=f"{self._record.key}-{instance_id[:12]}",
                    state=InstanceState.STARTING,
                    workers=[],
                    started_at=work.now,
                )
                store.add_instance(work.connection, instance)
            self._instances.append(instance)
            self._launch(instance)

    def _launch(self, instance: InstanceRecord) -> None:
        content = self._content_of(instance)
        environment = self._environment(content)
        if environment is None:
            return  # it is built anew; the instance follows
        with self._loop._works.read(SYSTEM) as work:
            workspace = self._outside.workspaces.even_deleted(work, self._record.workspace_id)
            endpoint = store.endpoint_by_id(work.connection, self._record.endpoint_id)
            assert endpoint is not None
            collector = self._collector(work, workspace, endpoint)
            connections = self._connections(work, workspace, content)
        names = {
            "workspace": place_of(workspace, group=self._outside.group),
            "endpoint": endpoint.name,
            "deployment": self._record.name,
            "scope": f"{workspace.scope}/onlineEndpoints/{endpoint.name}/deployments/{self._record.name}",
        }
        self._outside.instances.start(
            self._record.id,
            content,
            instance,
            environment=environment,
            names=names,
            collector=collector,
            connections=connections,
        )

    def _connections(self, work: Work, workspace: WorkspaceRecord, content: Content) -> dict[str, Any]:  # Any: JSON
        """The connections that a flow was given, as far as they are still there."""
        service = self._outside.connections
        there = set(service.names(work, workspace))
        named = (content.pinned.get("flow") or {}).get("connections") or ()
        found = {name: service.get(work, workspace, name) for name in named if name in there}
        return {name: service.with_secrets(workspace, record).document(secrets=True) for name, record in found.items()}

    def _collector(self, work: Work, workspace: WorkspaceRecord, endpoint: EndpointRecord) -> str | None:
        return self._outside.table.collector(work, workspace, endpoint.name, self._record.name)

    def _is_prepared(self, content: Content) -> bool:
        try:
            environment = self._environment(content)
        except SmaltError as error:
            self._fail(error.message)
            return False
        if environment is None:
            return False
        if self._record.environment_key != environment.key:
            self._change(environment_key=environment.key)
        return True

    def _environment(self, content: Content) -> BuiltEnvironment | None:
        """The environment, with code and model laid out; None while that is under way.

        Raises:
            SmaltError: It cannot be had.
        """
        loop, outside = self._loop, self._outside
        recipe = recipe_from_document(content.pinned["recipe"])
        key = (self._record.id, content.generation)
        running = loop._preparing.get(key)
        if running is not None:
            if not running.done():
                return None
            del loop._preparing[key]
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
        future = loop._pool.submit(prepare)
        loop._preparing[key] = future
        future.add_done_callback(lambda _: loop.wake.set())
        return None

    def _places(self, content: Content) -> tuple[Location | None, Location | None]:
        with self._loop._works.read(SYSTEM) as work:
            workspace = self._outside.workspaces.even_deleted(work, self._record.workspace_id)
            found = [
                None if content.pinned[name] is None
                else self._outside.locator.locate(work, workspace, content.pinned[name]["uri"])
                for name in ("code", "model")
            ]  # fmt: skip
        return found[0], found[1]

    def _drain(self, instances: Sequence[InstanceRecord]) -> None:
        """Give them no more requests."""
        for instance in instances:
            if instance.state is InstanceState.STARTING:
                self._replace(instance, self._stopped(instance))
            elif instance.state in {InstanceState.READY, InstanceState.UNWELL}:
                self._replace(instance, self._write(instance, state=InstanceState.DRAINING))
                self._loop._draining_since[instance.id] = time.monotonic()

    def _end_drained(self) -> None:
        """End those that get no requests any more, once the gateway knows."""
        draining = [each for each in self._instances if each.state is InstanceState.DRAINING]
        if any(each.state is InstanceState.STOPPING for each in self._instances):
            self._is_busy = True
        if not draining:
            return
        self._is_busy = True
        with self._loop._works.read(SYSTEM) as work:
            version = self._outside.table.build(work)["version"]
        gateway = self._outside.gateway
        for instance in draining:
            since = self._loop._draining_since.setdefault(instance.id, time.monotonic())
            waited = timedelta(seconds=time.monotonic() - since)
            if gateway.knows(version) or (gateway.is_silent and waited > _DRAIN_WITHOUT_GATEWAY):
                self._replace(instance, self._stopped(instance))

    def _stopped(self, instance: InstanceRecord) -> InstanceRecord:
        changed = self._write(instance, state=InstanceState.STOPPING)
        self._outside.instances.stop(instance)
        self._is_busy = True
        return changed

    def _write(
        self, instance: InstanceRecord, *, state: InstanceState, workers: list[dict[str, object]] | None = None,
        is_first: bool = False,
    ) -> InstanceRecord:  # fmt: skip
        with self._loop._works.write(SYSTEM) as work:
            values: dict[str, object] = {"state": state}
            if workers is not None:
                values["workers"] = workers
            if is_first:
                values["ready_at"] = work.now
            work.publish(RoutingChanged(self._record.workspace_id))
            return store.change_instance(work.connection, instance, **values)

    def _replace(self, old: InstanceRecord, new: InstanceRecord) -> None:
        self._instances = [new if each.id == old.id else each for each in self._instances]

    def _settle(self, target: Content) -> None:
        """All that was asked for is there."""
        if self._record.state.is_settled:
            return
        with self._loop._works.write(SYSTEM) as work:
            present = self._present(work)
            if present is None:
                return
            self._record = store.change_deployment(
                work.connection,
                present,
                state=DeploymentState.SUCCEEDED,
                live=as_live(present),
                error=None,
                failures=0,
                operation=None,
            )
            operations.end(work, present.workspace_id, present.operation)
            work.publish(RoutingChanged(present.workspace_id))

    def _fail(self, error: str) -> None:
        """It cannot be made true; what worked before goes on."""
        if self._record.state.is_settled:
            return
        with self._loop._works.write(SYSTEM) as work:
            present = self._present(work)
            if present is None:
                return
            text = f"The deployment {present.name!r} did not come up. {error}"
            self._record = store.change_deployment(
                work.connection, present, state=DeploymentState.FAILED, error=text[:16_000], operation=None
            )
            operations.end(work, present.workspace_id, present.operation, error=text[:16_000])
        self._is_busy = True

    def _change(self, **values: object) -> None:
        with self._loop._works.write(SYSTEM) as work:
            store.change_deployment(work.connection, self._record, **values)
        self._record = replace(self._record, **values)  # type: ignore[arg-type]  # columns of the record

    def _present(self, work: Work) -> DeploymentRecord | None:
        """The deployment, locked, unless somebody has changed it meanwhile."""
        present = store.held(work.connection, self._record.id, lease=self._loop._lease)
        if present is None or present.revision != self._record.revision or present.state is not self._record.state:
            return None
        return present

    def _remove(self) -> None:
        """The last instance is gone, and so is the deployment; with the last deployment an endpoint goes."""
        record = self._record
        self._outside.instances.forget_deployment(record.id)
        with self._loop._works.write(SYSTEM) as work:
            store.remove_deployment(work.connection, record)
            operations.end(work, record.workspace_id, record.operation)
            endpoint = store.endpoint_by_id(work.connection, record.endpoint_id, lock=True)
            if endpoint is not None and endpoint.deleting:
                remove_if_empty(work, endpoint)
            work.publish(RoutingChanged(record.workspace_id))

    def _loop_over_unused(self) -> None:
        if self._is_busy or not self._record.state.is_settled:
            return
        proven = self._record.proven
        kept = {each.generation for each in self._instances} | {self._record.generation}
        self._outside.instances.forget_generations(
            self._record.id, keep=kept | ({proven.generation} if proven is not None else set())
        )

    def _content_of(self, instance: InstanceRecord) -> Content:
        proven = self._record.proven
        if proven is not None and proven.generation == instance.generation:
            return proven
        if instance.generation == self._record.generation:
            return self._record.content
        raise NotFound(f"Nothing is known any more of generation {instance.generation} of {self._record.name!r}.")

    def _entity_of(self, instance: InstanceRecord) -> OnlineDeployment:
        try:
            return self._content_of(instance).entity()
        except NotFound:
            return self._record.entity()
