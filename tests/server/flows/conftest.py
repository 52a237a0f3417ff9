"""A whole server, and a client that speaks of its flows."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.kit import clock
from tests.server.serving.conftest import Place, environments, place  # noqa: F401  (fixtures of these tests)

DAG = """\
inputs:
  name: {type: string}
outputs:
  said: {type: string, reference: "${greet.output}"}
nodes:
- name: greet
  type: python
  source: {type: code, path: greet.py}
  inputs: {name: "${inputs.name}"}
"""
GREET = "from promptflow.core import tool\n\n\n@tool\ndef greet(name: str) -> str:\n    return f'Hello, {name}!'\n"


class Flows:
    """The flows of the default workspace, over REST."""

    def __init__(self, place: Place) -> None:  # noqa: F811 - the fixture has the name of what it gives
        self.place = place
        self.path = "/smalt/flows"

    def ask(self, method: str, path: str, body: Any = None, *, scope: str | None = None) -> Any:
        return self.place.client.request(method, (scope or self.place.scope) + self.path + path, json=body)

    def create(self, name: str = "hello", **body: Any) -> Any:
        given = body if {"template", "cloneOf", "files"} & body.keys() else {"files": files(), **body}
        answer = self.ask("PUT", f"/{name}", given)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def member(self, role: str, scope: str | None = None) -> TestClient:
        """A client of somebody new, who has one role."""
        call, at = self.place.client, scope or self.place.scope
        actor = call.post("/smalt/actors", json={"name": uuid.uuid4().hex}).json()["id"]
        given = {"properties": {"roleDefinitionId": role, "principalId": actor}}
        made = call.put(f"{at}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", json=given)
        assert made.status_code < 300, made.text
        return self.place.client_of(call.post(f"/smalt/actors/{actor}/tokens", json={"name": "t"}).json()["token"])

    def run(self, job: str) -> Any:
        """What is told of a run."""
        return self.place.call("GET", f"/smalt/flowRuns/{job}")

    def finish(self, job: str) -> Any:
        """Let the loop of jobs turn until a run is over."""
        (loop,) = [each for each in self.place.server.worker.loops if each.name == "jobs"]
        deadline = time.monotonic() + 120
        while (found := self.run(job))["status"] not in {"Completed", "Failed", "Canceled"}:
            assert time.monotonic() < deadline, found
            loop.wake.clear()
            loop.run_once(clock.now())
            loop.wake.wait(min(loop.interval_seconds, 0.1))
        return found

    def save(self, base: int, name: str = "hello", message: str | None = None, **texts: str | None) -> Any:
        """Save files; `__` in their names stands for the dot."""
        edits = [{"path": path.replace("__", "."), "content": text} for path, text in texts.items()]
        return self.ask("POST", f"/{name}/versions", {"base": base, "message": message, "files": edits})


def files(**more: str) -> list[dict[str, str]]:
    texts = {"flow.dag.yaml": DAG, "greet.py": GREET} | {key.replace("__", "."): text for key, text in more.items()}
    return [{"path": path, "content": text} for path, text in texts.items()]


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[Place]:  # noqa: F811 - as above
    """One server for all tests of a module; its jobs loop turns when a test lets it."""
    found = Place(tmp_path_factory.mktemp("server") / "home", environments)
    yield found
    found.end()


@pytest.fixture
def flows(shared_place: Place) -> Iterator[Flows]:
    """No flows at first, and none left behind."""
    found = Flows(shared_place)
    yield found
    for each in found.ask("GET", "").json()["value"]:
        found.ask("DELETE", f"/{each['name']}")
