"""A server that is killed again and again, before, in and after any transaction: the sweep goes on with its trials."""

from __future__ import annotations

import random
from contextlib import contextmanager

from smalt.entities.job.status import JobStatus
from smalt.executors.fake import FakeExecutor, FakeWorld
from smalt.kit import clock
from smalt.server import jobs

TOTAL = 5


class Killed(BaseException):
    """The process is gone; nothing of it may catch this."""


class Lives:
    """Servers over one database, each of which dies at a transaction of its own."""

    def __init__(self, lab, seed):
        self.lab = lab
        self.world = FakeWorld()
        self.chance = random.Random(seed)
        self.count = 0
        self.left = 0
        self.place = ""
        works = lab.plant.house.works
        original = works.write

        @contextmanager
        def write(actor, **options):
            self.left -= 1
            self._die_at("before")
            with original(actor, **options) as work:
                yield work
                self._die_at("in")
            self._die_at("after")

        works.write = write

    def run_to_end(self, name):
        while self.lab.plant.record(name).active:
            self.left, self.place = self.chance.randint(1, 5), self.chance.choice(("before", "in", "after"))
            self.count += 1
            assert self.count < 1000
            try:
                self._live(name)
            except Killed:
                continue
        self.left = 10**9

    def _live(self, name):
        hints = jobs.Hints()
        loop = self.lab.plant.loop(self._executor(hints), hints)
        while self.lab.plant.record(name).active:
            loop.run_once(clock.now())

    def _executor(self, hints):
        executor = FakeExecutor(world=self.world, on_change=hints.note)
        start = executor.start

        def report_and_start(plan):
            trial = plan.environment["AZUREML_RUN_ID"]
            self.lab.report(trial, 1 / (1 + int(trial.rpartition("_")[2])))
            return start(plan)

        executor.start = report_and_start
        return executor

    def _die_at(self, place):
        if self.left <= 0 and self.place == place:
            raise Killed


def test_a_killed_server_goes_on_with_the_same_trials_and_runs_none_twice(lab, loop, reporting):
    space = {"lr": ["uniform", [0, 1]], "units": ["choice", [[8, 16]]]}
    limits = {"maxTotalTrials": TOTAL, "maxConcurrentTrials": 2}
    reporting([1.0] * TOTAL)
    lab.submit("calm", searchSpace=space, limits=limits)
    lab.plant.run_to_end(loop, "calm")
    lab.submit("killed", searchSpace=space, limits=limits)
    lives = Lives(lab, seed=5)

    lives.run_to_end("killed")

    killed, calm = lab.trials("killed"), lab.trials("calm")
    assert lives.count > TOTAL
    assert [trial.parameters for trial in killed] == [trial.parameters for trial in calm]
    assert [trial.outcome for trial in killed] == [JobStatus.COMPLETED] * TOTAL
    assert lab.plant.record("killed").properties["best_child_run_id"] == f"killed_{TOTAL - 1}"
    assert sorted(plan.environment["AZUREML_RUN_ID"] for plan in lives.world.plans.values()) == [
        trial.job for trial in killed
    ]
