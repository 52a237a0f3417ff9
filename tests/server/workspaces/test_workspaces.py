"""Workspaces as ARM clients make, read, change and delete them."""

from __future__ import annotations

import pytest

from smalt.errors import InvalidRequest
from smalt.server.work import SYSTEM
from smalt.server.workspaces import WorkspaceDeleted

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/smalt"
WORKSPACES = GROUP + "/providers/Microsoft.MachineLearningServices/workspaces"
BODY = {
    "location": "west",
    "tags": {"team": "a"},
    "kind": "Default",
    "identity": {"type": "SystemAssigned"},
    "properties": {"friendlyName": "Research", "hbiWorkspace": True, "novelSetting": {"aB": 1}, "workspaceId": "mine"},
}


def test_the_default_workspace_says_what_the_official_sdk_asks_for(house):
    answer = house.client().get(house.default.scope)

    body = answer.json()
    properties = body["properties"]
    assert body["id"] == WORKSPACES + "/default"
    assert body["identity"]["type"] == "SystemAssigned"
    assert body["systemData"]["createdBy"] == "smalt"
    assert properties["workspaceId"] == house.default.id
    assert properties["mlFlowTrackingUri"] == f"http://testserver/mlflow/v2.0{WORKSPACES}/default"
    assert house.client("").get(properties["discoveryUrl"]).json()["api"] == "http://testserver"
    for neighbour in ("storageAccount", "keyVault", "applicationInsights"):
        assert properties[neighbour].startswith(GROUP + "/providers/")


def test_making_the_default_again_changes_nothing(house):
    with house.works.write(SYSTEM) as work:
        again = house.workspaces.ensure_default(work, subscription=house.default.subscription)

    assert again == house.default


def test_a_workspace_keeps_what_it_is_given_and_says_itself_what_only_the_server_knows(house):
    client = house.client()

    first = client.put(WORKSPACES + "/research", json=BODY)
    again = client.put(WORKSPACES + "/RESEARCH", json=BODY)

    assert (first.status_code, again.status_code) == (201, 200)
    shown = client.get(WORKSPACES.lower() + "/Research").json()
    assert (shown["name"], shown["location"], shown["tags"]) == ("research", "west", {"team": "a"})
    assert shown["properties"]["novelSetting"] == {"aB": 1}
    assert shown["properties"]["hbiWorkspace"] is True
    assert shown["properties"]["workspaceId"] == first.json()["properties"]["workspaceId"] != "mine"


def test_a_patch_changes_only_what_it_names(house):
    client = house.client()
    client.put(WORKSPACES + "/research", json=BODY)

    client.patch(WORKSPACES + "/research", json={"tags": {"team": "b"}, "properties": {"description": "d"}})

    shown = client.get(WORKSPACES + "/research").json()
    assert shown["tags"] == {"team": "b"}
    assert (shown["properties"]["description"], shown["properties"]["friendlyName"]) == ("d", "Research")


def test_a_change_of_an_older_state_is_refused(house):
    client = house.client()
    old = client.get(house.default.scope).headers["ETag"]
    client.patch(house.default.scope, json={"tags": {"a": "1"}}, headers={"If-Match": old})

    for method in ("PUT", "PATCH", "DELETE"):
        answer = client.request(method, house.default.scope, json={}, headers={"If-Match": old})
        assert answer.status_code == 412

    assert client.get(house.default.scope).json()["tags"] == {"a": "1"}


def test_a_deleted_workspace_comes_back_under_its_id_and_a_purged_one_does_not(house):
    gone: list[WorkspaceDeleted] = []
    house.events.subscribe(WorkspaceDeleted, gone.append)
    client = house.client()

    assert client.delete(house.default.scope).status_code == 200
    assert client.get(house.default.scope).status_code == 404
    assert client.delete(house.default.scope).status_code == 204
    back = client.put(house.default.scope, json={"properties": {}})
    client.delete(house.default.scope + "?forceToPurge=true")
    new = client.put(house.default.scope, json={"properties": {}})

    assert (back.status_code, new.status_code) == (201, 201)
    assert back.json()["properties"]["workspaceId"] == house.default.id
    assert new.json()["properties"]["workspaceId"] != house.default.id
    assert [event.is_purged for event in gone] == [False, True]


def test_whoever_waits_for_a_new_workspace_is_called_in_its_transaction(house):
    made = []
    house.workspaces.on_created.append(lambda work, record: made.append(record.name))

    house.client().put(WORKSPACES + "/fresh", json={"properties": {}})
    house.client().put(WORKSPACES + "/fresh", json={"properties": {}})

    assert made == ["fresh"]


def test_a_workspace_whose_listener_fails_is_not_made(house):
    def fail(work, record) -> None:
        raise InvalidRequest("No room.")

    house.workspaces.on_created.append(fail)

    assert house.client().put(WORKSPACES + "/fresh", json={"properties": {}}).status_code == 400
    assert house.client().get(WORKSPACES + "/fresh").status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("a", {"properties": {}}, 400),
        ("a b", {"properties": {}}, 400),
        ("x" * 40, {"properties": {}}, 400),
        ("%2E%2E%5C", {"properties": {}}, 400),
        ("a%2Fb", {"properties": {}}, 400),
        ("ok", {"properties": []}, 400),
        ("ok", {"properties": {}, "tags": [1]}, 400),
        ("ok", [], 400),
    ],
)
def test_an_unusable_workspace_is_refused(house, name, body, status):
    assert house.client().put(f"{WORKSPACES}/{name}", json=body).status_code == status


