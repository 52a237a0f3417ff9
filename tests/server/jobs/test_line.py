"""Who gets the next place: families share, priorities count, and nobody waits for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smalt.entities.job.command import CommandJob
from smalt.entities.job.status import JobStatus
from smalt.errors import Unavailable
from smalt.executors.fake import Script
from smalt.kit import clock
from smalt.server import jobs
from smalt.server.jobs import line, store
from smalt.server.work import SYSTEM
from tests.server.jobs.conftest import SLOTS


class Many(jobs.ParentLike):
    """A job of some commands that all wait, side by side."""

    type = "pipeline"

    def __init__(self, children, count):
        self._children = children
        self._count = count

    def pin(self, work, workspace, name, job, problems):
        return job, jobs.Pinned()

    def advance(self, work, workspace, record):
        states = self._children.states(work, workspace, record)
        for number in range(len(states), self._count):
            command = CommandJob.parse({"command": "wait", "environment": "azureml:plain:1"})
            self._children.submit(work, workspace, record, f"{record.name}{number}", command)
        is_over = states and not any(state.is_active for state in states.values())
        return jobs.Progress(JobStatus.COMPLETED if is_over else JobStatus.RUNNING)


@pytest.fixture
def submit_many(plant, scripts):
    scripts["wait"] = Script(waits=True)

    def submit(name, count, **properties):
        plant.kinds["pipeline"] = Many(plant.children, count)
        body = {"jobType": "Pipeline", "jobs": {}, **properties}
        plant.client.put(f"{plant.scope}/jobs/{name}", json={"properties": body})

    return submit


@pytest.fixture
def running(plant):
    """The jobs that have a place."""

    def look():
        with plant.house.works.read(SYSTEM) as work:
            names = store.active_names(work.connection, plant.house.default.id)
        return {name for name in names if plant.record(name).handle is not None}

    return look


@pytest.fixture
def end(plant, executor, loop):
    """Ends a job, and lets the loop do all there is to do then."""

    def end_it(name):
        executor.finish(plant.record(name).handle)
        plant.run_to_end(loop, name)
        while loop.run_once(clock.now()):
            pass

    return end_it


def families(names):
    return sorted(name.rstrip("0123456789") for name in names)


def test_a_small_job_takes_the_next_place_beside_a_family_of_many(plant, loop, submit_many, running, end):
    submit_many("many", 12)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    plant.submit("small", command="wait")
    loop.run_once(clock.now())

    end(running().pop())

    assert families(running()) == ["many", "small"]


def test_how_many_have_a_place_and_how_many_wait_is_told(plant, loop, submit_many):
    def told():
        with plant.house.works.read(SYSTEM) as work:
            return plant.service.on_this_machine(work)

    assert told() == (0, 0)
    submit_many("many", 5)

    plant.run_until(loop, lambda: told() == (SLOTS, 5 - SLOTS))


def test_families_share_the_places(plant, loop, submit_many, running, end):
    submit_many("first", 5)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    submit_many("second", 5)
    plant.run_until(loop, lambda: plant.record("second4").status is JobStatus.QUEUED)

    seen = []
    for _ in range(4):
        end(next(name for name in running() if not seen or name.startswith("first")))
        seen.append(families(running()))

    assert seen == [["first", "second"]] * 4


def test_a_restarted_server_goes_on_with_the_line(plant, loop, hints, executor, submit_many, running, end):
    submit_many("many", 12)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    plant.submit("small", command="wait")
    loop.run_once(clock.now())
    executor.finish(plant.record(running().pop()).handle)

    second = plant.loop(executor, hints)
    plant.run_until(second, lambda: plant.record("small").handle is not None)

    assert families(running()) == ["many", "small"]


def test_a_high_priority_goes_before_and_a_low_one_behind(plant, loop, submit_many, running, end):
    submit_many("many", SLOTS)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    for name, priority in (("low", 1), ("usual", 2), ("high", 3)):
        plant.submit(name, command="wait", queueSettings={"priority": priority})
    loop.run_once(clock.now())

    seen = []
    for _ in range(SLOTS):
        end(next(name for name in running() if name.startswith("many")))
        seen.append(running() & {"high", "usual", "low"})

    assert seen == [{"high"}, {"high", "usual"}]


def test_the_priority_of_a_job_is_that_of_its_children(plant, loop, submit_many, running):
    submit_many("many", 1, queueSettings={"priority": 3})

    plant.run_until(loop, lambda: len(running()) == 1)

    assert plant.record("many0").priority == 3


def test_a_low_priority_is_passed_by_for_a_day_and_no_longer():
    now = clock.now()

    usual = line.arrival(2, now + timedelta(hours=25))

    assert line.arrival(2, now) < line.arrival(1, now) < usual
    assert line.arrival(3, now) < line.arrival(2, now)


def test_a_place_of_a_job_that_cannot_start_goes_to_the_next(plant, loop, executor, submit_many, running, monkeypatch):
    submit_many("many", SLOTS)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    plant.submit("broken", command="wait")
    plant.submit("whole", command="wait")
    loop.run_once(clock.now())
    start = executor.start

    def start_others(plan):
        if plan.name.startswith("broken"):
            raise Unavailable("No process could be made.")
        return start(plan)

    monkeypatch.setattr(executor, "start", start_others)
    executor.finish(plant.record(running().pop()).handle)

    plant.run_until(loop, lambda: plant.record("whole").handle is not None)

    assert plant.record("broken").status is JobStatus.PREPARING


def test_families_that_have_no_place_take_turns(plant, loop, submit_many, running, end):
    submit_many("hog", SLOTS)
    plant.run_until(loop, lambda: len(running()) == SLOTS)
    for name in ("first", "second", "third"):
        submit_many(name, 3)
        plant.run_until(loop, lambda name=name: plant.record(f"{name}2").status is JobStatus.QUEUED)

    for _ in range(3):
        end(running().pop())

    started = [
        name for name in ("first", "second", "third") for number in range(3) if plant.record(f"{name}{number}").handle
    ]
    assert started == ["first", "second", "third"]
