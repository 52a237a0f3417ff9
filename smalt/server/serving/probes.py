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
    unready: int = 0
    dead: int = 0
    successes: int = 0
    verdict: Verdict = Verdict.WELL
    shown: Verdict = Verdict.WELL
    question: Future[tuple[bool, bool]] | None = None
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
                health.question = self._pool.submit(_ask, list(health.workers), _timeout(health))
            elif health.question is not None and health.question.done():
                is_ready, is_alive = health.question.result()
                health.question = None
                _note(health, is_ready=is_ready, is_alive=is_alive, now=now)
            return health.verdict is not health.shown

    def forget(self, instance: InstanceRecord) -> None:
        """It is over."""
        with self._guard:
            self._health.pop(instance.id, None)


def _note(health: _Health, *, is_ready: bool, is_alive: bool, now: float) -> None:
    age = now - health.since
    health.unready = 0 if is_ready else health.unready + 1
    health.successes = health.successes + 1 if is_ready else 0
    health.dead = 0 if is_alive else health.dead + 1
    if is_ready and health.successes >= health.readiness.success_threshold:
        health.verdict = Verdict.WELL
    if age >= health.readiness.initial_delay and health.unready >= health.readiness.failure_threshold:
        health.verdict = Verdict.UNWELL
    if age >= health.liveness.initial_delay and health.dead >= health.liveness.failure_threshold:
        health.verdict = Verdict.DEAD


def _period(health: _Health) -> float:
    return float(min(health.liveness.period, health.readiness.period))


def _timeout(health: _Health) -> float:
    return float(max(health.liveness.timeout, health.readiness.timeout))


def _ask(workers: Sequence[Mapping[str, Any]], timeout: float) -> tuple[bool, bool]:  # Any: JSON
    """Whether an instance is ready, and whether it lives.

    One worker that says so is enough: one that computes answers later, its neighbours in the meantime.
    """
    if not any("probes" in worker for worker in workers):
        is_well = any(_answers(str(worker.get("address")), "/", timeout=timeout) for worker in workers)
        return is_well, is_well
    probes = [worker["probes"] for worker in workers]
    is_ready = any(_answers(*each["readiness"], timeout=timeout) for each in probes)
    if is_ready and all(each["liveness"] == each["readiness"] for each in probes):
        return True, True
    return is_ready, any(_answers(*each["liveness"], timeout=timeout) for each in probes)


def _answers(address: str, path: str, *, timeout: float) -> bool:
    connection = sockets.connection(address, timeout)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
