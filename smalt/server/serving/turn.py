"""One look at one deployment: what has become of its instances, and the step that comes nearer to those wanted.

New instances are ready before old ones get no more requests, and those end only once the gateway knows that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from smalt.entities.endpoint.online import OnlineDeployment, ProbeSettings
from smalt.errors import InvalidRequest, NotFound, SmaltError
from smalt.kit import ids
from smalt.server.serving import operations, store
from smalt.server.serving.deployments import as_live
from smalt.server.serving.events import RoutingChanged
from smalt.server.serving.instances import Sight
from smalt.server.serving.launch import Launch, Memory, Outside
from smalt.server.serving.probes import Verdict
from smalt.server.serving.service import remove_if_empty
from smalt.server.serving.states import DeploymentState, InstanceState
from smalt.server.serving.store import Content, DeploymentRecord, InstanceRecord
from smalt.server.work import SYSTEM, Work

_log = logging.getLogger(__name__)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 60.0
_MOST_TRIES = 3
_WELL_AFTER = timedelta(seconds=30)
_DRAIN_WITHOUT_GATEWAY = timedelta(seconds=5)


class Turn:
    """One turn.

    Args:
        memory: What is remembered from one turn to the next.
        record: The deployment, claimed.
        instances: Those it has.
        outside: The world beyond the database.
    """

    def __init__(
        self, memory: Memory, record: DeploymentRecord, instances: list[InstanceRecord], outside: Outside
    ) -> None:
        self._memory = memory
        self._record = record
        self._instances = instances
        self._outside = outside
        self._starter = Launch(memory, record, outside)
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
            self._starter.keep_warm(target)
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
            return self._launched(instance)  # a server was killed between the row and the start
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

    def _launched(self, instance: InstanceRecord) -> InstanceRecord | None:
        """Start what has a row; None when it can never start, or is of a content that nobody wants any more."""
        try:
            self._starter.start(instance, self._content_of(instance))
        except (InvalidRequest, NotFound) as error:
            self._bury(replace(instance, state=InstanceState.STOPPING), Sight(is_over=True))
            if instance.generation == self._record.generation:
                self._fail(error.message)
            return None
        return instance

    def _not_yet(self, instance: InstanceRecord) -> InstanceRecord:
        if instance.state is not InstanceState.STARTING:
            return instance
        self._is_busy = True
        probe = self._entity_of(instance).readiness_probe or ProbeSettings()
        limit = timedelta(seconds=probe.initial_delay + probe.period * probe.failure_threshold)
        with self._memory.works.read(SYSTEM) as work:
            is_late = work.now - instance.started_at > limit
        if is_late:
            self._fail(f"It was not ready within {limit.total_seconds():g} seconds.")
            return self._stopped(instance)
        return instance

    def _ready(self, instance: InstanceRecord, sight: Sight) -> InstanceRecord:
        assert sight.workers is not None
        state = InstanceState.READY
        verdict = self._memory.probes.verdict(instance, sight.workers, self._entity_of(instance))
        if verdict is Verdict.DEAD:
            _log.warning("An instance of the deployment %r answers no more; it is replaced.", self._record.name)
            return self._stopped(instance)
        if verdict is Verdict.UNWELL or not sight.workers:
            state = InstanceState.UNWELL
        workers = [dict(each) for each in sight.workers]
        if state is instance.state and workers == list(instance.workers):
            return instance
        return self._write(instance, state=state, workers=workers, is_first=instance.ready_at is None)

    def _bury(self, instance: InstanceRecord, sight: Sight) -> None:
        with self._memory.works.write(SYSTEM) as work:
            store.remove_instance(work.connection, instance)
            if self._outside.instances.compute_of(instance) is not None:
                self._outside.clusters.ended(work, instance)
            work.publish(RoutingChanged(self._record.workspace_id))
        self._outside.instances.forget(instance)
        self._memory.probes.forget(instance)
        self._memory.marks.pop(instance.id, None)
        self._memory.draining_since.pop(instance.id, None)
        if instance.state in {InstanceState.DRAINING, InstanceState.STOPPING}:
            return
        was_well = instance.ready_at is not None
        failures = self._record.failures + 1
        if was_well and instance.ready_at is not None:
            with self._memory.works.read(SYSTEM) as work:
                failures = 1 if work.now - instance.ready_at > _WELL_AFTER else failures
        self._change(failures=failures)
        pause = min(_SHORTEST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
        self._memory.not_before[self._record.id] = time.monotonic() + pause
        _log.warning("An instance of the deployment %r ended: %s", self._record.name, (sight.error or "")[:500])
        is_new = instance.generation == self._record.generation
        if is_new and not self._record.state.is_settled and (sight.is_final or failures >= _MOST_TRIES):
            self._fail(sight.error or "Its instances end by themselves.")

    def _start(self, target: Content, count: int) -> None:
        """Start what is missing, unless that failed a moment ago or the environment is not there yet."""
        self._is_busy = True
        if time.monotonic() < self._memory.not_before.get(self._record.id, 0):
            return
        if not self._is_prepared(target):
            return
        for _ in range(count):
            instance_id = ids.opaque()
            with self._memory.works.write(SYSTEM) as work:
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
            if self._launched(instance) is None:
                return
            self._instances.append(instance)

    def _is_prepared(self, content: Content) -> bool:
        try:
            environment = self._starter.environment(content)
        except SmaltError as error:
            self._fail(error.message)
            return False
        if environment is None:
            return False
        if self._record.environment_key != environment.key:
            self._change(environment_key=environment.key)
        return True

    def _drain(self, instances: Sequence[InstanceRecord]) -> None:
        """Give them no more requests."""
        for instance in instances:
            if instance.state is InstanceState.STARTING:
                self._replace(instance, self._stopped(instance))
            elif instance.state in {InstanceState.READY, InstanceState.UNWELL}:
                self._replace(instance, self._write(instance, state=InstanceState.DRAINING))
                self._memory.draining_since[instance.id] = time.monotonic()

    def _end_drained(self) -> None:
        """End those that get no requests any more, once the gateway knows."""
        draining = [each for each in self._instances if each.state is InstanceState.DRAINING]
        if any(each.state is InstanceState.STOPPING for each in self._instances):
            self._is_busy = True
        if not draining:
            return
        self._is_busy = True
        with self._memory.works.read(SYSTEM) as work:
            version = self._outside.table.build(work)["version"]
        gateway = self._outside.gateway
        for instance in draining:
            since = self._memory.draining_since.setdefault(instance.id, time.monotonic())
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
        with self._memory.works.write(SYSTEM) as work:
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
        with self._memory.works.write(SYSTEM) as work:
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
        with self._memory.works.write(SYSTEM) as work:
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
        with self._memory.works.write(SYSTEM) as work:
            store.change_deployment(work.connection, self._record, **values)
        self._record = replace(self._record, **values)  # type: ignore[arg-type]  # columns of the record

    def _present(self, work: Work) -> DeploymentRecord | None:
        """The deployment, locked, unless somebody has changed it meanwhile."""
        present = store.held(work.connection, self._record.id, lease=self._memory.lease)
        if present is None or present.revision != self._record.revision or present.state is not self._record.state:
            return None
        return present

    def _remove(self) -> None:
        """The last instance is gone, and so is the deployment; with the last deployment an endpoint goes."""
        record = self._record
        self._outside.instances.forget_deployment(record.id)
        with self._memory.works.write(SYSTEM) as work:
            store.remove_deployment(work.connection, record)
            operations.end(work, record.workspace_id, record.operation)
            endpoint = store.endpoint_by_id(work.connection, record.endpoint_id, lock=True)
            if endpoint is not None:
                self._outside.traces.end(work, record.workspace_id, endpoint.name, record.name)
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
