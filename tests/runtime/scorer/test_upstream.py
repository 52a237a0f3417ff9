"""Models that other servers run are asked through the scorer, in their own protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.scorer.instance import Instance

QUESTION = {"model": "whatever", "messages": [{"role": "user", "content": "Hello"}]}


class Other:
    """Another server: what it was asked, and what it answers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.asked: list[tuple[str, str | None, Any]] = []
        self.status = 200


@pytest.fixture
def other() -> Iterator[Other]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.asked.append((self.path, self.headers["authorization"], body))
            is_stream = body.get("stream")
            answer: Any = {"choices": [], "usage": {"total_tokens": 7}}
            content = b"data: {}\n\ndata: [DONE]\n\n" if is_stream else json.dumps(answer).encode()
            self.send_response(found.status)
            self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Other(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def instance(tmp_path: Path, other: Other) -> Iterator[Instance]:
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps({"vllm": {"type": "serverless", "endpoint": other.url, "api_key": "secret"}}))
    upstream = {"connection": "vllm", "model": "qwen"}
    with Instance(tmp_path / "i", loader="upstream", upstream=upstream, connections=str(connections)) as made:
        yield made


def test_a_question_goes_on_under_the_name_of_the_model_there(instance, other):
    reply = instance.ask(QUESTION, path="/chat/completions")

    assert (reply.status, reply.headers["x-smalt-tokens"]) == (200, "7")
    assert other.asked == [("/v1/chat/completions", "Bearer secret", {**QUESTION, "model": "qwen"})]


def test_a_stream_comes_as_it_is(instance):
    reply = instance.ask({**QUESTION, "stream": True}, path="/v1/chat/completions")

    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(("theirs", "ours"), [(429, 429), (422, 422), (401, 502), (500, 502)])
def test_what_callers_can_mend_is_handed_on_and_the_rest_is_not_theirs(instance, other, theirs, ours):
    other.status = theirs

    reply = instance.ask(QUESTION, path="/chat/completions")

    assert reply.status == ours
    assert "secret" not in reply.body.decode() + instance.log


def test_it_says_which_model_it_is(instance):
    assert instance.ask(method="GET", path="/info").json["model_name"] == "qwen"
    assert instance.ask(b"[]", path="/chat/completions").status == 400
