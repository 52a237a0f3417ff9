"""A served flow, over its ASGI application."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from smalt.flows import gallery, load
from smalt.flows.serving.app import FlowApp
from smalt.flows.serving.scoring import Scorer

Ask = Callable[..., httpx2.Response]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Ask]]:
    """Serves a template, or a folder, and gives how to ask it."""
    flows = []

    def serve(source: str | Path, *, loopback_only: bool = False, **limits: Any) -> Ask:
        folder = source
        if isinstance(source, str):
            folder = tmp_path / source
            gallery.make(source, folder)
        flow = load(folder)
        flows.append(flow)
        app = FlowApp(flow, Scorer(flow, **limits), loopback_only=loopback_only)

        def ask(method: str, path: str, **options: Any) -> httpx2.Response:
            async def send() -> httpx2.Response:
                transport = httpx2.ASGITransport(app)
                async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:80") as client:
                    return await client.request(method, path, **options)

            return asyncio.run(send())

        return ask

    yield serve
    for flow in flows:
        flow.close()


def events(response: httpx2.Response) -> list[Any]:
    lines = [line[6:] for line in response.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_score_answers_the_outputs(served):
    answer = served("standard")("POST", "/score", json={"name": "ada lovelace"}, headers={"x-request-id": "r1"})

    assert (answer.status_code, answer.json()) == (200, {"greeting": "Hello, Ada Lovelace!"})
    assert answer.headers["x-request-id"] == "r1"


def test_a_body_that_is_no_json_is_the_only_input(served):
    assert served("standard")("POST", "/score", content="ada").json() == {"greeting": "Hello, Ada!"}


def test_a_body_that_is_no_json_is_refused_where_there_are_several_inputs(served):
    answer = served("evaluation")("POST", "/score", content="sports")

    assert answer.status_code == 400
    assert answer.json()["error"]["innerError"]["code"] == "JsonPayloadRequiredForMultipleInputFields"


def test_a_missing_input_is_named(served):
    answer = served("standard")("POST", "/score", json={})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "UserError"
    assert "['name']" in answer.json()["error"]["message"]


def test_a_flow_that_fails_says_which_node(served, tmp_path):
    folder = tmp_path / "standard"
    gallery.make("standard", folder)
    (folder / "greet.py").write_text(
        "from promptflow.core import tool\n\n@tool\ndef greet(sentence: str) -> str:\n    raise KeyError('no')\n"
    )

    answer = served(folder)("POST", "/score", json={"name": "x"})

    assert answer.status_code == 400
    assert "'greet'" in answer.json()["error"]["message"]


def test_a_stream_arrives_in_pieces(served):
    answer = served("chat")("POST", "/score", json={"question": "one two"}, headers={"accept": "text/event-stream"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events(answer) == [{"answer": "one "}, {"answer": "two"}]


def test_without_asking_for_events_the_stream_is_joined(served):
    assert served("chat")("POST", "/score", json={"question": "one two"}).json() == {"answer": "one two"}


def test_a_form_that_the_flow_does_not_answer_in_is_refused(served):
    answer = served("standard")("POST", "/score", json={"name": "x"}, headers={"accept": "text/event-stream"})

    assert (answer.status_code, answer.json()["error"]["innerError"]["code"]) == (406, "NotAcceptable")


def test_fields_may_be_hidden(served, monkeypatch):
    monkeypatch.setenv("PROMPTFLOW_RESPONSE_INCLUDED_FIELDS", '["answer"]')

    assert list(served("rag")("POST", "/score", json={"question": "secrets?"}).json()) == ["answer"]


def test_swagger_describes_inputs_and_the_chat(served):
    document = served("chat")("GET", "/swagger.json").json()

    assert document["info"]["x-chat-input"] == "question"
    schema = document["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["question"] == {"type": "string"}
    assert schema["required"] == ["question"]


def test_health_version_and_feedback_answer(served):
    ask = served("standard")

    assert ask("GET", "/health").json()["status"] == "Healthy"
    assert ask("GET", "/version").json()["version"]
    assert ask("POST", "/feedback?flatten=true", json={"stars": 5}).json() == {"status": "Feedback received."}


def test_clients_of_openai_chat_with_it(served):
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"},
                {"role": "user", "content": "and now"}]  # fmt: skip

    answer = served("chat")("POST", "/v1/chat/completions", json={"model": "chat", "messages": messages}).json()

    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "and now"}
    assert answer["usage"]["total_tokens"] > answer["usage"]["completion_tokens"] > 0


def test_clients_of_openai_stream_from_it(served):
    body = {"stream": True, "messages": [{"role": "user", "content": "one two"}]}

    *pieces, done = events(served("chat")("POST", "/v1/chat/completions", json=body))

    assert "".join(each["choices"][0]["delta"].get("content", "") for each in pieces) == "one two"
    assert (pieces[-1]["choices"][0]["finish_reason"], done) == ("stop", "[DONE]")


def test_a_stream_tells_at_its_end_what_it_took(served):
    body = {"messages": [{"role": "user", "content": "one two"}]}
    ask = served("chat")
    whole = ask("POST", "/v1/chat/completions", json=body).json()["usage"]

    *_, told, done = events(
        ask("POST", "/v1/chat/completions", json={**body, "stream": True, "stream_options": {"include_usage": True}})
    )

    assert (told["usage"], done) == (whole, "[DONE]")
    assert told["usage"]["total_tokens"] > 0


def test_a_flow_that_is_no_chat_is_no_model(served):
    body = {"messages": [{"role": "user", "content": "x"}]}

    assert served("standard")("POST", "/v1/chat/completions", json=body).status_code == 404


def test_the_page_may_only_do_what_it_has_to(served):
    answer = served("chat")("GET", "/")

    policy = answer.headers["content-security-policy"]
    script = answer.text.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_pages_of_others_may_not_call_a_server_of_this_machine(served):
    ask = served("standard", loopback_only=True)

    assert ask("POST", "/score", json={"name": "x"}, headers={"origin": "http://evil.example"}).status_code == 403
    assert ask("POST", "/score", json={"name": "x"}, headers={"origin": "http://localhost"}).status_code == 200


def test_more_requests_than_may_wait_are_refused(served):
    answer = served("standard", at_once=0, waiting=0)("POST", "/score", json={"name": "x"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_unknown_path_says_where_to_look(served):
    answer = served("standard")("GET", "/nothing")

    assert answer.status_code == 404
    assert "/swagger.json" in answer.json()["error"]["message"]
