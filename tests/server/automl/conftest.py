"""The plant of jobs, with AutoML in it. Trials are scripted: they log the scores that the test has written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from smalt.executors import Handle, Plan
from smalt.executors.fake import FakeExecutor, Script
from smalt.server import automl, jobs
from smalt.server.jobs import store
from smalt.server.tracking.messages import Metric
from tests.server.jobs.conftest import Plant, executor, hints, loop, more_routes, plant, scripts  # noqa: F401


class ScoringExecutor(FakeExecutor):
    """A fake whose trials log the accuracy that stands in `scores`; others leave none."""

    def __init__(self, plant: Plant, scores: dict[int, float], **options: Any) -> None:  # noqa: F811
        super().__init__(**options)
        self.plant = plant
        self.scores = scores
        self.waiting: set[str] = set()

    def start(self, plan: Plan) -> Handle:
        name = plan.environment["AZUREML_RUN_ID"]
        score = self.scores.get(int(name.rpartition("_")[2])) if name[-1].isdecimal() else None
        if score is not None:
            house, metric = self.plant.house, Metric("accuracy", score)
            self.plant.write(lambda work: self.plant.tracking.runs.log(work, house.default, name, metrics=[metric]))
        return super().start(plan)

    def _script(self, name: str) -> Script:
        return Script(waits=self.world.plans[name].environment["AZUREML_RUN_ID"] in self.waiting)


@dataclass
class Works:
    """A plant that runs AutoML jobs."""

    plant: Plant
    turns: jobs.JobsLoop
    executor: ScoringExecutor

    def submit(self, name: str, **details: Any) -> Any:
        given = {
            "taskType": "Classification",
            "targetColumnName": "y",
            "primaryMetric": "Accuracy",
            "trainingData": {"jobInputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/t.csv"},
            **details,
        }
        properties = {"jobType": "AutoML", "experimentName": "tests", "taskDetails": given}
        return self.plant.client.put(f"{self.plant.scope}/jobs/{name}", json={"properties": properties})

    def complete(self, name: str, **details: Any) -> jobs.JobRecord:
        answer = self.submit(name, **details)
        assert answer.status_code == 201, answer.text
        self.plant.run_to_end(self.turns, name)
        return self.plant.record(name)

    def children(self, name: str) -> dict[str, str]:
        """Names and states of the children, as the job list shows them."""
        answer = self.plant.client.get(f"{self.plant.scope}/jobs?parentJobName={name}")
        return {each["name"]: each["properties"]["status"] for each in reversed(answer.json()["value"])}

    def started_at(self, name: str, moment: datetime) -> None:
        """Let a job have been started at another time, and be due."""
        record = self.plant.record(name)
        self.plant.write(lambda work: store.change(work.connection, record, started_at=moment, due_at=work.now))
        self.turns.wake.set()

    def settings(self, name: str) -> Any:
        """What a child was told."""
        return json.loads(self.plant.record(name).document["environment_variables"]["SMALT_AUTOML"])


@pytest.fixture
def works(plant: Plant, hints: jobs.Hints) -> Iterator[Works]:  # noqa: F811
    plant.kinds["automl"] = automl.AutoMLKind(plant.children, plant.service, plant.pinner, plant.tracking)
    executor = ScoringExecutor(plant, {}, on_change=hints.note)  # noqa: F811
    turns = plant.loop(executor, hints)
    yield Works(plant, turns, executor)
    turns.close()
