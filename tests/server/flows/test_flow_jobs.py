"""Flow jobs at submit: what they may name, and what their tokens will open."""

from __future__ import annotations

import pytest

from smalt.server.work import SYSTEM

FLOW = "nodes: [{name: say, type: llm, connection: my_llm}]"
CONNECTION = {"category": "OpenAI", "authType": "ApiKey", "target": "http://there/v1", "credentials": {"key": "secret"}}


def submit(place, **properties):
    job = {
        "jobType": "Flow",
        "codeId": place.code(FLOW, name="flow.dag.yaml"),
        "inputs": {
            "data": {"jobInputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/q.jsonl"}
        },
        **properties,
    }
    return place.client.put(f"{place.scope}/jobs/f", json={"properties": job})


@pytest.mark.parametrize("entry_file", ["../../secret.key", "/etc/passwd", "a/../../b"])
def test_a_file_outside_the_flow_is_refused(place, entry_file):
    answer = submit(place, entryFile=entry_file)

    assert answer.status_code == 400
    assert "relative path" in answer.text


def test_the_token_of_a_flow_job_opens_the_connections_it_names_and_no_other(place):
    for name in ("my_llm", "other"):
        place.call("PUT", f"/connections/{name}", {"properties": CONNECTION})

    assert submit(place).status_code == 201

    kept = place.call("GET", "/jobs/f")
    assert kept["properties"]["jobType"] == "Flow"
    with place.works.read(SYSTEM) as work:
        assert place.connections_of(work, "f") == ["my_llm"]


def test_a_flow_job_without_lines_is_refused(place):
    answer = submit(place, inputs={})

    assert answer.status_code == 400
    assert "'data'" in answer.text
