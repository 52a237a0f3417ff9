"""Compute instances: sessions run on them, and they start and stop by people, by times and for want of work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smalt.entities.compute.instance import ComputeInstance
from smalt.kit import clock
from smalt.server.notebooks import lifecycle
from tests.server.notebooks.conftest import PLAIN, Notebooks, notebook

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENING = {"action": "Stop", "status": "Enabled", "triggerType": "Cron", "cron": {"expression": "0 20 * * *"}}
MORNING = {
    "action": "start",
    "state": "enabled",
    "trigger": {"type": "recurrence", "frequency": "day", "interval": 1, "start_time": "2026-03-01T07:00:00"},
}


def moved(*, runs: bool, hours: float, is_busy: bool = False, **fields: Any) -> lifecycle.Move | None:
    entity = ComputeInstance.parse({"name": "ci", **fields})
    now = NOON + timedelta(hours=hours)
    return lifecycle.move(entity, runs=runs, is_busy=is_busy, changed_at=NOON, active_at=NOON, now=now)


@pytest.mark.parametrize(
    ("hours", "is_busy", "expected"), [(0.4, False, None), (0.6, False, "IdleShutdown"), (0.6, True, None)]
)
def test_an_instance_stops_when_nothing_has_run_for_its_time(hours: float, is_busy: bool, expected: str | None) -> None:
    move = moved(runs=True, hours=hours, is_busy=is_busy, idle_time_before_shutdown="PT30M")

    assert (None if move is None else move.trigger) == expected


@pytest.mark.parametrize(
    ("runs", "hours", "starts"), [(True, 7, None), (True, 9, False), (False, 9, None), (False, 20, True)]
)
def test_an_instance_starts_and_stops_at_its_times(runs: bool, hours: float, starts: bool | None) -> None:
    schedules = {"computeStartStop": [EVENING, MORNING]}

    move = moved(runs=runs, hours=hours, schedules=schedules)

    assert (None if move is None else move.starts) == starts


def test_a_schedule_that_is_disabled_or_none_moves_nothing() -> None:
    schedules = {"compute_start_stop": [EVENING | {"status": "Disabled"}, {"action": "stop", "cron": {}}, "no"]}

    assert moved(runs=True, hours=9, schedules=schedules) is None


def _instance(notebooks: Notebooks, name: str = "ci", **properties: Any) -> Any:
    body = {"location": "local", "properties": {"computeType": "ComputeInstance", "properties": properties}}
    return notebooks.client.put(f"{notebooks.place.scope}/computes/{name}", json=body)


def _facts(notebooks: Notebooks, name: str = "ci") -> Any:
    return notebooks.place.call("GET", f"/computes/{name}")["properties"]["properties"]


def test_a_session_starts_a_stopped_instance_and_ends_with_it(notebooks: Notebooks) -> None:
    _instance(notebooks)
    notebooks.place.call("POST", "/computes/ci/stop")
    session = notebooks.start(compute="ci")
    started = _facts(notebooks)["state"]

    notebooks.place.call("POST", "/computes/ci/stop")

    assert started == "Running"
    assert notebooks.finish(session) == "Canceled"
    assert _facts(notebooks)["lastOperation"]["operationTrigger"] == "User"


def test_the_loop_stops_an_idle_instance_and_says_why(notebooks: Notebooks) -> None:
    _instance(notebooks, "idle", idleTimeBeforeShutdown="PT15M")
    (loop,) = [each for each in notebooks.place.server.worker.loops if each.name == "instances"]

    loop.run_once(clock.now() + timedelta(minutes=16))

    facts = _facts(notebooks, "idle")
    assert (facts["state"], facts["lastOperation"]["operationTrigger"]) == ("Stopped", "IdleShutdown")


def test_an_instance_of_somebody_else_takes_no_session(notebooks: Notebooks) -> None:
    _instance(notebooks, "theirs", personalComputeInstanceSettings={"assignedUser": {"objectId": "somebody"}})
    notebooks.save("a.ipynb", notebook())

    answer = notebooks.post("/sessions", {"path": "a.ipynb", "environment": PLAIN, "compute": "theirs"})

    assert answer.status_code == 403


def test_an_idle_time_that_clients_do_not_know_is_refused(notebooks: Notebooks) -> None:
    assert _instance(notebooks, "odd", idleTimeBeforeShutdown="PT1M").status_code == 400
