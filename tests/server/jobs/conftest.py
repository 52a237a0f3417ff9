"""The whole server up to jobs: real database, assets, tracking, tokens and HTTP; a scripted or a local executor."""

from __future__ import annotations

import platform
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.entities.code import Code
from smalt.entities.environment import Environment
from smalt.environments import BuiltEnvironment, Recipe
from smalt.executors import Executor
from smalt.executors.fake import FakeExecutor, Script
from smalt.executors.local import LocalExecutor
from smalt.kit import clock
from smalt.server import audit, compute, connections, jobs
from smalt.server.assets import AssetService, Containers, DataLocator, DatastoreService, Preparation, Signer
from smalt.server.compute import ComputeService
from smalt.server.http import Dispatcher, Route
from smalt.server.identity import IdentityGate
from smalt.server.tracking import TrackingService
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM, Work
from tests.server.room import room

__all__ = ["room"]

SLOTS = 2


class HereEnvironments:
    """A cache that has this test's own interpreter for every recipe, once `gate` is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.is_built = True
        self.failure: Exception | None = None
        self.builds = 0

    def find(self, recipe: Recipe) -> BuiltEnvironment | None:
        return self._here() if self.is_built else None

    def build(self, recipe: Recipe, log: Callable[[str], None]) -> BuiltEnvironment:
        self.builds += 1
        log("Resolving packages.")
        assert self.gate.wait(60)
        if self.failure is not None:
            raise self.failure
        self.is_built = True
        return self._here()

    def job_variables(self) -> dict[str, str]:
        return {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    @staticmethod
    def _here() -> BuiltEnvironment:
        return BuiltEnvironment("here", Path(sys.prefix), Path(sys.executable), platform.python_version(), (), "")


@dataclass
class Plant:
    """Everything a test may want to touch."""

    house: Any
    home: Path
    client: TestClient
    service: jobs.JobService
    children: jobs.Children
    assets: AssetService
    containers: Containers
    pinner: jobs.Pinner
    software: jobs.Software
    locator: DataLocator
    tracking: TrackingService
    computes: ComputeService
    environments: HereEnvironments
    kinds: dict[str, jobs.JobKind]
    signer: Signer

    @property
    def scope(self) -> str:
        return str(self.house.default.scope)

    def write(self, action: Callable[[Work], Any]) -> Any:
        with self.house.works.write(SYSTEM) as work:
            return action(work)

    def record(self, name: str) -> jobs.JobRecord:
        with self.house.works.read(SYSTEM) as work:
            return self.service.get(work, self.house.default, name)

    def loop(
        self, executor: Executor, hints: jobs.Hints, *, worker: str = "here", cluster: Executor | None = None
    ) -> jobs.JobsLoop:
        starter = jobs.Starter(
            locator=self.locator,
            tokens=self.house.identity,
            tracking=self.tracking,
            environments=self.environments,
            overlays=self.home / "overlays",
        )
        here = compute.Site(None, "local", executor, SLOTS, "http://127.0.0.1:8787")
        outside = jobs.Outside(
            sites=compute.Sites(self.computes, here, connect=lambda _: cluster, public_url="https://smalt.example"),
            environments=self.environments,
            starter=starter,
            finisher=jobs.Finisher(self.assets, self.tracking, self.house.identity),
            workspaces=self.house.workspaces,
            children=self.children,
            kinds=self.kinds,
        )
        return jobs.JobsLoop(self.house.works, self.house.events, outside, hints=hints, worker=worker)

    def submit(self, name: str = "one", *, command: str = "echo hi", **properties: Any) -> Any:
        body = {
            "jobType": "Command",
            "command": command,
            "environmentId": f"{self.scope}/environments/plain/versions/1",
            "experimentName": "tests",
            **properties,
        }
        return self.client.put(f"{self.scope}/jobs/{name}", json={"properties": body})

    def local_path(self, uri: str) -> Path:
        with self.house.works.read(SYSTEM) as work:
            found = self.locator.locate(work, self.house.default, uri).local_path
        assert found is not None
        return found

    def artifacts(self, name: str) -> Path:
        return self.local_path(f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{name}")

    def code(self, files: Mapping[str, str]) -> str:
        """Register a code asset; its ARM id."""
        folder = self.local_path("azureml://datastores/workspaceblobstore/paths/LocalUpload/code")
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        path = "azureml://datastores/workspaceblobstore/paths/LocalUpload/code"
        return str(
            self.write(
                lambda work: self.assets.register(work, self.house.default, "codes", "src", None, Code(path=path)).id
            )
        )

    def run_until(self, loop: jobs.JobsLoop, is_true: Callable[[], bool]) -> None:
        """Turn the loop whenever it is woken until a condition holds."""
        for _ in range(1000):
            loop.wake.clear()
            loop.run_once(clock.now())
            if is_true():
                return
            assert loop.wake.wait(60), "Nothing happened."
        raise AssertionError("The condition never held.")

    def run_to_end(self, loop: jobs.JobsLoop, *names: str) -> None:
        self.run_until(loop, lambda: all(self.record(name).status.is_terminal for name in names))


def _nowhere() -> compute.Site:
    return compute.Site(None, "local", FakeExecutor(), SLOTS, "http://127.0.0.1:8787")


@pytest.fixture
def more_routes() -> Sequence[Route]:
    return []


@pytest.fixture
def plant(house: Any, tmp_path: Path) -> Plant:
    containers = Containers(tmp_path / "blobs")
    datastores = DatastoreService(Vault(bytes(32)), tmp_path / "home")
    assets = AssetService()
    locator = DataLocator(assets, datastores, containers, {})
    assets.prepare = Preparation(locator)
    tracking = TrackingService()
    computes = ComputeService(Vault(bytes(32)), slots=SLOTS)
    signer = Signer(bytes(32))
    kinds: dict[str, jobs.JobKind] = {
        "command": jobs.CommandKind(connections.ConnectionService(Vault(bytes(32)))),
        "parallel": jobs.ParallelKind(),
    }
    software = jobs.Software(assets, locator)
    pinner = jobs.Pinner(assets, locator, computes, software)
    submission = jobs.Submission(kinds, pinner, tracking)
    service = jobs.JobService(submission, tracking)
    locator.output_of = service.output_uri
    computes.occupants.append(service.on_compute)
    default = house.default
    with house.works.write(SYSTEM) as work:
        datastores.ensure_defaults(work, default)
        computes.ensure_defaults(work, default)
        tracking.prepare_workspace(work, default)
        assets.register(work, default, "environments", "plain", "1", Environment(image="python:3.11"))
    for name in ("azureml", f"azureml-blobstore-{default.id}"):
        containers.ensure(default.id, name)
    routes = [
        *compute.routes(computes, house.workspaces, compute.Sites(computes, _nowhere())),
        *jobs.routes(service, house.workspaces, assets),
        *jobs.history_routes(service, house.workspaces, locator=locator, signer=signer),
        *jobs.log_routes(service, house.workspaces, house.works, locator, lambda call, _: gate.identify(call)),
    ]
    gate = IdentityGate(house.identity, house.works, house.workspaces.find_scope)
    recorder = audit.AuditRecorder(house.works, house.workspaces.find_scope)
    app = Dispatcher(routes, works=house.works, gate=gate, recorder=recorder)
    client = TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"})
    children = jobs.Children(submission, service)
    environments = HereEnvironments()
    return Plant(
        house,
        tmp_path,
        client,
        service,
        children,
        assets,
        containers,
        pinner,
        software,
        locator,
        tracking,
        computes,
        environments,
        kinds,
        signer,
    )


@pytest.fixture
def hints() -> jobs.Hints:
    return jobs.Hints()


@pytest.fixture
def scripts() -> dict[str, Script]:
    return {}


@pytest.fixture
def executor(hints: jobs.Hints, scripts: dict[str, Script]) -> FakeExecutor:
    fake = FakeExecutor(on_change=hints.note)
    fake.scripts = scripts
    return fake


@pytest.fixture
def loop(plant: Plant, executor: FakeExecutor, hints: jobs.Hints) -> Iterator[jobs.JobsLoop]:
    found = plant.loop(executor, hints)
    yield found
    found.close()


@pytest.fixture
def machine(plant: Plant, hints: jobs.Hints, tmp_path: Path) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(tmp_path / "jobs", hints.note)
    yield executor
    executor.close()
