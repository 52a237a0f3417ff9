"""What the worker repeats for deployments: find those that are due or have told something, and give each a turn."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from smalt.errors import SmaltError
from smalt.kit import ids
from smalt.server.events import Events
from smalt.server.jobs import Hints
from smalt.server.serving import store
from smalt.server.serving.events import ServingChanged
from smalt.server.serving.launch import Memory, Outside
from smalt.server.serving.turn import Turn
from smalt.server.work import SYSTEM, Works

_log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=60)
_SOON, _WATCHFUL, _SETTLED = 0.05, 0.5, 1.0
_LOOK_AGAIN = timedelta(seconds=10)
_SWEEP_SECONDS = 30.0
_KEPT_OPERATIONS = timedelta(days=1)


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
        self._memory = Memory(works, f"{worker}/{ids.opaque()[:16]}", hints.wake)
        self._is_fresh = True
        self._sweep_at = 0.0
        self._interval = _SETTLED
        events.subscribe(ServingChanged, lambda _: self.wake.set())

    @property
    def interval_seconds(self) -> float:
        """Short while something is under way."""
        return self._interval

    def close(self) -> None:
        """Begin no further build. What runs goes on running and is found again."""
        self._memory.pool.shutdown(wait=False, cancel_futures=True)

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
        self._outside.instances.forks.sweep()
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
            if instance.workload in hints or self._memory.marks.get(instance.id) != (instance.deployment_id, mark):
                self._memory.marks[instance.id] = (instance.deployment_id, mark)
                found.append(instance.deployment_id)
            elif self._memory.probes.has_news(instance):
                found.append(instance.deployment_id)
        if found:
            with self._works.write(SYSTEM) as work:
                store.call(work.connection, *set(found), now=work.now)
        return found

    def _turn(self, deployment_id: str) -> None:
        with self._works.write(SYSTEM) as work:
            record = store.claim(
                work.connection, deployment_id, worker=self._worker, lease=self._memory.lease, now=work.now,
                until=work.now + _LEASE,
            )  # fmt: skip
            instances = [] if record is None else store.instances_of(work.connection, record.id)
        if record is None:
            return
        try:
            soon = Turn(self._memory, record, instances, self._outside).take()
        except Exception as error:
            _log.exception("The deployment %r could not be moved on.", record.name)
            soon = not isinstance(error, SmaltError)
        with self._works.write(SYSTEM) as work:
            present = store.held(work.connection, record.id, lease=self._memory.lease)
            if present is not None:
                due_at = work.now + (timedelta(seconds=_SOON) if soon else _LOOK_AGAIN)
                # What was asked for while this turn ran is not put off.
                if present.revision != record.revision or present.state is not record.state:
                    due_at = work.now
                store.change_deployment(work.connection, present, lease=None, lease_until=None, due_at=due_at)
        if soon:
            self._interval = _SOON
