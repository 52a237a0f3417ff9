"""A connection is changed: what is not sent stays, secrets above all."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from smalt.server import audit, connections
from smalt.server.connections import ConnectionService
from smalt.server.http import Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.vault import Vault
from tests.server.identity.test_role_definitions import ML, define

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Desk:
    """One connection, from making it to reading its secrets."""

    def __init__(self, pages: TestClient, path: str) -> None:
        self._pages = pages
        self._path = path

    def as_member(self, token: str) -> TestClient:
        """The pages as somebody else has them."""
        return TestClient(self._pages.app, headers={"Authorization": f"Bearer {token}"})

    @property
    def path(self) -> str:
        return self._path

    def make(self, category: str, auth: str, **credentials: object) -> None:
        body = {"category": category, "authType": auth, "target": "https://old.example", "credentials": credentials}
        assert self._pages.put(self._path, json={"properties": body}).status_code == 200

    def change(self, **properties: object) -> None:
        answer = self._pages.patch(self._path, json={"properties": properties})
        assert answer.status_code == 200, answer.text

    def shown(self) -> dict[str, object]:
        return self._pages.get(self._path).json()["properties"]

    def whole(self) -> dict[str, object]:
        return self._pages.post(f"{self._path}/listsecrets").json()["properties"]


@pytest.fixture
def more_routes():
    return []


@pytest.fixture
def desk(house):
    app = Dispatcher(
        connections.routes(ConnectionService(Vault(bytes(32))), house.workspaces),
        works=house.works,
        gate=IdentityGate(house.identity, house.works, house.workspaces.find_scope),
        recorder=audit.AuditRecorder(house.works, house.workspaces.find_scope),
    )
    pages = TestClient(app, headers={"Authorization": f"Bearer {house.owner.token}"})
    return Desk(pages, f"{house.default.scope}/connections/one")


def test_how_one_signs_in_is_told_and_the_secret_is_not(desk):
    desk.make("AzureOpenAI", "ApiKey", key="very-secret")

    shown = desk.shown()

    assert (shown["authType"], shown.get("credentials")) == ("ApiKey", None)


def test_what_was_shown_is_sent_back_and_nothing_is_lost(desk):
    desk.make("AzureOpenAI", "ApiKey", key="kept")

    desk.change(**desk.shown())

    assert desk.whole()["credentials"] == {"key": "kept"}


@pytest.mark.parametrize("sent", [{}, {"credentials": None}, {"credentials": {}}])
def test_a_secret_that_is_not_sent_stays_when_the_address_changes(desk, sent):
    desk.make("AzureOpenAI", "ApiKey", key="kept")

    desk.change(target="https://new.example", metadata={"ApiVersion": "2024-10-21"}, **sent)

    whole = desk.whole()
    assert (whole["target"], whole["credentials"]) == ("https://new.example", {"key": "kept"})
    assert whole["metadata"]["ApiVersion"] == "2024-10-21"


def test_a_password_stays_when_the_user_changes(desk):
    desk.make("ContainerRegistry", "UsernamePassword", username="ada", password="kept")

    desk.change(credentials={"username": "grace"})

    assert desk.whole()["credentials"] == {"username": "grace", "password": "kept"}


def test_of_own_keys_one_is_changed_and_one_taken_away(desk):
    desk.make("CustomKeys", "CustomKeys", keys={"first": "1", "second": "2", "third": "3"})

    desk.change(credentials={"keys": {"second": "new", "third": None}})

    assert desk.whole()["credentials"] == {"keys": {"first": "1", "second": "new"}}


def test_the_secret_of_another_way_to_sign_in_goes(desk):
    desk.make("AzureOpenAI", "ApiKey", key="old")

    desk.change(authType="AAD")

    whole = desk.whole()
    assert (whole["authType"], whole.get("credentials")) == ("AAD", None)


def test_a_secret_goes_to_no_address_of_somebody_who_may_not_see_it(desk, house):
    desk.make("ContainerRegistry", "UsernamePassword", username="ada", password="kept")
    all_but_secrets = {
        "actions": [f"{ML}workspaces/connections/*"],
        "notActions": [f"{ML}workspaces/connections/list*"],
    }
    assert define(house.client(), house.default.scope, name="Tidier", **all_but_secrets).status_code == 201
    member = desk.as_member(house.member("mia", {house.default.scope: "Tidier"}))

    elsewhere = {"target": "https://mine.example"}
    astray = [
        member.patch(desk.path, json={"properties": {**elsewhere, **more}})
        for more in ({}, {"credentials": {"username": "mia"}})
    ]
    own = member.patch(
        desk.path, json={"properties": {**elsewhere, "credentials": {"username": "mia", "password": "own"}}}
    )

    assert [answer.status_code for answer in astray] == [403, 403]
    assert "Send the secret with the address" in astray[0].text
    assert own.status_code == 200
    assert desk.whole()["credentials"] == {"username": "mia", "password": "own"}
