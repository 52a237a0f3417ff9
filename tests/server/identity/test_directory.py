"""Actors, their tokens and their roles over HTTP."""

from __future__ import annotations

import uuid

import pytest

from smalt.server.work import SYSTEM

ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "Owner"


def give(client, scope, actor, role=READER, assignment=None):
    body = {"properties": {"roleDefinitionId": role, "principalId": actor}}
    return client.put(f"{scope}{ASSIGNMENTS}/{assignment or uuid.uuid4()}", json=body)


def test_the_first_owner_is_made_once_and_can_be_renewed(house):
    with house.works.write(SYSTEM) as work:
        assert house.identity.directory.ensure_first_owner(work) is None
        renewed = house.identity.directory.renew_first_owner(work)

    assert renewed.client_id == house.owner.client_id
    assert house.client().get(house.default.scope).status_code == 401
    assert house.client(renewed.token).get(house.default.scope).status_code == 200


def test_a_new_actor_signs_in_may_do_nothing_and_then_what_the_role_says(house):
    owner = house.client()
    made = owner.post("/smalt/actors", json={"name": "ci", "kind": "service_principal"}).json()
    form = {"grant_type": "client_credentials", "client_id": made["clientId"], "scope": "x/.default"}
    token = house.client("").post("/t/oauth2/v2.0/token", data={**form, "client_secret": made["clientSecret"]}).json()
    client = house.client(token["access_token"])
    assert client.get(house.default.scope).status_code == 403

    assert give(owner, house.default.scope, made["id"]).status_code == 201

    assert client.get(house.default.scope).status_code == 200
    assert client.put(house.default.scope + "/jobs/j", json={}).status_code == 403


def test_a_refusal_names_the_action_the_scope_and_the_role_that_would_do(house):
    answer = house.client(house.member("rea", {house.default.scope: "Reader"})).put(
        house.default.scope + "/jobs/j", json={}
    )

    message = answer.json()["error"]["message"]
    assert "Microsoft.MachineLearningServices/workspaces/jobs/write" in message
    assert house.default.scope.lower() in message
    assert "'AzureML Data Scientist'" in message


def test_a_role_that_is_taken_away_ends_at_once(house):
    token = house.member("rea", {house.default.scope: "Reader"})
    assert house.client(token).get(house.default.scope).status_code == 200
    rows = house.client().get(house.default.scope + ASSIGNMENTS).json()["value"]
    mine = next(row for row in rows if row["properties"]["principalName"] == "rea")

    assert house.client().delete(mine["id"]).status_code == 200

    assert house.client(token).get(house.default.scope).status_code == 403
    assert house.client().delete(mine["id"]).status_code == 204


def test_the_same_assignment_again_changes_nothing_and_another_under_its_id_is_refused(house):
    actor = house.client().post("/smalt/actors", json={"name": "a"}).json()["id"]
    same = str(uuid.uuid4())

    assert give(house.client(), house.default.scope, actor, assignment=same).status_code == 201
    assert give(house.client(), house.default.scope, actor, assignment=same).status_code == 200
    answer = give(house.client(), house.default.scope, actor, role=OWNER, assignment=same)
    assert answer.json()["error"]["code"] == "RoleAssignmentUpdateNotPermitted"
    answer = give(house.client(), house.default.scope, actor)
    assert answer.json()["error"]["code"] == "RoleAssignmentExists"


def test_an_owner_of_a_workspace_gives_roles_there_and_nowhere_else(house):
    client = house.client(house.member("wo", {house.default.scope: OWNER}))
    actor = house.client().post("/smalt/actors", json={"name": "new"}).json()["id"]

    assert give(client, house.default.scope, actor).status_code == 201
    for scope in ("", *parents(house.default.scope)):
        assert give(client, scope, actor).status_code == 403
    assert client.post("/smalt/actors", json={"name": "x"}).status_code == 403


def parents(scope: str) -> list[str]:
    parts = scope.split("/")
    return ["/".join(parts[:3]), "/".join(parts[:5])]


