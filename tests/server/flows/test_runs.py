"""Trying and running flows: what is submitted, what runs for real, and what is told of it."""

from __future__ import annotations

import json

import pytest

from tests.server.flows.conftest import files

GREET = """\
from promptflow.core import tool


@tool
def greet(name: str) -> str:
    print("greeting", name)
    if name == "nobody":
        raise ValueError("nobody is there")
    return f"Hello, {name}!"
"""
JUDGE = """\
inputs:
  said: {type: string}
  name: {type: string}
outputs:
  right: {type: bool, reference: "${judge.output}"}
nodes:
- name: judge
  type: python
  source: {type: code, path: judge.py}
  inputs: {said: "${inputs.said}", name: "${inputs.name}"}
- name: share
  type: python
  source: {type: code, path: share.py}
  inputs: {each: "${judge.output}"}
  aggregation: true
"""
TOOL = "from promptflow.core import log_metric, tool\n\n\n@tool\ndef {0}({1}):\n    {2}\n"


def upload(flows, name, rows):
    """The reference to a file with these lines."""
    slot = flows.place.call(
        "POST", f"/data/{name}/versions/1/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}
    )["blobReferenceForConsumption"]
    path, _, query = slot["credential"]["sasUri"].partition("?")
    sent = flows.place.client.put(
        f"/{path.split('/', 3)[3]}/lines.jsonl?{query}",
        content="".join(json.dumps(row) + "\n" for row in rows),
        headers={"x-ms-blob-type": "BlockBlob"},
    )
    assert sent.status_code == 201, sent.text
    body = {"dataType": "uri_file", "dataUri": f"{slot['blobUri']}/lines.jsonl"}
    flows.place.call("PUT", f"/data/{name}/versions/1", {"properties": body})
    return f"azureml:{name}:1"


def submit(flows, path, **body):
    answer = flows.ask("POST", path, body)
    assert answer.status_code == 202, answer.text
    return answer.json()["job"]


def test_a_test_is_a_flow_job_of_one_line(flows):
    made = flows.create("chat", template="chat")

    job = submit(flows, "/chat/versions/latest/tests", inputs={"question": "hi"}, files=[{"path": "x", "content": ""}])

    shown = flows.place.call("GET", f"/jobs/{job}")["properties"]
    assert (shown["jobType"], shown["experimentName"]) == ("Flow", "chat")
    assert shown["tags"] == {"smalt.flow": "chat", "smalt.flow_version": "1", "smalt.flow_test": "true"}
    assert shown["columnMapping"] == {"question": "${data.question}"}
    assert "tests" in shown["codeId"]
    told = flows.run(job)
    assert (told["flow"], told["version"], told["test"], told["lines"]["total"]) == (made["name"], 1, True, None)
    assert flows.ask("GET", "/chat/runs").json()["value"] == []
    assert [each["job"] for each in flows.ask("GET", "/chat/runs?tests=true").json()["value"]] == [job]
    assert flows.ask("GET", "/chat").json()["latestVersion"] == 1


def test_a_flow_that_is_made_anew_has_no_runs_of_its_forerunner(flows):
    flows.create("hello")
    submit(flows, "/hello/versions/1/tests", inputs={"name": "you"})
    flows.ask("DELETE", "/hello")
    flows.create("hello")

    assert flows.ask("GET", "/hello/runs?tests=true").json()["value"] == []


def test_what_was_tried_long_ago_is_removed_with_the_next_test(flows):
    flows.create("hello")
    submit(flows, "/hello/versions/1/tests", inputs={"name": "now"})
    flow_id = flows.ask("GET", "/hello/versions/1").json()["uri"].split("/")[-2]
    (recent,) = flows.place.home.glob(f"blobs/*/*/flows/{flow_id}/tests/*")
    old = recent.with_name("20200101000000-old")
    recent.rename(old)

    submit(flows, "/hello/versions/1/tests", inputs={"name": "you"})
    submit(flows, "/hello/versions/1/tests", inputs={"name": "me"})

    assert not old.exists()
    assert len(list(old.parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tests", {"inputs": [1]}),
        ("tests", {"node": 1}),
        ("tests", {"files": [{"path": "../x", "content": ""}]}),
        ("tests", {"connections": {"greet": 1}}),
        ("runs", {}),
        ("runs", {"data": "./here.jsonl"}),
        ("runs", {"data": "azureml:none:1"}),
        ("runs", {"run": "none"}),
        ("runs", {"data": "azureml://datastores/workspaceblobstore/paths/x", "concurrency": 0}),
        ("runs", {"data": "azureml://datastores/workspaceblobstore/paths/x", "columnMapping": 3}),
    ],
)
def test_what_cannot_run_is_refused(flows, path, body):
    flows.create("hello")

    answer = flows.ask("POST", f"/hello/versions/1/{path}", body)

    assert answer.status_code in {400, 404}, answer.text


