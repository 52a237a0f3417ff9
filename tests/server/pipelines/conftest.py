"""The plant of jobs, with pipelines in it. Commands are real shell lines on the local executor, or scripted ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server import assets, audit, jobs, pipelines
from smalt.server.http import WORKSPACE, Dispatcher
from smalt.server.identity import IdentityGate
from tests.server.jobs.conftest import Plant, executor, hints, loop, machine, more_routes, plant, scripts  # noqa: F401

ENVIRONMENT = "azureml:plain:1"


@dataclass
class Works:
    """A plant that runs pipelines."""

    plant: Plant
    pages: TestClient
    run: Callable[..., None]

    def submit(self, name: str, steps: dict[str, Any], **properties: Any) -> Any:
        body = {"properties": {"jobType": "Pipeline", "experimentName": "tests", "jobs": steps, **properties}}
        return self.pages.put(f"{self.plant.scope}/jobs/{name}", json=body)

    def component(self, name: str, **document: Any) -> str:
        """Register a component; its ARM id."""
        spec = {"name": name, "type": "command", "environment": ENVIRONMENT, **document}
        path = f"{self.plant.scope}/components/{name}/versions/1"
        answer = self.pages.put(path, json={"properties": {"componentSpec": spec}})
        assert answer.status_code in (200, 201), answer.text
        return path

    def complete(self, name: str, steps: dict[str, Any], **properties: Any) -> jobs.JobRecord:
        """Submit a pipeline and run it to its end."""
        answer = self.submit(name, steps, **properties)
        assert answer.status_code == 201, answer.text
        self.run(name)
        return self.plant.record(name)

    def whole_graph(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.pages.get(f"{self.plant.scope}/jobs/{name}/graph").json()
        return found

    def graph(self, name: str) -> dict[str, dict[str, Any]]:
        """The steps of a pipeline by name."""
        return {step["name"]: step for step in self.whole_graph(name)["steps"]}

    def statuses(self, name: str) -> dict[str, str]:
        return {step: shown["status"] for step, shown in self.graph(name).items()}

    def children(self, name: str) -> list[jobs.JobRecord]:
        """The jobs of the steps, the oldest first."""
        service, default = self.plant.service, self.plant.house.default
        found: list[jobs.JobRecord] = self.plant.write(lambda work: service.children(work, default, name))
        return found

    def text(self, job: str, output: str) -> str:
        """What a job has written to an output that is one file."""
        result = self.plant.write(lambda work: self.plant.children.results(work, self.plant.house.default, [job]))[job]
        return self.plant.local_path(result.uri(output)).read_text().strip()


@pytest.fixture
def works(plant: Plant, request: pytest.FixtureRequest) -> Works:  # noqa: F811
    kind = pipelines.PipelineKind(
        pipelines.Neighbours(
            children=plant.children,
            pinner=plant.pinner,
            assets=plant.assets,
            locator=plant.locator,
            computes=plant.computes,
            software=plant.software,
            kinds=plant.kinds,
        )
    )
    plant.kinds["pipeline"] = kind
    service = pipelines.PipelineService(plant.children, kind.plans)
    authoring = pipelines.Authoring(kind, plant.children, plant.assets)
    house = plant.house
    pages = assets.AssetPages(plant.assets, house.workspaces.of, plant.containers, plant.signer, root="workspaces")
    routes = [
        *pages.routes(WORKSPACE),
        *jobs.routes(plant.service, house.workspaces, plant.assets),
        *pipelines.routes(service, authoring, house.workspaces),
        *jobs.history_routes(plant.service, house.workspaces, locator=plant.locator, signer=plant.signer),
    ]
    gate = IdentityGate(house.identity, house.works, house.workspaces.find_scope)
    recorder = audit.AuditRecorder(house.works, house.workspaces.find_scope)
    app = Dispatcher(routes, works=house.works, gate=gate, recorder=recorder)
    client = TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"})

    def run(*names: str) -> None:
        local = request.getfixturevalue("machine")
        turns = plant.loop(local, request.getfixturevalue("hints"))
        try:
            plant.run_to_end(turns, *names)
        finally:
            turns.close()

    return Works(plant, client, run)


def command(text: str, **fields: Any) -> dict[str, Any]:
    """A command step written in place."""
    return {"type": "command", "command": text, "environment": ENVIRONMENT, **fields}


def literal(value: str) -> dict[str, str]:
    return {"job_input_type": "literal", "value": value}
