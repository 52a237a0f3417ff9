"""Hot calls over real connections: answered as soon as they have come, and refused like any other."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from smalt.server import audit
from smalt.server.connection import Bounds, bounded
from smalt.server.http import Call, Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.tracking import GroupWriter, TrackingService, mlflow_routes
from smalt.server.work import SYSTEM
from smalt.testing.tracking import FolderArtifacts, MemoryModels

API = "/mlflow/default/api/2.0/mlflow"
SCIENTIST = "AzureML Data Scientist"


class Watched(Dispatcher):
    """A dispatcher that counts the calls it was asked to answer at once."""

    begun = 0
    has_begun = threading.Event()

    def begin(self, call: Call, body: bytes):
        self.begun += 1
        begun = super().begin(call, body)
        self.has_begun.set()
        return begun


class Served:
    """Tracking behind a listener of its own."""

    def __init__(self, house, folder: Path) -> None:
        self.house = house
        self.writer = GroupWriter(house.works)
        runs = TrackingService()
        with house.works.write(SYSTEM) as work:
            runs.prepare_workspace(work, house.default)
        routes = mlflow_routes(
            runs,
            workspaces=house.workspaces,
            works=house.works,
            writer=self.writer,
            artifacts=FolderArtifacts(folder),
            models=MemoryModels(),
        )
        find_scope = house.workspaces.find_scope
        self.app = Watched(
            routes,
            works=house.works,
            gate=IdentityGate(house.identity, house.works, find_scope),
            recorder=audit.AuditRecorder(house.works, find_scope),
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        http = bounded(Bounds(), self.app)
        server = uvicorn.Server(uvicorn.Config(self.app, http=http, ws="none", log_config=None, lifespan="off"))
        server.install_signal_handlers = lambda: None  # uvicorn asks for the main thread otherwise
        running = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        running.start()
        try:
            yield
        finally:
            server.should_exit = True
            running.join()
            self.writer.close()

    def client(self, token: str | None = None) -> Client:
        return Client(self.port, token or self.house.owner.token)


class Client:
    """A connection that is kept; head and body go out one after the other."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.connection.request("POST", API + path, json.dumps(body).encode(), self.headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def new_run(self) -> str:
        status, answer = self.post("/runs/create", {"experiment_id": "0"})
        assert status == 200, answer
        return answer["run"]["info"]["run_id"]

    def log(self, run: str, step: int = 1) -> tuple[int, dict[str, Any]]:
        return self.post("/runs/log-metric", {"run_id": run, "key": "m", "value": step, "timestamp": 1, "step": step})

    def steps(self, run: str) -> list[int]:
        self.connection.request("GET", f"{API}/metrics/get-history?run_id={run}&metric_key=m", headers=self.headers)
        return [point["step"] for point in json.loads(self.connection.getresponse().read())["metrics"]]

    def raw(self, run: str, step: int) -> bytes:
        body = json.dumps({"run_id": run, "key": "m", "value": step, "timestamp": 1, "step": step}).encode()
        head = f"POST {API}/runs/log-metric HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        return (head + f"Authorization: {self.headers['Authorization']}\r\n\r\n").encode() + body


@pytest.fixture
def served(house, tmp_path) -> Iterator[Served]:
    found = Served(house, tmp_path)
    with found.listening():
        yield found


def test_a_call_of_a_known_caller_is_answered_at_once_and_kept(served):
    client = served.client()
    run = client.new_run()

    answers = [client.log(run, step) for step in range(3)]

    assert answers == [(200, {})] * 3
    assert served.app.begun == 3
    assert client.steps(run) == [0, 1, 2]


def test_calls_that_come_in_one_packet_are_answered_in_their_order(served):
    client = served.client()
    run = client.new_run()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(client.raw("unknown", 0) + b"".join(client.raw(run, step) for step in range(20)))

        statuses = [connection_status(connection) for _ in range(21)]

    assert statuses == [404] + [200] * 20
    assert client.steps(run) == list(range(20))


def test_a_call_waits_for_who_writes_already_and_those_behind_it_wait_with_it(served):
    client = served.client()
    run = client.new_run()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        with served.house.works.write(SYSTEM):
            served.app.has_begun.clear()
            connection.sendall(client.raw(run, 1) + client.raw("unknown", 2) + client.raw(run, 3))
            assert served.app.has_begun.wait(20)

        statuses = [connection_status(connection) for _ in range(3)]

    assert statuses == [200, 404, 200]
    assert client.steps(run) == [1, 3]


def test_a_token_that_was_revoked_is_refused_on_its_next_call(served):
    mia = person(served, "mia")
    run = mia.new_run()
    assert mia.log(run) == (200, {})

    with served.house.works.write(SYSTEM) as work:
        directory = served.house.identity.directory
        (token,) = directory.list_tokens(work, "mia")
        directory.revoke_token(work, "mia", token["id"])
    status, answer = mia.log(run, 2)

    assert (status, answer["error_code"]) == (401, "UNAUTHENTICATED")
    assert served.client().steps(run) == [1]


def test_a_role_that_was_taken_away_is_missed_on_the_next_call(served):
    mia = person(served, "mia")
    run = mia.new_run()
    assert mia.log(run) == (200, {})

    with served.house.works.write(SYSTEM) as work:
        served.house.identity.directory.unassign_within(work, served.house.default.scope)
    status, answer = mia.log(run, 2)

    assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED")
    assert served.client().steps(run) == [1]


def test_a_run_that_was_deleted_takes_no_more(served):
    client = served.client()
    run = client.new_run()
    assert client.log(run) == (200, {})

    client.post("/runs/delete", {"run_id": run})
    status, answer = client.log(run, 2)

    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "deleted" in answer["message"]


def test_a_workspace_that_was_deleted_takes_no_more(served):
    client = served.client()
    run = client.new_run()
    assert client.log(run) == (200, {})

    with served.house.works.write(SYSTEM) as work:
        served.house.workspaces.delete(work, served.house.default)
    status, _ = client.log(run, 2)

    assert status == 404


def test_what_cannot_be_read_is_refused_in_the_words_of_mlflow(served):
    client = served.client()
    client.new_run()
    for body in (b"", b"{", b'{"run_id": "x", "key": "m", "value": "none"}', b'{"key": "\\u0000"}'):
        client.connection.request("POST", f"{API}/runs/log-metric", body, client.headers)

        answer = client.connection.getresponse()

        assert answer.status == 400
        assert json.loads(answer.read())["error_code"] == "INVALID_PARAMETER_VALUE"
    assert served.app.begun == 4


def person(served: Served, name: str) -> Client:
    return served.client(served.house.member(name, {served.house.default.scope: SCIENTIST}))


def connection_status(connection: socket.socket) -> int:
    """The status of the next answer, which is taken off the connection."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        received += connection.recv(1)
    (length,) = [line.split(b":")[1] for line in received.split(b"\r\n") if line.lower().startswith(b"content-length")]
    connection.recv(int(length), socket.MSG_WAITALL)
    return int(received.split(b" ", 2)[1])
