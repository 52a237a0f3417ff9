"""A judge that is a real HTTP server, opened by a connection that another one hands out."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from smalt.runtime.monitoring import judging, signals
from smalt.runtime.monitoring.failure import MonitorError
from tests.runtime.monitoring.test_signals import WINDOW, collect, settings

LIMITS = {"groundedness": {"aggregated_groundedness_pass_rate": 0.7}, "fluency": {"aggregated_fluency_pass_rate": 0.2}}


class Model(BaseHTTPRequestHandler):
    """Gives the key of a connection to whoever has the token, and 5 to answers with `good` in them."""

    asked: list[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "listsecrets" in self.path:
            assert self.headers["authorization"] == "Bearer t0ken"
            answer = {"properties": {"category": "OpenAI", "target": self.url, "credentials": {"key": "k3y"}}}
        else:
            assert (self.path, self.headers["authorization"]) == ("/v1/chat/completions", "Bearer k3y")
            text = body["messages"][1]["content"]
            self.asked.append(text)
            answer = {"choices": [{"message": {"content": "Score: 5" if "good" in text else "1"}}]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model(monkeypatch):
    handler = type("Asked", (Model,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AZUREML_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AZUREML_WORKSPACE_SCOPE", "/w")
        monkeypatch.setenv("AZUREML_RUN_TOKEN", "t0ken")
        yield handler
        server.shutdown()


def test_answers_are_joined_with_their_questions_and_judged(model, tmp_path):
    collect(tmp_path / "in", "2026-01-02T01:00:00", [{"question": "q1", "context": "c"}], "one")
    collect(tmp_path / "in", "2026-01-02T01:00:00", [{"question": "q2", "context": "c"}], "two")
    collect(tmp_path / "out", "2026-01-02T01:00:00", [{"answer": "a good one"}], "one")
    collect(tmp_path / "out", "2026-01-02T01:00:00", [{"answer": "a bad one"}], "two")
    production = [{"path": str(tmp_path / name), "window": WINDOW} for name in ("in", "out")]

    found = signals.measure(settings("generation_safety_quality", production, thresholds=LIMITS, connection="judge"))

    values = {row.metric: (row.value, row.is_breached) for row in found.rows}
    assert values["aggregated_groundedness_pass_rate"] == (0.5, True)
    assert values["aggregated_fluency_pass_rate"] == (0.5, False)
    assert values["average_fluency_score"] == (3, False)
    assert any("q1" in text and "a good one" in text for text in model.asked)


def test_answers_of_which_too_little_is_known_are_told_with_what_is_missing(model):
    judge = judging.judge_of("judge", None)

    with pytest.raises(MonitorError, match=r"No row has what groundedness is judged by \(answer and context\)"):
        judging.scores(judge, "groundedness", [{"answer": "a"}])
