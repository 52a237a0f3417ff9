"""The plant of jobs with schedules in it. Time is handed to the loop; nothing waits for a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server import assets, audit, jobs, schedules
from smalt.server.http import WORKSPACE, Dispatcher
from smalt.server.identity import IdentityGate
from tests.server.jobs.conftest import Plant, executor, hints, loop, more_routes, plant, scripts  # noqa: F401

COMMAND = {"jobType": "Command", "command": "echo hi", "experimentName": "tests"}
HOURLY = {"triggerType": "Cron", "expression": "0 * * * *", "startTime": "2022-07-10T10:00:00"}


@dataclass
class Clockwork:
    """A plant whose schedules fire when a test says what time it is."""

    plant: Plant
    service: schedules.ScheduleService
    pages: TestClient
    app: Dispatcher
    make_loop: Any
    now: datetime

    def __post_init__(self) -> None:
        self.loop = self.make_loop()

    @property
    def scope(self) -> str:
        return self.plant.scope

    def put(self, name: str = "s", *, trigger: Any = HOURLY, job: Any = None, client: Any = None, **more: Any) -> Any:
        definition = {"environmentId": f"{self.scope}/environments/plain/versions/1", **COMMAND, **(job or {})}
        action = {"actionType": "CreateJob", "jobDefinition": job if job and "sourceJobId" in job else definition}
        body = {"properties": {"trigger": trigger, "action": action, **more}}
        return (client or self.pages).put(f"{self.scope}/schedules/{name}", json=body)

    def show(self, name: str = "s") -> Any:
        return self.pages.get(f"{self.scope}/schedules/{name}").json()["properties"]

    def next_at(self, name: str = "s") -> datetime:
        return datetime.fromisoformat(self.show(name)["nextRunTime"])

    def turn(self, now: datetime | None = None) -> None:
        while self.loop.run_once(now or datetime.now(UTC)):
            pass

    def pass_time(self, name: str = "s", *, hours: int = 0) -> datetime:
        """Turn the loop a second after the next time of a schedule, or some hours later."""
        now = self.next_at(name) + timedelta(hours=hours, seconds=1)
        self.turn(now)
        return now

    def fires(self, name: str = "s") -> list[Any]:
        return self.pages.get(f"{self.scope}/schedules/{name}/fires").json()["value"]

    def jobs(self, **query: str) -> list[str]:
        return [item["name"] for item in self.pages.get(f"{self.scope}/jobs", params=query).json()["value"]]


@pytest.fixture
def clockwork(plant: Plant) -> Clockwork:  # noqa: F811 - the fixture of that name
    house = plant.house
    watch = schedules.Watch(plant.assets, plant.service)
    actions = {"create_job": schedules.CreateJob(plant.service, plant.children.submission)}
    service = schedules.ScheduleService(actions, watch, schedules.Owners(house.identity))
    pages = assets.AssetPages(
        plant.assets, house.workspaces.of, plant.locator._containers, plant.signer, root="workspaces"
    )
    routes = [
        *pages.routes(WORKSPACE),
        *jobs.routes(plant.service, house.workspaces, plant.assets),
        *schedules.routes(service, plant.service, house.workspaces),
    ]
    gate = IdentityGate(house.identity, house.works, house.workspaces.find_scope)
    recorder = audit.AuditRecorder(house.works, house.workspaces.find_scope)
    app = Dispatcher(routes, works=house.works, gate=gate, recorder=recorder)
    client = TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"})

    def make_loop() -> schedules.SchedulesLoop:
        return schedules.SchedulesLoop(house.works, house.events, service, watch, house.workspaces)

    return Clockwork(plant, service, client, app, make_loop, datetime.now(UTC))
