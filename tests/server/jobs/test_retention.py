"""Folders of jobs are removed some time after the end, and never while a job may need them."""

from __future__ import annotations

import fcntl
from datetime import timedelta

import pytest

from smalt.kit import clock
from smalt.server.jobs import Retention

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def finished(plant, machine, hints):
    """Four jobs that have ended, and one whose process runs."""
    loop = plant.loop(machine, hints)
    for name in ("a", "b", "c", "d"):
        plant.submit(name)
        plant.run_to_end(loop, name)
        with (machine._root / plant.record(name).workload / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)  # Its supervisor has ended, too.
    plant.submit("running", command="sleep 600")
    plant.run_until(loop, lambda: plant.record("running").handle is not None)
    yield {name: plant.record(name).workload for name in ("a", "b", "c", "d", "running")}
    plant.client.post(f"{plant.scope}/jobs/running/cancel")
    plant.run_to_end(loop, "running")
    loop.close()


def test_folders_of_old_jobs_go_and_the_newest_and_running_ones_stay(plant, machine, finished):
    keeper = Retention(plant.house.works, machine, days=7, newest=1)

    assert keeper.apply(clock.now() + timedelta(days=6)) == []
    removed = keeper.apply(clock.now() + timedelta(days=8))

    assert removed == [finished[name] for name in ("a", "b", "c")]
    assert set(machine.kept()) == {finished["d"], finished["running"]}
    assert (plant.artifacts("a") / "user_logs" / "std_log.txt").read_text() == "hi\n"


def test_a_folder_that_belongs_to_no_job_is_left_alone(plant, machine, finished, tmp_path):
    stranger = machine._root / "stranger"
    stranger.mkdir()

    Retention(plant.house.works, machine, days=0, newest=0).apply(clock.now() + timedelta(days=1))

    assert set(machine.kept()) == {"stranger", finished["running"]}


def test_a_workload_that_runs_is_never_forgotten(machine, finished):
    assert not machine.forget(finished["running"])
    assert finished["running"] in machine.kept()