def test_a_workspace_needs_its_group(house):
    answer = house.client().put(WORKSPACES.replace("smalt", "nowhere", 1) + "/ok", json={"properties": {}})

    assert answer.json()["error"]["code"] == "ResourceGroupNotFound"


def test_lists_show_what_the_caller_may_see(house):
    house.client().put(WORKSPACES + "/hidden", json={"properties": {}})
    member = house.client(house.member("sci", {house.default.scope: "AzureML Data Scientist"}))
    stranger = house.client(house.member("who"))
    listing = (
        "/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.MachineLearningServices/workspaces"
    )

    def names(client, path):
        return [item["name"] for item in client.get(path).json()["value"]]

    assert names(house.client(), WORKSPACES) == ["default", "hidden"]
    assert names(member, WORKSPACES) == names(member, listing) == ["default"]
    assert names(stranger, listing) == names(stranger, GROUP.rpartition("/")[0]) == []
    assert names(member, GROUP.rpartition("/")[0]) == ["smalt"]
    assert stranger.get(GROUP).status_code == 404
    assert stranger.get("/subscriptions").json() == {"value": []}
    assert len(member.get("/subscriptions").json()["value"]) == 1


def test_a_name_that_stands_for_two_workspaces_finds_neither(house):
    client = house.client()
    client.put(GROUP[:-5] + "second", json={"location": "local"})
    second = WORKSPACES.replace("/smalt/", "/second/") + "/default"
    assert house.workspaces.find_scope({"workspace": "DEFAULT"}) == house.default.scope

    assert client.put(second, json={"properties": {}}).status_code == 201

    assert house.workspaces.find_scope({"workspace": "default"}) is None
    assert house.workspaces.find_scope({"workspace": house.default.id}) == house.default.scope
    assert house.workspaces.find_scope({"workspace_id": house.default.id}) == house.default.scope


def test_groups_are_made_tagged_and_deleted_when_empty(house):
    client = house.client()

    assert client.put(GROUP[:-5] + "lab", json={"location": "west", "tags": {"a": "b"}}).status_code == 201
    assert client.put(GROUP[:-5] + "lab", json={"location": "west"}).json()["tags"] == {"a": "b"}
    assert client.put(GROUP[:-5] + "a%2Fb", json={}).status_code == 400
    assert client.put(GROUP[:-5] + "lab", json={"tags": 3}).status_code == 400
    assert client.delete(GROUP).status_code == 409
    assert client.delete(GROUP[:-5] + "lab").status_code == 200
    assert client.delete(GROUP[:-5] + "lab").status_code == 204


class TestDeployments:
    """The official clients make a workspace by a template."""

    path = GROUP + "/providers/Microsoft.Resources/deployments/d1"
    body = {  # noqa: RUF012
        "properties": {
            "template": {},
            "mode": "incremental",
            "parameters": {
                "workspaceName": {"value": "made"},
                "location": {"value": "west"},
                "friendlyName": {"value": "Made"},
                "confidential_data": {"value": "true"},
                "tagValues": {"value": {"k": "v"}},
                "identity": {"value": {"type": "systemAssigned"}},
                "managedNetwork": {"value": {"isolationMode": "Disabled"}},
            },
        }
    }

    def test_it_makes_the_workspace_and_tells_its_steps(self, house):
        client = house.client()

        answer = client.put(self.path, json=self.body)

        assert answer.status_code == 201
        assert client.get(self.path).json()["properties"]["provisioningState"] == "Succeeded"
        (step,) = client.get(GROUP.replace("G", "g") + "/deployments/d1/operations").json()["value"]
        shown = client.get(step["properties"]["targetResource"]["id"]).json()
        assert (shown["name"], shown["location"], shown["tags"]) == ("made", "west", {"k": "v"})
        assert shown["properties"]["hbiWorkspace"] is True

    def test_another_template_is_refused_with_a_sentence(self, house):
        answer = house.client().put(self.path, json={"properties": {"parameters": {"x": {"value": 1}}}})

        assert answer.json()["error"]["code"] == "InvalidTemplateDeployment"

    def test_it_needs_the_right_to_make_a_workspace(self, house):
        client = house.client(house.member("sci", {GROUP: "Azure AI Developer"}))

        assert client.put(self.path, json=self.body).status_code == 403


def test_the_smaller_calls_of_clients_are_answered(house):
    client = house.client()
    location = "/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/local"

    assert client.get(location + "/vmSizes").json()["value"][0]["vCPUs"] >= 1
    assert client.get(location + "/usages").json()["value"][0]["unit"] == "Count"
    assert client.get(location + "/quotas").json()["value"]
    assert client.get(location + "/operationsStatus/1").json()["status"] == "Succeeded"
    assert client.post(house.default.scope + "/listKeys").json()["userStorageKey"] == ""
    assert client.post(house.default.scope + "/resyncKeys").status_code == 200
    assert client.post(house.default.scope + "/diagnose", json={}).json()["value"]["otherResults"] == []
    assert client.get("/subscriptions/s/providers/Microsoft.Storage").json()["registrationState"] == "Registered"
    assert client.get("/tenants").json()["value"][0]["tenantId"] == house.identity.tenant


@pytest.mark.parametrize("position", ["InRleHQAIg", "MQ", "eyJhIjoxfQ", "bnVsbA", "~"])
def test_a_made_up_position_in_a_list_is_no_crash(house, position):
    assert house.client().get(WORKSPACES, params={"$skip": position}).status_code < 500
