"""The audit trail over HTTP."""

from __future__ import annotations

import pytest


def trail(house, **query):
    return house.client().get(house.default.scope + "/smalt/audit", params=query).json()


def test_a_write_is_told_with_who_what_and_where(house):
    house.client().put(house.default.scope + "/jobs/train?sig=hidden", json={"secret": "hidden"})

    (event,) = trail(house)["value"]
    assert event["actor"]["name"] == "owner"
    assert (event["action"], event["method"], event["status"]) == ("workspaces/jobs/write", "PUT", 200)
    assert event["scope"] == house.default.scope.lower() + "/jobs/train"
    assert event["path"] == house.default.scope + "/jobs/train"
    assert "hidden" not in str(event)


def test_a_refused_write_is_told_too_and_reads_are_not(house):
    client = house.client(house.member("rea", {house.default.scope: "Reader"}))
    client.get(house.default.scope)
    client.put(house.default.scope + "/jobs/train", json={})

    (event,) = trail(house)["value"]
    assert (event["actor"]["name"], event["status"]) == ("rea", 403)
    assert event["details"]["code"] == "AuthorizationFailed"


def test_a_write_that_fails_leaves_nothing(house):
    house.client().put(house.default.scope, content=b"[]")

    assert trail(house)["value"] == []


def test_events_are_found_by_actor_action_and_time_and_read_by_page(house):
    client = house.client()
    for number in range(3):
        client.put(f"{house.default.scope}/jobs/j{number}", json={})
    client.put(house.default.scope + "/computes/c", json={})

    assert len(trail(house, action="workspaces/jobs/write")["value"]) == 3
    assert len(trail(house, actor="owner", since="2020-01-01T00:00:00Z")["value"]) == 4
    assert trail(house, actor="nobody")["value"] == []
    assert trail(house, until="2020-01-01")["value"] == []
    first = trail(house, **{"$top": 3})
    second = client.get(first["nextLink"]).json()
    ids = [int(event["id"]) for event in first["value"] + second["value"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 4


def test_a_workspace_shows_only_its_own_events(house):
    other = house.default.scope[: -len("default")] + "other"
    house.client().put(other, json={"properties": {}})

    assert trail(house)["value"] == []
    assert len(house.client().get(other + "/smalt/audit").json()["value"]) == 1


@pytest.mark.parametrize(
    "query", [{"since": "soon"}, {"$skip": "x"}, {"$skip": "InRleHQi"}, {"actor": "a\x00"}, {"$top": "0"}]
)
def test_a_wrong_question_is_refused(house, query):
    answer = house.client().get(house.default.scope + "/smalt/audit", params=query)

    assert answer.status_code == 400


def test_a_scientist_elsewhere_may_not_read_it(house):
    client = house.client(house.member("sci", {house.default.scope + "x": "Reader"}))

    assert client.get(house.default.scope + "/smalt/audit").status_code == 403


def test_events_are_found_by_resource_and_by_a_pattern_of_actions(house):
    for name in ("jobs/a", "jobs/ab", "computes/a"):
        house.client().put(f"{house.default.scope}/{name}", json={})

    assert [event["path"][-6:] for event in trail(house, resource="jobs/A")["value"]] == ["jobs/a"]
    assert len(trail(house, resource=house.default.scope + "/jobs/")["value"]) == 2
    assert len(trail(house, action="Workspaces/*/write")["value"]) == 3
    assert trail(house, action="workspaces_jobs%")["value"] == []


def test_the_trail_of_the_installation_holds_what_belongs_to_no_workspace(house):
    house.client().post("/smalt/actors", json={"name": "new"})
    house.client().put(house.default.scope + "/jobs/train", json={})

    found = house.client().get("/smalt/audit").json()["value"]

    assert [event["action"] for event in found] == ["workspaces/jobs/write", "authorization/actors/write"]
    assert house.client(house.member("wo", {house.default.scope: "Owner"})).get("/smalt/audit").status_code == 403
