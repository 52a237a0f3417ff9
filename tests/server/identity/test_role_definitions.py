"""Custom roles over HTTP, in the shape of ARM."""

from __future__ import annotations

import uuid

import pytest

from tests.server.identity.test_directory import ASSIGNMENTS, OWNER, give, parents

DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
ML = "Microsoft.MachineLearningServices/"


def define(client, scope, *, role=None, name="Job Runner", actions=(ML + "workspaces/jobs/*",), scopes=None, **more):
    properties = {
        "roleName": name,
        "permissions": [{"actions": list(actions), **more}],
        "assignableScopes": [scope] if scopes is None else scopes,
    }
    return client.put(f"{scope}{DEFINITIONS}/{role or uuid.uuid4()}", json={"properties": properties})


def holder(house, role, scope=None):
    """A client of somebody who holds a role."""
    return house.client(house.member("holder", {scope or house.default.scope: role}))


def test_a_custom_role_allows_what_it_says_and_no_more(house):
    assert define(house.client(), house.default.scope, notActions=[ML + "workspaces/jobs/write"]).status_code == 201
    client = holder(house, "job runner")

    assert client.get(house.default.scope + "/jobs/j").status_code == 200
    assert client.put(house.default.scope + "/jobs/j", json={}).status_code == 403
    assert client.put(house.default.scope + "/computes/c", json={}).status_code == 403


def test_changing_a_role_changes_at_once_what_its_holders_may_do(house):
    role = define(house.client(), house.default.scope).json()["name"]
    client = holder(house, role)
    assert client.get(house.default.scope + "/jobs/j").status_code == 200

    changed = define(house.client(), house.default.scope, role=role, name="Other", actions=["*/computes/*"])

    assert changed.status_code == 200
    assert client.get(house.default.scope + "/jobs/j").status_code == 403
    assert client.put(house.default.scope + "/computes/c", json={}).status_code == 200


def test_a_role_that_somebody_holds_stays(house):
    role = define(house.client(), house.default.scope).json()
    holder(house, role["name"])
    (held,) = [
        row
        for row in house.client().get(house.default.scope + ASSIGNMENTS).json()["value"]
        if row["properties"]["roleDefinitionName"] == "Job Runner"
    ]
    path = house.default.scope + DEFINITIONS + "/" + role["name"]

    assert house.client().delete(path).json()["error"]["code"] == "RoleDefinitionHasAssignments"
    assert house.client().delete(held["id"]).status_code == 200
    assert house.client().delete(path).status_code == 200
    assert house.client().delete(path).status_code == 204


def test_a_role_cannot_be_given_outside_its_scopes_nor_leave_its_holders_outside(house):
    group = parents(house.default.scope)[1]
    role = define(house.client(), house.default.scope).json()["name"]
    actor = house.client().post("/smalt/actors", json={"name": "a"}).json()["id"]

    outside = give(house.client(), group, actor, role=role)
    assert outside.json()["error"]["code"] == "RoleAssignmentScopeNotAssignableToRoleDefinition"
    assert give(house.client(), house.default.scope, actor, role=role).status_code == 201
    other = house.default.scope + "2"
    moved = define(house.client(), house.default.scope, role=role, scopes=[other])
    assert moved.json()["error"]["code"] == "RoleDefinitionHasAssignments"


def test_an_owner_of_a_workspace_defines_roles_there_and_nowhere_else(house):
    """Nor by way of the body: a path at one's own scope must not write a role for another."""
    client = house.client(house.member("wo", {house.default.scope: OWNER}))
    above = parents(house.default.scope)[0]

    assert define(client, house.default.scope).status_code == 201
    assert define(client, above, name="B").status_code == 403
    assert define(client, house.default.scope, name="C", scopes=[house.default.scope, above]).status_code == 403
    theirs = define(house.client(), above, name="D").json()["name"]
    assert define(client, house.default.scope, role=theirs, name="D").status_code == 403
    assert client.delete(f"{house.default.scope}{DEFINITIONS}/{theirs}").status_code == 403


def test_a_contributor_defines_nothing(house):
    client = house.client(house.member("con", {"/": "Contributor"}))

    assert define(client, house.default.scope).status_code == 403


def test_roles_are_listed_where_they_can_be_given(house):
    define(house.client(), house.default.scope)
    custom = {"$filter": "type eq 'CustomRole'"}

    def names(scope):
        return [
            row["properties"]["roleName"]
            for row in house.client().get(scope + DEFINITIONS, params=custom).json()["value"]
        ]

    assert names(house.default.scope) == names("") == ["Job Runner"]
    assert names(house.default.scope + "2") == []


def test_names_are_taken_once_without_regard_to_case(house):
    define(house.client(), house.default.scope)

    assert define(house.client(), house.default.scope, name="JOB runner").status_code == 409
    assert define(house.client(), house.default.scope, name="reader").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "x" * 200},
        {"actions": []},
        {"actions": ["jobs"]},
        {"actions": ["a/" + "*e" * 40]},
        {"actions": ["a/\x00"]},
        {"scopes": []},
        {"scopes": ["elsewhere"]},
        {"scopes": ["/providers/x"]},
        {"role": "no-guid"},
        {"role": "acdd72a7-3385-48ef-bd42-f606fba81ae7"},
        {"dataActions": ["a/b/read"]},
    ],
    ids=str,
)
def test_an_unusable_role_is_refused(house, wrong):
    assert define(house.client(), house.default.scope, **wrong).status_code == 400


@pytest.mark.parametrize(
    "properties",
    [
        3,
        {"roleName": "x"},
        {"roleName": "x", "permissions": [3]},
        {"roleName": "x", "permissions": [{}, {}]},
    ],
    ids=str,
)
def test_a_body_that_is_no_role_is_refused(house, properties):
    answer = house.client().put(f"{DEFINITIONS}/{uuid.uuid4()}", json={"properties": properties})

    assert answer.status_code == 400