def test_an_assignment_is_reached_only_at_its_own_scope(house):
    """A group called like the provider must not let its owner reach what stands above it."""
    scope, _ = parents(house.default.scope)
    odd = f"{scope}/resourceGroups/microsoft.authorization"
    client = house.client(house.member("odd", {odd: OWNER}))
    actor = house.client().post("/smalt/actors", json={"name": "b"}).json()["id"]
    above = give(house.client(), scope, actor).json()["name"]

    assert client.delete(f"{odd}{ASSIGNMENTS}/{above}").status_code == 204
    assert client.get(f"{odd}{ASSIGNMENTS}/{above}").status_code == 404
    assert house.client().get(f"{scope}{ASSIGNMENTS}/{above}").status_code == 200


@pytest.mark.parametrize("name", ["a%2Fb", "%2F"])
def test_a_slash_in_a_name_is_no_way_to_another_scope(house, name):
    answer = give(house.client(), f"/subscriptions/{name}", house.owner.client_id, role=READER)

    assert answer.status_code == 400


def test_the_last_owner_stays(house):
    rows = house.client().get(ASSIGNMENTS).json()["value"]

    assert house.client().delete(rows[0]["id"]).json()["error"]["code"] == "LastOwner"
    assert house.client().delete(f"/smalt/actors/{house.owner.client_id}").json()["error"]["code"] == "LastOwner"


@pytest.mark.parametrize(("role", "may"), [("Owner", True), ("Contributor", False), ("Reader", False)])
def test_whoever_asks_who_they_are_learns_whether_they_may_add_others(house, role, may):
    client = house.client(house.member("pat", {"/": role}))

    assert client.get("/smalt/me").json()["mayAddActors"] is may
    assert (client.post("/smalt/actors", json={"name": "new"}).status_code == 201) is may


def test_personal_tokens_are_shown_once_and_end_when_revoked(house):
    client = house.client(house.member("pat", {"/": "Reader"}))
    made = client.post("/smalt/me/tokens", json={"name": "laptop", "expiresAt": "2031-01-01T00:00:00Z"}).json()
    mine = house.client(made["token"])
    assert mine.get("/smalt/me").json()["name"] == "pat"
    assert made["token"] not in client.get("/smalt/me/tokens").text

    assert mine.delete(f"/smalt/me/tokens/{made['id']}").status_code == 200

    assert mine.get("/smalt/me").status_code == 401
    assert client.get("/smalt/me").status_code == 200


def test_one_actor_cannot_revoke_the_token_of_another(house):
    other = house.client().get(f"/smalt/actors/{house.owner.client_id}/tokens").json()["value"][0]["id"]
    client = house.client(house.member("mal", {"/": "Contributor"}))

    assert client.delete(f"/smalt/me/tokens/{other}").status_code == 204
    assert client.delete(f"/smalt/actors/{house.owner.client_id}/tokens/{other}").status_code == 403
    assert house.client().get("/smalt/me").status_code == 200


def test_removing_an_actor_ends_their_tokens(house):
    token = house.member("gone", {"/": "Reader"})
    assert house.client(token).get("/smalt/me").status_code == 200

    assert house.client().delete("/smalt/actors/gone").status_code == 204

    assert house.client(token).get("/smalt/me").status_code == 401


def test_actors_are_listed_by_page(house):
    for name in ("a", "b", "c"):
        house.member(name)
    client = house.client()

    first = client.get("/smalt/actors?$top=3").json()
    second = client.get(first["nextLink"]).json()

    assert [row["name"] for row in first["value"] + second["value"]] == ["a", "b", "c", "owner"]
    assert "nextLink" not in second


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": 3}, {"name": "a\x00"}, {"name": "x" * 200}, {"name": "x", "kind": "god"}, []]
)
def test_an_unusable_actor_is_refused(house, body):
    assert house.client().post("/smalt/actors", json=body).status_code == 400


@pytest.mark.parametrize("moment", ["soon", 5, "2001-01-01", "9999-12-31T23:59:59-23:00"])
def test_a_token_needs_an_end_in_reach(house, moment):
    assert house.client().post("/smalt/me/tokens", json={"name": "t", "expiresAt": moment}).status_code == 400


def test_role_definitions_are_found_by_name(house):
    found = house.client().get(
        house.default.scope + "/providers/Microsoft.Authorization/roleDefinitions",
        params={"$filter": "roleName eq 'AzureML Data Scientist'"},
    )

    assert [role["name"] for role in found.json()["value"]] == ["f6c7c914-8db3-469d-8ca1-694a8f32e121"]
