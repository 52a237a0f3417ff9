"""The dispatcher: paths, admission, transactions, errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from smalt.errors import Forbidden, NotAuthenticated, NotFound, SmaltError
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.http import ANYONE, WORKSPACE, Answer, Call, Dispatcher, Routes, ok
from smalt.server.work import Actor, ActorKind, Work, Works


class OneKey:
    """A gate with one key; it may do everything but what is called `forbidden`."""

    def recall(self, call: Call) -> Actor | None:
        return None

    def identify(self, call: Call) -> Actor:
        if call.header("authorization") != "Bearer sesame":
            raise NotAuthenticated("No valid token came with the request.")
        return Actor("1", "ali", ActorKind.USER)

    def authorize(self, call: Call, actor: Actor) -> None:
        if call.route.action == "forbidden":
            raise Forbidden("ali may not do this.")


class Ledger:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def record(self, work: Work, call: Call, status: int) -> None:
        self.rows.append(f"{work.actor.name} {call.route.action} {status}")

    def refused(self, call: Call, error: SmaltError) -> None:
        self.rows.append(f"{call.actor.name} {call.route.action} {error.status}")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def client(tmp_path: Path, ledger: Ledger) -> TestClient:
    routes = Routes()

    def show(call: Call) -> Answer:
        return ok({"params": dict(call.params), "actor": call.work.actor.name})

    def fail(call: Call) -> Answer:
        raise NotFound("No job 'x'.", target="name")

    def crash(call: Call) -> Answer:
        raise ZeroDivisionError

    def echo(call: Call) -> Answer:
        return ok(call.json())

    routes.add("GET", WORKSPACE + "/jobs/{name}", show, action="workspaces/jobs/read")
    routes.add("PUT", WORKSPACE + "/jobs/{name}", show, action="workspaces/jobs/write")
    routes.add("DELETE", WORKSPACE + "/jobs/{name}", show, action="forbidden")
    routes.add("GET", "/files/{key:path}", show, action=ANYONE)
    routes.add("GET", "/missing", fail, action=ANYONE)
    routes.add("GET", "/crash", crash, action=ANYONE)
    routes.add("POST", "/echo", echo, action=ANYONE, max_body_bytes=20)
    works = Works(Database.at(tmp_path / "smalt.db"), Events())
    app = Dispatcher(routes.all, works=works, gate=OneKey(), recorder=ledger, hosts=frozenset({"testserver"}))
    return TestClient(app, headers={"Authorization": "Bearer sesame"})


PATH = "/subscriptions/s/resourcegroups/G/providers/microsoft.machinelearningservices/Workspaces/w/JOBS/Job%2F1"


def test_paths_match_without_regard_to_case_and_names_stay_as_given(client):
    answer = client.get(PATH)

    assert answer.json()["params"] == {"subscription": "s", "group": "G", "workspace": "w", "name": "Job/1"}


def test_the_rest_of_a_path_is_one_parameter(client):
    assert client.get("/files/a/b%20c/d.txt").json()["params"] == {"key": "a/b c/d.txt"}


def test_a_call_without_a_token_is_refused(client):
    answer = client.get(PATH, headers={"Authorization": ""})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_write_leaves_an_audit_row_and_so_does_a_refused_one(client, ledger):
    client.get(PATH)
    client.put(PATH, json={})
    client.delete(PATH)

    assert ledger.rows == ["ali workspaces/jobs/write 200", "ali forbidden 403"]


def test_failures_are_explained_in_the_envelope_of_arm(client):
    assert client.get("/missing").json() == {
        "error": {"code": "ResourceNotFound", "message": "No job 'x'.", "target": "name"}
    }


def test_a_crash_is_a_500_without_a_traceback(client):
    answer = client.get("/crash")

    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"a": 1}', 200), (b"{", 400), (b"\xff", 400), (b"[" * 30, 413), (b"", 200), (b"[NaN,\n1]", 400)],
)
def test_bodies_are_bounded_and_must_be_json(client, body, status):
    assert client.post("/echo", content=body).status_code == status


def test_a_file_that_a_script_put_between_quotes_keeps_its_lines(client):
    assert client.post("/echo", content=b'{"a": "1\n2"}').json() == {"a": "1\n2"}
    assert client.post("/echo", content=b'{"a": "1\n\x00"}').status_code == 400


@pytest.mark.parametrize("path", ["/files/%00", "/files/a%0d%0ab", "/files/%ff"])
def test_control_characters_in_a_path_are_refused(client, path):
    assert client.get(path).status_code == 400


def test_an_unknown_host_name_is_refused(client):
    assert client.get("/missing", headers={"Host": "evil.example"}).json()["error"]["code"] == "MisdirectedRequest"


def test_another_method_is_named(client):
    answer = client.post("/missing")

    assert answer.status_code == 405
    assert "GET" in answer.json()["error"]["message"]


def test_a_route_without_an_action_does_not_start_the_server(tmp_path, ledger):
    routes = Routes()
    routes.add("GET", "/open", lambda call: ok(None), action="")

    with pytest.raises(ValueError, match="GET /open"):
        Dispatcher(routes.all, works=Works(Database.at(tmp_path / "d"), Events()), gate=OneKey(), recorder=ledger)
