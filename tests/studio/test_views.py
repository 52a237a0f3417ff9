"""Saved views of the list of jobs: one's own, and those that everybody sees."""

from __future__ import annotations

import uuid

import pytest
from starlette.testclient import TestClient

from tests.studio.conftest import ORIGIN

FAILED = {"status": "Failed", "columns": "loss"}


@pytest.fixture
def views(scope: str) -> str:
    return f"{scope}/smalt/views"


@pytest.fixture
def person(server, owner, scope):
    """Makes somebody with a role in the workspace, and gives a client that acts for them."""

    def make(role: str) -> TestClient:
        made = owner.post("/smalt/actors", json={"name": f"{role[:3]}-{uuid.uuid4().hex[:6]}"}).json()
        given = {"properties": {"roleDefinitionId": role, "principalId": made["id"]}}
        assignment = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        assert owner.put(assignment, json=given).status_code == 201
        token = owner.post(f"/smalt/actors/{made['id']}/tokens", json={"name": "t"}).json()["token"]
        return TestClient(server.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {token}"})

    return make


def names(client: TestClient, views: str) -> list[tuple[str, bool]]:
    return [(each["name"], each["isShared"]) for each in client.get(views).json()["value"]]


def test_a_view_is_there_wherever_its_owner_signs_in_and_for_nobody_else(views, person):
    ada, linus = person("AzureML Data Scientist"), person("Reader")

    kept = ada.put(f"{views}/what%20failed", json={"search": FAILED}).json()
    ada.put(f"{views}/what%20failed", json={"search": FAILED | {"owner": "ada"}})
    own = linus.put(f"{views}/what%20failed", json={"search": {"status": "Running"}})

    assert (kept["name"], kept["search"], kept["isShared"]) == ("what failed", FAILED, False)
    assert [each["search"]["status"] for each in ada.get(views).json()["value"]] == ["Failed"]
    assert ada.get(views).json()["value"][0]["search"]["owner"] == "ada"
    assert own.status_code == 200  # Who may only read keeps views as well.
    assert [each["search"] for each in linus.get(views).json()["value"]] == [{"status": "Running"}]


def test_a_shared_view_is_everybodys_and_changed_by_those_who_may_submit_jobs(views, person):
    ada, linus = person("AzureML Data Scientist"), person("Reader")
    ada.put(f"{views}/nightly", json={"search": FAILED, "isShared": True})
    linus.put(f"{views}/mine", json={"search": {"q": "x"}})

    assert names(linus, views) == [("mine", False), ("nightly", True)]
    assert linus.put(f"{views}/nightly", json={"search": {}, "isShared": True}).status_code == 403
    assert linus.delete(f"{views}/nightly?shared=true").status_code == 403

    assert linus.delete(f"{views}/mine").status_code == 204
    assert ada.delete(f"{views}/nightly?shared=true").status_code == 204
    assert names(linus, views) == []
    missing = ada.delete(f"{views}/nightly?shared=true")
    assert missing.status_code == 404
    assert "'nightly' that everybody sees" in missing.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("n" * 101, {"search": {}}, "The name has 101 characters"),
        ("v", {"search": {"columns": 5}}, "no mapping of texts"),
        ("v", {"search": {"q": "x" * 4000}}, "at most 4000 characters"),
        ("v", {"search": {}, "isShared": "yes"}, "isShared is 'yes'"),
    ],
)
def test_what_is_no_view_is_refused(owner, views, name, body, words):
    answer = owner.put(f"{views}/{name}", json=body)

    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_there_is_a_bound(views, person):
    ada = person("Reader")
    for number in range(100):
        assert ada.put(f"{views}/{number}", json={"search": {}}).status_code == 200

    assert ada.put(f"{views}/one-more", json={"search": {}}).status_code == 409
    assert ada.put(f"{views}/99", json={"search": FAILED}).status_code == 200
