"""Probes: instances are asked over their own sockets whether they are well, beside the loop."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from smalt.entities.endpoint.online import OnlineDeployment, ProbeSettings
from smalt.kit import sockets
from smalt.server.serving.store import InstanceRecord


class Verdict(StrEnum):
    """What an instance's answers come to."""

    WELL = "well"
    UNWELL = "unwell"
    DEAD = "dead"


@dataclass
class _Health:
    """What one instance has answered lately."""

    since: float
    asked_at: float = 0.0
    failures: int = 0
    successes: int = 0
    verdict: Verdict = Verdict.WELL
    shown: Verdict = Verdict.WELL
    question: Future[bool] | None = None
    workers: Sequence[Mapping[str, Any]] = ()  # Any: JSON
    liveness: ProbeSettings = field(default_factory=ProbeSettings)
    readiness: ProbeSettings = field(default_factory=ProbeSettings)


class Probes:
    """Asks instances that are ready, each in its own rhythm."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="probe")
        self._guard = threading.Lock()
        self._health: dict[str, _Health] = {}

    def verdict(
        self, instance: InstanceRecord, workers: Sequence[Mapping[str, Any]], deployment: OnlineDeployment
    ) -> Verdict:  # Any: JSON
        """What is known; from now on the instance is asked."""
        with self._guard:
            health = self._health.setdefault(instance.id, _Health(time.monotonic(), asked_at=time.monotonic()))
            health.workers = workers
            health.liveness = deployment.liveness_probe or ProbeSettings()
            health.readiness = deployment.readiness_probe or ProbeSettings()
            health.shown = health.verdict
            return health.verdict

    def has_news(self, instance: InstanceRecord) -> bool:
        """Ask the instance if it is time, and tell whether the verdict has changed since it was given."""
        with self._guard:
            health = self._health.get(instance.id)
            if health is None:
                return False
            now = time.monotonic()
            if health.question is None and now - health.asked_at >= _period(health):
                health.asked_at = now
                health.question = self._pool.submit(_is_well, list(health.workers), _timeout(health))
            elif health.question is not None and health.question.done():
                is_well = health.question.result()
                health.question = None
                _note(health, is_well=is_well, now=now)
            return health.verdict is not health.shown

    def forget(self, instance: InstanceRecord) -> None:
        """It is over."""
        with self._guard:
            self._health.pop(instance.id, None)


def _note(health: _Health, *, is_well: bool, now: float) -> None:
    if is_well:
        health.failures = 0
        health.successes += 1
        if health.successes >= health.readiness.success_threshold:
            health.verdict = Verdict.WELL
        return
    health.successes = 0
    age = now - health.since
    health.failures += 1
    if age >= health.readiness.initial_delay and health.failures >= health.readiness.failure_threshold:
        health.verdict = Verdict.UNWELL
    if age >= health.liveness.initial_delay and health.failures >= health.liveness.failure_threshold:
        health.verdict = Verdict.DEAD


def _period(health: _Health) -> float:
    return float(min(health.liveness.period, health.readiness.period))


def _timeout(health: _Health) -> float:
    return float(max(health.liveness.timeout, health.readiness.timeout))


def _is_well(workers: Sequence[Mapping[str, Any]], timeout: float) -> bool:  # Any: JSON
    """Whether one worker at least says so: one that computes answers later, its neighbours in the meantime."""
    return any(_asked(str(worker.get("address")), timeout) for worker in workers)


def _asked(address: str, timeout: float) -> bool:
    connection = sockets.connection(address, timeout)
    try:
        connection.request("GET", "/", headers={"Host": "localhost"})
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
