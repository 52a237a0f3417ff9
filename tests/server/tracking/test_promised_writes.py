"""Metrics and new runs are promised where what they need is known; whoever looks finds them, also after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server.database import Database, metadata
from smalt.server.work import SYSTEM
from smalt.testing.tracking import OneSpace, TrackingApp

API = "/mlflow/default/api/2.0/mlflow"


class House:
    """A tracking server on SQLite, and what it has promised and not yet made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = Database.at(folder / "smalt.db")
        with self._database.write() as connection:
            metadata.create_all(connection)
        self.app = TrackingApp(self._database, folder / "files")
        self.client = TestClient(self.app.app, headers={"Authorization": "Bearer ali"})

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(API + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def promised(self) -> int:
        return (self._folder / "smalt.db-promised").stat().st_size

    def after_a_kill(self) -> TrackingApp:
        return TrackingApp(Database.at(self._folder / "smalt.db"), self._folder / "files")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.app.close()


def points(app: TrackingApp, run: str, key: str = "loss") -> list[float]:
    with app.works.read(SYSTEM) as work:
        history = app.service.runs.history(work, OneSpace(), run, key, limit=None)
    return [point["value"] for point in history.items]


def test_points_of_a_run_that_is_known_are_promised_and_outlive_the_server(house):
    run = house.post("/runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for step in range(3):
        house.post("/runs/log-metric", run_id=run, key="loss", value=step, timestamp=step, step=step)

    assert house.promised > 0
    assert points(house.after_a_kill(), run) == [0, 1, 2]


def test_runs_are_promised_once_their_experiment_is_known(house):
    house.post("/runs/create", experiment_id="0")
    made = house.post("/runs/create", experiment_id="0", run_name="second", tags=[{"key": "team", "value": "blue"}])

    assert house.promised > 0
    run = house.client.get(f"{API}/runs/get?run_id={made['run']['info']['run_id']}").json()["run"]
    assert run["info"] == made["run"]["info"]
    assert {tag["key"]: tag["value"] for tag in run["data"]["tags"]} == {"mlflow.runName": "second", "team": "blue"}
    assert house.promised == 0


def test_a_promised_run_takes_points_on_the_next_call(house):
    house.post("/runs/create", experiment_id="0")
    run = house.post("/runs/create", experiment_id="0")["run"]["info"]["run_id"]

    house.post("/runs/log-metric", run_id=run, key="loss", value=1, timestamp=1, step=1)

    assert points(house.app, run) == [1]


def test_a_batch_with_params_and_tags_is_written_and_what_was_promised_before_stands(house):
    run = house.post("/runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for value in (1, 2):
        house.post("/runs/log-metric", run_id=run, key="loss", value=value, timestamp=1, step=value)
    metrics = [{"key": "loss", "value": 3, "timestamp": 1, "step": 3}]

    house.post("/runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "rate", "value": "0.1"}])

    assert house.promised == 0
    assert points(house.app, run) == [1, 2, 3]


def test_values_that_json_cannot_carry_are_kept(house):
    run = house.post("/runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for step, value in enumerate(("1", "NaN", "Infinity", "-Infinity")):
        house.post("/runs/log-metric", run_id=run, key="loss", value=value, timestamp=step, step=step)

    assert house.promised > 0
    assert points(house.after_a_kill(), run) == [1, "NaN", "Infinity", "-Infinity"]
