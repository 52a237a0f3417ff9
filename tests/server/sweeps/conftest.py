"""The plant of jobs, with sweeps in it; trials report as their script says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server import audit, jobs, sweeps
from smalt.server.http import Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.jobs import store as job_store
from smalt.server.sweeps import store
from smalt.server.sweeps.store import Trial
from smalt.server.tracking.messages import Metric
from smalt.server.work import SYSTEM
from tests.server.jobs.conftest import Plant, executor, hints, loop, machine, more_routes, plant, scripts  # noqa: F401

SPACE = {"lr": ["uniform", [0, 1]], "units": ["choice", [[8, 16]]]}


@dataclass
class Lab:
    """A plant that runs sweeps."""

    plant: Plant
    kind: sweeps.SweepKind
    pages: TestClient

    def submit(self, name: str = "s", *, command: str = "train ${{search_space.lr}}", **properties: Any) -> Any:
        body = {
            "jobType": "Sweep",
            "trial": {"command": command, "environmentId": f"{self.plant.scope}/environments/plain/versions/1"},
            "searchSpace": SPACE,
            "objective": {"goal": "Minimize", "primaryMetric": "loss"},
            "samplingAlgorithm": {"samplingAlgorithmType": "Random", "seed": 7},
            "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 4, "maxConcurrentTrials": 2},
            "experimentName": "tests",
            **properties,
        }
        return self.plant.client.put(f"{self.plant.scope}/jobs/{name}", json={"properties": body})

    def report(self, trial: str, *values: float, metric: str = "loss") -> None:
        def log(work: Any) -> None:
            points = [Metric(metric, value, step, step) for step, value in enumerate(values)]
            self.plant.tracking.runs.log(work, self.plant.house.default, trial, metrics=points)

        self.plant.write(log)

    def trials(self, name: str = "s") -> list[Trial]:
        with self.plant.house.works.read(SYSTEM) as work:
            return store.every(work.connection, self.plant.record(name).id)

    def children(self, name: str = "s") -> list[jobs.JobRecord]:
        with self.plant.house.works.read(SYSTEM) as work:
            return self.plant.service.children(work, self.plant.house.default, name)

    def call(self, name: str = "s", **values: Any) -> None:
        """Let the loop look at a sweep in its next turn, as it does a while after a report."""
        record = self.plant.record(name)
        self.plant.write(lambda work: job_store.change(work.connection, record, due_at=work.now, **values))


@pytest.fixture
def lab(plant: Plant) -> Lab:  # noqa: F811 - a fixture
    kind = sweeps.SweepKind(plant.children, plant.pinner, plant.assets, plant.tracking)
    plant.kinds["sweep"] = kind
    house = plant.house
    app = Dispatcher(
        sweeps.routes(kind, plant.children, house.workspaces),
        works=house.works,
        gate=IdentityGate(house.identity, house.works, house.workspaces.find_scope),
        recorder=audit.AuditRecorder(house.works, house.workspaces.find_scope),
    )
    return Lab(plant, kind, TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"}))


@pytest.fixture
def reporting(lab: Lab, executor: Any) -> Callable[[Sequence[float]], None]:  # noqa: F811 - a fixture
    """Makes every trial report one value, by its number, before it ends."""

    def report_by_number(values: Sequence[float]) -> None:
        start = executor.start

        def start_and_report(plan: Any) -> Any:
            if plan.name not in executor.world.plans:
                trial = plan.environment["AZUREML_RUN_ID"]
                number = trial.rpartition("_")[2]
                if number.isdigit():
                    lab.report(trial, values[int(number)])
            return start(plan)

        executor.start = start_and_report

    return report_by_number
