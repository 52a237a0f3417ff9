"""What comes in of flows is held against bounds: paths, sizes, roles, other workspaces."""

from __future__ import annotations

import json

import pytest

from smalt.server.flows import contents
from tests.server.flows.conftest import files

PATHS = [
    "../greet.py", "/etc/passwd", "a/../../b", "a//b", "./a", "", "a\\b", "a/", "C:\\x", "x" * 256, "a/" * 600 + "b",
    "nul\u0001", ".smalt-staged/x", "..", "half\ud800",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_none_in_a_folder_is_refused(flows, path):
    flows.create("hello")

    body = {"base": 1, "files": [{"path": path, "content": "x"}]}
    answer = flows.place.client.post(f"{flows.place.scope}/smalt/flows/hello/versions", content=json.dumps(body))

    assert answer.status_code == 400
    assert flows.ask("GET", "/hello").json()["latestVersion"] == 1


@pytest.mark.parametrize(
    "path", ["../greet.py", "%2e%2e/1/greet.py", "..%2f..%2fsecret.key", "%2fetc%2fpasswd", "greet.py/x", "greet.py%00"]
)
def test_only_files_of_the_version_are_read(flows, path):
    flows.create("hello")

    assert flows.ask("GET", f"/hello/versions/1/files/{path}").status_code in {400, 404}


@pytest.mark.parametrize(
    "given",
    [
        "greet.py", [1], [{"path": "a"}], [{"path": 1, "content": ""}], [{"path": "a", "content": 1}],
        [{"path": "a", "content": "x", "contentBase64": "eA=="}], [{"path": "a", "contentBase64": "%"}],
        [{"path": "a", "content": "1"}, {"path": "a", "content": "2"}], [{"path": "none", "content": None}],
        [{"path": "greet.py/under", "content": "x"}],
    ],
)  # fmt: skip
def test_files_of_another_shape_are_refused(flows, given):
    flows.create("hello")

    answer = flows.ask("POST", "/hello/versions", {"base": 1, "files": given})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidFlowFiles"


def test_a_flow_is_no_place_for_data(flows, monkeypatch):
    monkeypatch.setattr(contents, "LARGEST_FILE_BYTES", 100)
    monkeypatch.setattr(contents, "LARGEST_VERSION_BYTES", 500)
    monkeypatch.setattr(contents, "MOST_FILES", 4)
    flows.create("hello", files=[{"path": "flow.dag.yaml", "content": "nodes: []"}])

    large = flows.save(1, a="x" * 101)
    many = flows.save(1, **{f"f{number}": "" for number in range(4)})
    whole = flows.save(1, **{f"f{number}": "x" * 100 for number in range(3)})

    assert [large.status_code, many.status_code, whole.status_code] == [400, 400, 201]
    assert flows.save(2, f0="y" * 100).status_code == 201


def test_who_may_only_look_saves_nothing(flows):
    flows.create("hello")
    reader = flows.member("Reader")

    seen = reader.get(f"{flows.place.scope}/smalt/flows/hello/versions/1/files/greet.py")
    refused = [
        reader.put(f"{flows.place.scope}/smalt/flows/mine", json={"template": "chat"}),
        reader.post(f"{flows.place.scope}/smalt/flows/hello/versions", json={"base": 1, "files": []}),
        reader.patch(f"{flows.place.scope}/smalt/flows/hello", json={}),
        reader.delete(f"{flows.place.scope}/smalt/flows/hello"),
    ]

    assert seen.status_code == 200
    assert [answer.status_code for answer in refused] == [403] * 4


def test_a_clone_from_another_workspace_takes_a_role_there(flows):
    flows.create("hello")
    there = flows.place.scope.replace("/default", "/other")
    assert flows.place.client.put(there, json={"location": "local"}).status_code < 300
    wanted = {"cloneOf": {"flow": "hello", "workspace": flows.place.scope}}
    stranger = flows.member("Contributor", there)

    refused = stranger.put(f"{there}/smalt/flows/hello", json=wanted)
    cloned = flows.ask("PUT", "/hello", wanted, scope=there)

    assert refused.status_code == 403
    assert cloned.json()["clonedFrom"]["workspace"] == flows.place.scope
    flows.ask("DELETE", "/hello")
    assert flows.ask("GET", "/hello/versions/1/files/greet.py", scope=there).status_code == 200


def test_a_flow_of_another_workspace_is_not_here(flows):
    flows.create("hello")
    there = flows.place.scope.replace("/default", "/further")
    flows.place.client.put(there, json={"location": "local"})

    assert flows.ask("GET", "/hello", scope=there).status_code == 404
    assert flows.ask("GET", "/hello/versions/1/files", scope=there).status_code == 404
    assert flows.ask("PUT", "/x", {"files": files(), "template": "chat"}, scope=there).status_code == 400
