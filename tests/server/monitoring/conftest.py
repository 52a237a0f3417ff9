"""The plant of pipelines with monitors in it. Signals are really measured, by the interpreter of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.entities.trigger import HappenedKind
from smalt.kit import clock
from smalt.server import assets, audit, connections, jobs, monitoring, schedules
from smalt.server.http import WORKSPACE, Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.vault import Vault
from tests.server.jobs.conftest import Plant, hints, machine, more_routes, plant  # noqa: F401
from tests.server.pipelines.conftest import works  # noqa: F401

DAILY = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1, "startTime": "2099-01-01T00:00:00"}
TRAINING = "azureml://datastores/workspaceblobstore/paths/training/"
PRODUCTION = "azureml://datastores/workspaceblobstore/paths/modelDataCollector/e/d"


@dataclass
class Tower:
    """A plant whose monitors look when a test says so."""

    plant: Plant
    home: Path
    pages: TestClient
    run_jobs: Callable[..., None]
    results: monitoring.ResultsLoop
    alerts: monitoring.AlertsLoop
    schedules: schedules.SchedulesLoop

    @property
    def scope(self) -> str:
        return self.plant.scope

    def collect(self, collection: str, rows: list[dict[str, Any]], *, ago: timedelta = timedelta(hours=2)) -> None:
        """Write what a deployment would have collected some time ago."""
        moment = datetime.now(UTC) - ago
        folder = self.plant.local_path(f"{PRODUCTION}/{collection}/") / f"{moment:%Y/%m/%d/%H}"
        folder.mkdir(parents=True, exist_ok=True)
        event = {"specversion": "1.0", "id": "1", "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "data": rows}
        with (folder / "instance-0.jsonl").open("a") as file:
            file.write(json.dumps({**event, "correlationid": f"r{ago.total_seconds():.0f}"}) + "\n")

    def train(self, text: str) -> None:
        """Write training data, as a table of CSV."""
        folder = self.plant.local_path(TRAINING)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "training.csv").write_text(text)

    def put(self, name: str = "m", *, signals: Any = None, **definition: Any) -> Any:
        body = {
            "computeConfiguration": {"computeType": "ServerlessSpark", "runtimeVersion": "3.4", "instanceType": "x"},
            **({"signals": signals} if signals is not None else {}),
            **definition,
        }
        action = {"actionType": "CreateMonitor", "monitorDefinition": body}
        return self.pages.put(
            f"{self.scope}/schedules/{name}", json={"properties": {"trigger": DAILY, "action": action}}
        )

    def look(self, name: str = "m") -> dict[str, Any]:
        """Run a monitor now, to its end; what it found."""
        answer = self.pages.post(f"{self.scope}/schedules/{name}/trigger", json={})
        assert answer.status_code == 200, answer.text
        job = answer.json()["jobName"]
        self.run_jobs(job)
        self.results.run_once(clock.now())
        return self.found(name, job)

    def found(self, name: str, job: str) -> dict[str, Any]:
        return self.pages.get(f"{self.scope}/smalt/monitors/{name}/runs/{job}").json()

    def send(self) -> None:
        """Let the loop of messages turn until nothing is due."""
        while self.alerts.run_once(clock.now()):
            pass


@pytest.fixture
def tower(works: Any, plant: Plant) -> Tower:  # noqa: F811
    house, vault = plant.house, Vault(bytes(32))
    linked = connections.ConnectionService(vault)
    watch = schedules.Watch(plant.assets, plant.service)

    def collected(work: Any, room: Any, endpoint: str, deployment: str) -> Any:
        names = ("model_inputs", "model_outputs")
        return {each: f"{PRODUCTION}/{each}/" for each in names} if (endpoint, deployment) == ("e", "d") else None

    submission = plant.children.submission
    action = monitoring.CreateMonitor(
        plant.service,
        submission,
        collected=collected,
        assets=plant.assets,
        computes=plant.computes,
        connections=linked,
    )
    actions = {"create_job": schedules.CreateJob(plant.service, submission), "create_monitor": action}
    service = schedules.ScheduleService(actions, watch, schedules.Owners(house.identity))
    monitors = monitoring.MonitorService(service, plant.service, plant.locator)
    watch.above[HappenedKind.MONITOR_BREACHED] = monitors.breaches
    recorder = audit.AuditRecorder(house.works, house.workspaces.find_scope)
    pages = assets.AssetPages(plant.assets, house.workspaces.of, plant.containers, plant.signer, root="workspaces")
    routes = [
        *pages.routes(WORKSPACE),
        *jobs.routes(plant.service, house.workspaces, plant.assets),
        *schedules.routes(service, plant.service, house.workspaces),
        *monitoring.routes(monitors, house.workspaces),
        *connections.routes(linked, house.workspaces),
        *audit.routes(house.workspaces.find_scope),
    ]
    gate = IdentityGate(house.identity, house.works, house.workspaces.find_scope)
    app = Dispatcher(routes, works=house.works, gate=gate, recorder=recorder)
    below = monitoring.Neighbours(plant.service, plant.locator, house.workspaces, recorder, "https://smalt.example")
    return Tower(
        plant,
        plant.home,
        TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"}),
        works.run,
        monitoring.ResultsLoop(house.works, house.events, below),
        monitoring.AlertsLoop(house.works, house.events, linked, house.workspaces, plant.home),
        schedules.SchedulesLoop(house.works, house.events, service, watch, house.workspaces),
    )
