"""A connection is changed: what is not sent stays, secrets above all."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from smalt.server import audit, connections
from smalt.server.connections import ConnectionService
from smalt.server.http import Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM
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


@pytest.fixture
def member(desk, house) -> TestClient:
    """Somebody who may change connections, and not see their secrets."""
    all_but_secrets = {
        "actions": [f"{ML}workspaces/connections/*"],
        "notActions": [f"{ML}workspaces/connections/list*"],
    }
    assert define(house.client(), house.default.scope, name="Tidier", **all_but_secrets).status_code == 201
    return desk.as_member(house.member("mia", {house.default.scope: "Tidier"}))


def test_a_secret_goes_to_no_address_of_somebody_who_may_not_see_it(desk, member):
    desk.make("ContainerRegistry", "UsernamePassword", username="ada", password="kept")

    elsewhere = {"target": "https://mine.example"}
    astray = [
        member.patch(desk.path, json={"properties": {**elsewhere, **more}})
        for more in ({}, {"credentials": {"username": "mia"}})
    ]
    own = member.patch(
        desk.path, json={"properties": {**elsewhere, "credentials": {"username": "ada", "password": "own"}}}
    )

    assert [answer.status_code for answer in astray] == [403, 403]
    assert "Send the secret with the address" in astray[0].text
    assert own.status_code == 200  # The name lets nobody in.
    assert desk.whole()["credentials"] == {"username": "ada", "password": "own"}


@pytest.mark.parametrize("way", ["target", "metadata"])
def test_of_own_keys_none_goes_astray_with_another_one_that_is_sent(desk, member, way):
    desk.make("CustomKeys", "CustomKeys", keys={"api_key": "kept"})
    elsewhere = {"target": "https://mine.example"} if way == "target" else {"metadata": {"api_base": "mine.example"}}

    astray = member.patch(desk.path, json={"properties": {**elsewhere, "credentials": {"keys": {"other": "1"}}}})
    own = member.patch(desk.path, json={"properties": {**elsewhere, "credentials": {"keys": {"api_key": "own"}}}})

    assert (astray.status_code, own.status_code) == (403, 200)
    assert desk.whole()["credentials"] == {"keys": {"api_key": "own"}}


def test_settings_that_are_no_address_are_changed_without_the_secret(desk, member):
    desk.make("AzureOpenAI", "ApiKey", key="kept")

    changed = member.patch(desk.path, json={"properties": {"metadata": {"ApiVersion": "2024-10-21"}}})

    assert changed.status_code == 200
    assert desk.whole()["credentials"] == {"key": "kept"}


def test_a_connection_whose_secret_does_not_open_any_more_is_still_listed(desk, house):
    desk.make("AzureOpenAI", "ApiKey", key="lost")

    other_key = ConnectionService(Vault(b"1" * 32))
    with house.works.read(SYSTEM) as work:
        shown = other_key.shown(house.default, other_key.get(work, house.default, desk.path.rpartition("/")[2]))

    assert shown.azure_endpoint == "https://old.example"
