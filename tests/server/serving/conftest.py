"""A whole server whose serving loop turns when a test lets it. Instances are real scorers in a real environment."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from smalt.kit import clock, sockets
from smalt.server.main import Server, build
from smalt.server.settings import Settings
from smalt.server.work import SYSTEM

SCORE = """
import json, os
def init():
    print("up as", os.environ["WHO"], flush=True)
    if os.environ["WHO"] == "nobody":
        raise ValueError("nobody is not served")
def run(body):
    return os.environ["WHO"] + " " + json.loads(body)["word"]
"""


class Place:
    """A server over a home folder."""

    def __init__(
        self, home: Path, environments: Path, database: str | None = None, containers: str = "off", **settings: Any
    ) -> None:
        self.home = home
        self.environments = environments
        home.mkdir(exist_ok=True)
        if not (home / "environments").exists():
            (home / "environments").symlink_to(environments)
        self.settings = Settings(home=home, database_url=database, containers=containers, **settings)
        self.server: Server = build(self.settings)
        assert self.server.owner is not None
        self.token = self.server.owner.token
        group = f"/subscriptions/{self.server.subscription}/resourceGroups/smalt"
        self.scope = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"
        self.client = self.client_of(self.token)
        self.loop._outside.gateway.ensure = lambda: None  # type: ignore[method-assign]  # nobody listens here

    def client_of(self, token: str) -> TestClient:
        return TestClient(self.server.app, headers={"Authorization": f"Bearer {token}"}, base_url="http://localhost")

    @property
    def loop(self) -> Any:
        (found,) = [each for each in self.server.worker.loops if each.name == "serving"]
        return found

    @property
    def works(self) -> Any:
        return self.loop._works

    def call(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        answer = self.client.request(method, self.scope + path, json=body)
        assert answer.status_code == status if status else answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    def endpoint(self, name: str = "ep", **properties: Any) -> Any:
        body = {"location": "local", "properties": {"authMode": "Key", "properties": {}, **properties}}
        return self.call("PUT", f"/onlineEndpoints/{name}", body)

    def connections_of(self, work: Any, job: str) -> list[str]:
        """The connections that the token of a job will open."""
        query = text("select pinned from jobs where name = :name").bindparams(name=job)
        return json.loads(work.connection.execute(query).scalar_one())["parts"]["connections"]

    def code(self, text: str = SCORE, *, name: str = "score.py") -> str:
        """The id of a code asset with a scoring script, or another file."""
        file = name
        name = f"c{abs(hash(text))}"
        known = self.client.get(f"{self.scope}/codes/{name}/versions/1")
        if known.status_code == 200:
            return known.json()["id"]
        slot = self.call(
            "POST", f"/codes/{name}/versions/1/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}
        )
        uri = slot["blobReferenceForConsumption"]["blobUri"]
        signed = slot["blobReferenceForConsumption"]["credential"]["sasUri"]
        path, _, query = signed.partition("?")
        sent = self.client.put(
            f"/{path.split('/', 3)[3]}/src/{file}?{query}",
            content=text.encode(),
            headers={"x-ms-blob-type": "BlockBlob"},
        )
        assert sent.status_code == 201, sent.text
        return self.call("PUT", f"/codes/{name}/versions/1", {"properties": {"codeUri": f"{uri}/src"}})["id"]

    def deployment(self, name: str = "blue", *, who: str | None = None, text: str = SCORE, count: int = 1,
                   endpoint: str = "ep", **properties: Any) -> Any:  # fmt: skip
        self.call("PUT", "/environments/plain/versions/1", {"properties": {"image": "python"}})
        body = {
            "location": "local",
            "sku": {"name": "Default", "capacity": count},
            "properties": {
                "endpointComputeType": "Managed",
                "codeConfiguration": {"codeId": self.code(text), "scoringScript": "score.py"},
                "environmentId": f"{self.scope}/environments/plain/versions/1",
                "environmentVariables": {"WHO": who or name},
                **properties,
            },
        }
        return self.call("PUT", f"/onlineEndpoints/{endpoint}/deployments/{name}", body)

    def state(self, name: str = "blue", endpoint: str = "ep") -> str:
        return self.call("GET", f"/onlineEndpoints/{endpoint}/deployments/{name}")["properties"]["provisioningState"]

    def table(self) -> Any:
        with self.works.read(SYSTEM) as work:
            return self.loop._outside.table.build(work)

    def workers(self, name: str = "blue", endpoint: str = "ep") -> list[str]:
        (entry,) = [each for each in self.table()["endpoints"] if each["name"] == endpoint]
        return [each["address"] for each in entry["deployments"].get(name, {"workers": []})["workers"]]

    def ask(self, address: str, word: str = "hi") -> Any:
        connection = sockets.connection(address, 10)
        connection.request("POST", "/score", body=json.dumps({"word": word}))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return json.loads(content) if answer.status == 200 else answer.status

    def turn_until(self, is_true: Callable[[], bool], *, seconds: float = 60) -> None:
        """Let the loop turn, whenever it would by itself, until something is true."""
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, "It did not come true."
            self.loop.wake.clear()
            self.loop.run_once(clock.now())
            self.loop.wake.wait(min(self.loop.interval_seconds, 0.1))

    def come_up(self, name: str = "blue", *, state: str = "Succeeded", **options: Any) -> None:
        self.turn_until(lambda: self.state(name, **options) == state)

    def end(self) -> None:
        """Have every instance end, and give everything back."""
        self.end_endpoints()
        self.server.close()

    def end_endpoints(self) -> None:
        """Delete all endpoints, and wait until they are gone."""
        for each in self.call("GET", "/onlineEndpoints")["value"]:
            self.call("DELETE", f"/onlineEndpoints/{each['name']}")
        self.turn_until(lambda: not self.call("GET", "/onlineEndpoints")["value"])


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once for all tests."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def place(tmp_path: Path, environments: Path) -> Iterator[Place]:
    found = Place(tmp_path / "home", environments)
    yield found
    found.end()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_place(request: pytest.FixtureRequest, tmp_path: Path, environments: Path) -> Iterator[Place]:
    """On both kinds of databases."""
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else None
    found = Place(tmp_path / "home", environments, url)
    yield found
    found.end()
