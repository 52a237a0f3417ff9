"""Flows as assets: each save is a version that never changes, and no save is lost to another."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from smalt.flows import gallery
from tests.server.flows.conftest import DAG, files


def test_a_flow_begins_with_a_template_with_files_or_as_a_clone(flows):
    listed = flows.place.call("GET", "/smalt/flowTemplates")["value"]

    for template in listed:
        made = flows.create(template["name"], template=template["name"], tags={"made": "here"})
        assert made["type"] == template["type"], template
    flows.create("hello")
    cloned = flows.create("again", cloneOf={"flow": "hello", "version": 1})

    assert cloned["clonedFrom"] == {"workspace": flows.place.scope, "flow": "hello", "version": 1}
    assert (cloned["kind"], cloned["entryFile"], cloned["latestVersion"]) == ("dag", "flow.dag.yaml", 1)
    assert [each["name"] for each in flows.ask("GET", "?tag=made=here&$top=2").json()["value"]] == [
        "chat",
        "classification",
    ]
    assert flows.ask("GET", "?search=AGAI").json()["value"] == [cloned]


def test_a_name_belongs_to_one_flow_whatever_its_case(flows):
    flows.create("hello")

    answer = flows.ask("PUT", "/Hello", {"template": "chat"})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "FlowExists"


def test_a_save_is_the_next_version_and_says_what_it_changed(flows):
    flows.create("hello")

    saved = flows.save(1, message="kinder", greet__py="# kinder\n", README__md="A flow.\n")

    assert saved.status_code == 201, saved.text
    assert (saved.json()["version"], saved.json()["changed"]) == (2, ["README.md", "greet.py"])
    assert flows.ask("GET", "/hello/versions/1/files/greet.py").text != "# kinder\n"
    assert flows.ask("GET", "/hello/versions/latest/files/greet.py").text == "# kinder\n"
    assert [each["message"] for each in flows.ask("GET", "/hello/versions").json()["value"]] == ["kinder", None]
    assert flows.ask("GET", "/hello").json()["latestVersion"] == 2


def test_nothing_that_somebody_saved_meanwhile_is_overwritten(flows):
    flows.create("hello")
    flows.save(1, greet__py="# mine\n")

    late = flows.save(1, greet__py="# late\n")

    assert late.status_code == 409
    (info,) = late.json()["error"]["additionalInfo"]
    assert (info["type"], info["info"]["latest"]["version"]) == ("Conflict", 2)
    assert flows.ask("GET", "/hello/versions/latest/files/greet.py").text == "# mine\n"


def test_a_save_that_changes_nothing_makes_no_version(flows):
    flows.create("hello")

    saved = flows.save(1, flow__dag__yaml=DAG)

    assert (saved.status_code, saved.json()["version"]) == (200, 1)


def test_null_deletes_a_file_and_bytes_come_back_as_they_were_sent(flows):
    image = bytes(range(256))
    coded = {"path": "images/dot.png", "contentBase64": base64.b64encode(image).decode()}
    flows.create("hello", files=[*files(), coded])

    saved = flows.save(1, greet__py=None)

    listed = flows.ask("GET", "/hello/versions/2/files").json()["value"]
    answer = flows.ask("GET", "/hello/versions/2/files/images/dot.png")
    assert saved.status_code == 201
    assert [each["path"] for each in listed] == ["flow.dag.yaml", "images/dot.png"]
    assert answer.content == image
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_differs_is_told_file_by_file(flows):
    flows.create("hello", files=[*files(old__txt="gone\n"), {"path": "data.bin", "contentBase64": "AAE="}])
    edits = files(new__txt="come", flow__dag__yaml=DAG.replace("name: {", "name:   {"))
    edits += [{"path": "old.txt", "content": None}, {"path": "data.bin", "contentBase64": "AAI="}]
    flows.ask("POST", "/hello/versions", {"base": 1, "files": edits})

    told = flows.ask("GET", "/hello/versions/2/diff?from=1").json()

    assert (told["from"], told["to"]) == (1, 2)
    by_path = {each["path"]: each for each in told["files"]}
    assert {path: each["change"] for path, each in by_path.items()} == {
        "data.bin": "changed", "flow.dag.yaml": "changed", "new.txt": "added", "old.txt": "removed",
    }  # fmt: skip
    assert by_path["data.bin"]["unified"] is None
    assert "+  name:   {type: string}\n" in by_path["flow.dag.yaml"]["unified"]
    assert by_path["new.txt"]["unified"].endswith("+come\n\\ No newline at end of file\n")


def test_an_archive_holds_the_files_of_its_version(flows):
    flows.create("chat", template="chat")

    answer = flows.ask("GET", "/chat/versions/1/archive")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == gallery.files("chat")


def test_what_is_said_of_a_flow_changes_without_a_version(flows):
    flows.create("hello", tags={"a": "1"})

    changed = flows.ask("PATCH", "/hello", {"displayName": "Hello there", "tags": {"b": "2"}}).json()

    assert (changed["displayName"], changed["tags"], changed["latestVersion"]) == ("Hello there", {"b": "2"}, 1)


def test_a_deleted_flow_is_gone_and_its_name_is_free(flows):
    flows.create("hello")

    assert flows.ask("DELETE", "/hello").status_code == 204

    assert flows.ask("GET", "/hello").status_code == 404
    assert flows.ask("GET", "/hello/versions/1").json()["error"]["code"] == "FlowNotFound"
    assert flows.create("hello")["latestVersion"] == 1


def test_the_files_of_a_version_are_code_that_jobs_run(flows):
    flows.create("hello")
    version = flows.ask("GET", "/hello/versions/latest").json()

    code = flows.place.client.get(version["codeId"]).json()

    assert code["properties"]["codeUri"] == version["uri"]
    assert code["properties"]["isAnonymous"] is True


def test_open_pages_hear_of_every_change(flows):
    from smalt.server.flows import FlowChanged

    heard: list[str] = []
    flows.place.works._bus.subscribe(FlowChanged, lambda event: heard.append(event.flow))

    flows.create("hello")
    flows.save(1, greet__py="#\n")
    flows.ask("PATCH", "/hello", {"description": "d"})
    flows.ask("DELETE", "/hello")

    assert heard == ["hello"] * 4


@pytest.mark.parametrize("number", ["0", "9", "-1", "x", "99999999999999999999", "\u0661"])
def test_a_version_that_is_none_is_not_found(flows, number):
    flows.create("hello")

    assert flows.ask("GET", f"/hello/versions/{number}").status_code == 404


def test_a_flow_tells_what_serves_it_and_which_version(flows):
    flows.create("chat", template="chat")
    place, uri = flows.place, flows.ask("GET", "/chat/versions/1").json()["uri"]
    flows.save(1, "chat", note__txt="two")
    model = place.call("PUT", "/models/chat/versions/1", {"properties": {"modelType": "custom_model", "modelUri": uri}})
    place.endpoint("talks")
    body = {"location": "local", "properties": {"endpointComputeType": "Managed", "model": model["id"]}}
    place.call("PUT", "/onlineEndpoints/talks/deployments/blue", body)

    shown = flows.ask("GET", "/chat").json()

    assert (shown["latestVersion"], shown["deployments"]) == (
        2, [{"endpoint": "talks", "deployment": "blue", "version": 1}],
    )  # fmt: skip