def test_who_may_not_submit_jobs_tries_nothing(flows):
    flows.create("hello")
    reader = flows.member("Reader")
    path = f"{flows.place.scope}/smalt/flows/hello"

    assert reader.post(f"{path}/versions/1/tests", json={"inputs": {}}).status_code == 403
    assert reader.post(f"{path}/versions/1/runs", json={}).status_code == 403
    assert reader.get(f"{path}/runs").status_code == 200


def test_a_job_of_another_kind_is_no_run(flows):
    assert flows.place.client.get(f"{flows.place.scope}/smalt/flowRuns/none").status_code == 404


def test_flows_are_tried_run_evaluated_and_compared(flows):
    flows.create("hello")
    flows.save(1, greet__py=GREET)
    judge = TOOL.format("judge", "said, name", "return name in said")
    share = TOOL.format("share", "each: list", 'log_metric("right", sum(each) / len(each))')
    flows.create("judge", files=[*files(judge__py=judge, share__py=share, flow__dag__yaml=JUDGE)])
    data = upload(flows, "names", [{"who": "you"}, {"who": "nobody"}, {"who": "me"}])

    node = submit(flows, "/hello/versions/2/tests", node="greet", nodeInputs={"inputs.name": "node"})
    edited = [{"path": "greet.py", "content": GREET.replace("Hello", "Bye")}]
    tried = submit(flows, "/hello/versions/2/tests", inputs={"name": "you"}, files=edited)
    run = submit(flows, "/hello/versions/2/runs", data=data, columnMapping={"name": "${data.who}"})
    assert flows.finish(node)["lines"] == {"total": 1, "completed": 1, "failed": 0}
    assert flows.finish(tried)["status"] == "Completed"
    assert flows.finish(run)["lines"] == {"total": 3, "completed": 2, "failed": 1}
    mapping = {"said": "${run.outputs.said}", "name": "${data.who}"}
    judged = submit(flows, "/judge/versions/1/runs", data=data, run=run, columnMapping=mapping)
    flows.finish(judged)

    def line(job, number):
        return flows.place.call("GET", f"/smalt/flowRuns/{job}/lines/{number}")

    assert line(node, 0)["outputs"] == {"output": "Hello, node!"}
    assert line(tried, 0)["outputs"] == {"said": "Bye, you!"}
    assert line(tried, 0)["logs"].strip().endswith("greeting you")
    assert "".join(each["logs"] for each in line(tried, 0)["nodes"]).strip().endswith("greeting you")
    failed = line(run, 1)
    assert (failed["status"], failed["nodes"][0]["status"]) == ("Failed", "Failed")
    assert "nobody is there" in failed["error"]["message"]
    assert "greet.py" in failed["error"]["traceback"]
    assert [span["name"] for span in failed["spans"]] == ["hello", "greet"]
    path = f"/smalt/flowRuns/{run}/lines"
    first = flows.place.call("GET", f"{path}?$top=2")
    assert [each["line"] for each in first["value"]] == [0, 1]
    rest = flows.place.client.get(first["nextLink"].removeprefix("http://localhost")).json()
    assert [each["inputs"] for each in rest["value"]] == [{"name": "me"}]
    assert [each["line"] for each in flows.place.call("GET", f"{path}?status=Failed")["value"]] == [1]
    assert flows.run(judged)["evaluates"] == run
    assert flows.run(judged)["metrics"] == {"right": 1.0}
    assert [each["node"] for each in flows.run(judged)["aggregations"]] == ["share"]
    compared = flows.place.call("GET", f"/smalt/flowRuns/compare?jobs={run}&jobs={judged}")
    assert [each["job"] for each in compared["value"]] == [run, judged]
    assert compared["metrics"] == {"right": [1.0, 1.0]}
    assert [each["job"] for each in flows.ask("GET", "/hello/runs").json()["value"]] == [run]


FLEX = """\
entry: talk:talk
inputs:
  question: {type: string, is_chat_input: true}
  chat_history: {type: list, is_chat_history: true}
"""


def test_code_that_is_talked_with_is_told_what_was_said_before_by_whom(flows):
    code = "def talk(question: str, chat_history: list) -> str:\n    return f'{chat_history} {question}'\n"
    given = [{"path": "flow.flex.yaml", "content": FLEX}, {"path": "talk.py", "content": code}]
    flows.create("talk", files=given)
    turns = [{"inputs": {"question": "hi"}, "outputs": {"output": "hello"}}]

    job = submit(flows, "/talk/versions/1/tests", inputs={"question": "and?", "chat_history": turns})
    flows.finish(job)

    [output] = flows.ask("GET", "/talk/versions/1/graph").json()["outputs"]
    assert (output["name"], output["isChatOutput"]) == ("output", True)
    said = flows.place.call("GET", f"/smalt/flowRuns/{job}/lines/0")["outputs"]["output"]
    assert said == "[{'role': 'user', 'content': 'hi'}, {'role': 'assistant', 'content': 'hello'}] and?"
