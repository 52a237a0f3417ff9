"""A whole server, and a client that speaks of its notebooks. Kernels are real, in a real environment."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.kit import clock
from smalt.server.main import build
from tests.server.serving.conftest import Place, environments  # noqa: F401  (a fixture of these tests)

PLAIN = "azureml:plain@latest"


class Notebooks:
    """The files and sessions of the default workspace, over REST."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.path = f"{place.scope}/smalt/notebooks"
        self.client = place.client

    def save(self, path: str, content: str | bytes, client: TestClient | None = None, **headers: str) -> Any:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return (client or self.client).put(f"{self.path}/files/{path}", content=content, headers=sent)

    def read(self, path: str) -> Any:
        return self.client.get(f"{self.path}/files/{path}")

    def names(self, folder: str = "") -> list[str]:
        found = self.client.get(f"{self.path}/entries", params={"path": folder}).json()["value"]
        return [each["name"] for each in found]

    def post(self, path: str, body: Any = None, client: TestClient | None = None) -> Any:
        return (client or self.client).post(self.path + path, json=body)

    def member(self, role: str) -> TestClient:
        """A client of somebody new, who has one role."""
        call, at = self.place.client, self.place.scope
        actor = call.post("/smalt/actors", json={"name": uuid.uuid4().hex}).json()["id"]
        given = {"properties": {"roleDefinitionId": role, "principalId": actor}}
        made = call.put(f"{at}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", json=given)
        assert made.status_code < 300, made.text
        return self.place.client_of(call.post(f"/smalt/actors/{actor}/tokens", json={"name": "t"}).json()["token"])

    def start(self, path: str = "Users/me/a.ipynb", **body: Any) -> str:
        """A session whose kernel answers, and whose job is known to run: the kernel may be the first to say so."""
        self.save(path, notebook(), if_match="*")
        self.save(path, notebook())
        made = self.post("/sessions", {"path": path, "environment": PLAIN, **body})
        assert made.status_code in {200, 201}, made.text
        name = made.json()["name"]
        self.turn_until(lambda: self.show(name)["kernel"] == "idle" and self.job(name)["status"] == "Running")
        return name

    def show(self, session: str) -> Any:
        return self.client.get(f"{self.path}/sessions/{session}").json()

    def execute(self, session: str, code: str, cell: str = "one") -> Any:
        sent = self.post(f"/sessions/{session}/execute", {"cells": [{"id": cell, "code": code}]})
        assert sent.status_code == 202, sent.text
        return sent.json()

    def outputs(self, session: str, cell: str = "one") -> list[Any]:
        """What a cell has put out once it is done."""
        self.wait(lambda: self.state(session)["cells"][cell]["status"] not in {"queued", "running"})
        return self.state(session)["cells"][cell]["outputs"]

    def run(self, session: str, code: str, cell: str = "one") -> list[Any]:
        self.execute(session, code, cell)
        return self.outputs(session, cell)

    def text(self, session: str, code: str) -> str:
        """What code prints."""
        return "".join(each.get("text", "") for each in self.run(session, code))

    def state(self, session: str) -> Any:
        """The first event of the stream: the whole state."""
        return next(self.events(session))

    def events(self, session: str) -> Iterator[Any]:
        """The events of a session, as a page hears them."""
        lines = _Stream(self.place.server.app, self.place.token, f"{self.path}/sessions/{session}/events")
        with lines:
            yield from lines

    def wait(self, is_true: Any, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, "It did not come true."
            time.sleep(0.05)

    def turn_until(self, is_true: Any, *, seconds: float = 120) -> None:
        """Let the loop of jobs turn until something is true."""
        (loop,) = [each for each in self.place.server.worker.loops if each.name == "jobs"]
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, "It did not come true."
            loop.wake.clear()
            loop.run_once(clock.now())
            loop.wake.wait(min(loop.interval_seconds, 0.2))

    def begin_anew(self) -> None:
        """Another server over the same home, as after a crash."""
        place = self.place
        place.server.close()
        place.server = build(place.settings)
        assert place.server.owner is not None
        place.token = place.server.owner.token
        self.client = place.client = place.client_of(place.token)

    def job(self, name: str) -> Any:
        return self.place.call("GET", f"/jobs/{name}")["properties"]

    def finish(self, name: str) -> str:
        """The state in which a job ends."""
        self.turn_until(lambda: self.job(name)["status"] in {"Completed", "Failed", "Canceled"})
        return str(self.job(name)["status"])


class _Stream:
    """Server-sent events of the application, read on a loop of our own: the test client waits for whole answers."""

    def __init__(self, app: Any, token: str, path: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        raw = path.encode()
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": raw,
            "query_string": b"",
            "scheme": "http",
            "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())],
        }
        self._app = app
        self._gone = asyncio.Event()

    def __enter__(self) -> None:
        self._task = self._loop.create_task(self._app(self._scope, self._receive, self._send))

    def __exit__(self, *_: object) -> None:
        self._task.cancel()
        self._loop.run_until_complete(asyncio.gather(self._task, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __iter__(self) -> Iterator[Any]:
        while (found := self._loop.run_until_complete(asyncio.wait_for(self._events.get(), 60))) is not None:
            yield found

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        for line in message.get("body", b"").split(b"\n"):
            if line.startswith(b"data: "):
                self._events.put_nowait(json.loads(line[6:]))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._events.put_nowait(None)


def notebook(*codes: str) -> str:
    cells = [
        {
            "id": f"c{number}",
            "cell_type": "code",
            "metadata": {},
            "source": code,
            "outputs": [],
            "execution_count": None,
        }
        for number, code in enumerate(codes or ("1 + 1",))
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[Place]:  # noqa: F811 - as above
    """One server for all tests of a module; its jobs loop turns when a test lets it."""
    found = Place(tmp_path_factory.mktemp("server") / "home", environments)
    found.call("PUT", "/environments/plain/versions/1", {"properties": {"image": "python"}})
    yield found
    found.end()


@pytest.fixture
def notebooks(shared_place: Place) -> Iterator[Notebooks]:
    """No files at first, and no session left behind."""
    found = Notebooks(shared_place)
    yield found
    for each in found.client.get(f"{found.path}/sessions", params={"active": "true"}).json()["value"]:
        found.place.call("POST", f"/jobs/{each['name']}/cancel")
        found.finish(each["name"])
    for name in found.names():
        found.client.delete(f"{found.path}/files/{name}")
