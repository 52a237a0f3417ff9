"""The gateway as a process: alone, without its server, drained, and what it leaves on disk."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.gateway.running import Control, Gateway, deployment, endpoint


@pytest.fixture
def own(tmp_path):
    """A gateway of the test, not yet started."""
    control = Control(tmp_path)
    found = Gateway(tmp_path, control)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.stop()
    control.stop()


def test_it_starts_and_goes_on_without_a_server(own, blue):
    own.start()
    own.serve(endpoint({"blue": deployment(blue)}))
    own.control.stop()
    still = own.ask({}).status
    own.stop()
    own.start()
    again = own.ask({}).status
    own.control.start()
    own.serve(endpoint({"blue": deployment(blue)}, traffic={}))

    assert (still, again) == (200, 200)
    assert own.ask({}).status == 404
    assert (own.home / "gateway" / "table.json").stat().st_mode & 0o777 == 0o600


def test_only_one_has_a_home(own):
    own.start()
    second = subprocess.run(
        [sys.executable, "-m", "smalt.gateway", "--home", str(own.home), "--port", "0"], capture_output=True, text=True
    )

    assert second.returncode == 1
    assert "smalt down" in second.stderr


def test_it_drains(own, blue, tmp_path):
    own.start()
    own.serve(endpoint({"blue": deployment(blue)}))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(own.ask, {"print": "draining-now", "until": str(tmp_path / "go")})
        blue.wait_for("draining-now")
        os.kill(own.process.pid, 15)
        while True:
            try:
                own.connect().connect()
            except ConnectionRefusedError:
                break
        (tmp_path / "go").touch()

    assert asked.result().status == 200
    assert own.process.wait(30) == 0


def test_the_access_log_says_who_asked_what_and_never_a_key(own, blue):
    own.start()
    own.serve(endpoint({"blue": deployment(blue)}))
    own.ask({"fail": True}, headers={"x-request-id": "r1"})
    own.ask({}, key="a-wrong-key", path="/endpoints/w/e/score?code=hidden")
    own.stop()
    failed, refused = own.log()

    assert (failed["id"], failed["status"], failed["model_status"]) == ("r1", 424, 500)
    assert (failed["workspace"], failed["endpoint"], failed["deployment"]) == ("w", "e", "blue")
    assert failed["ms"] >= failed["model_ms"]
    assert (refused["status"], refused["code"]) == (401, "Unauthorized")
    text = (own.home / "gateway" / "access.jsonl").read_text()
    assert not any(secret in text for secret in ("the-primary-key", "a-wrong-key", "hidden"))


def test_requests_and_answers_are_captured_in_the_layout_of_azure(own, blue, tmp_path):
    capture = {
        "path": str(tmp_path / "store"),
        "collections": {"request": {"enabled": True}, "response": {}, "model_inputs": {}},
        "rolling": "minute",
        "headers": ["x-tenant", "authorization"],
    }
    own.start()
    own.serve(endpoint({"blue": deployment(blue, capture=capture)}))
    own.ask({"a": 1}, headers={"x-request-id": "r1", "x-tenant": "t"})
    own.ask(b"no json", headers={"content-type": "text/plain"})
    own.ask({"fail": True})
    large = [own.ask({"large": size, "text": "x" * size}).status for size in (1_000_000, 5_000_000)]
    own.stop()
    root = tmp_path / "store" / "modelDataCollector" / "e" / "blue"
    requests = [json.loads(line) for path in root.glob("request/*/*/*/*/*/*.jsonl") for line in path.open()]
    responses = [json.loads(line) for path in root.glob("response/*/*/*/*/*/*.jsonl") for line in path.open()]

    assert large == [200, 200]
    assert [each["data"] for each in requests[:3]] == [{"a": 1}, "no json", {"fail": True}]
    assert len(requests[3]["data"]["text"]) == len(responses[2]["data"]) == 1_000_000
    assert requests[4]["data"] is responses[3]["data"] is None
    assert requests[4]["contentrange"].endswith(f"/{5_000_000 + 30}")
    assert len(responses) == 4
    assert responses[0]["data"]["asked"] == {"a": 1}
    assert requests[0]["type"] == "azureml.inference.request"
    assert requests[0]["correlationid"] == responses[0]["correlationid"] == "r1"
    assert requests[0]["headers"] == {"x-tenant": "t"}


def test_spans_are_sent_where_they_are_wanted(own, blue):
    received = []
    came = threading.Event()

    class Collector(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            came.set()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    own.options = ("--otlp-url", f"http://127.0.0.1:{server.server_port}/v1/traces")
    own.start()
    own.serve(endpoint({"blue": deployment(blue)}))
    own.ask({}, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert came.wait(30)
    server.shutdown()
    thread.join()
    server.server_close()
    span = received[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]

    assert (span["traceId"], span["parentSpanId"]) == ("a" * 32, "b" * 16)
    assert {"key": "smalt.deployment", "value": {"stringValue": "blue"}} in span["attributes"]


def test_a_killed_worker_costs_only_its_own_request(own, blue, tmp_path):
    own.start()
    own.serve(endpoint({"blue": deployment(blue)}))
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(own.ask, {"print": f"kill-{each}", "until": str(tmp_path / "go")}) for each in (1, 2)]
        blue.wait_for("kill-1")
        blue.wait_for("kill-2")
        os.kill(blue.pids()[0], 9)
        while not any(each.done() for each in asked):
            time.sleep(0.01)
        (tmp_path / "go").touch()
    statuses = sorted(each.result().status for each in asked)

    assert statuses == [200, 502]
    assert [own.ask({}).status for _ in range(4)] == [200] * 4


def test_https_with_a_certificate_of_ones_own(own, blue, tmp_path):
    from smalt.server.tls import ensure

    made = ensure(tmp_path / "ca", ["localhost"])
    own.options = ("--certificate", str(made.chain), "--key", str(made.key))
    own.start()
    context = ssl.create_default_context(cafile=tmp_path / "ca" / "ca.pem")
    plain = socket.create_connection(("127.0.0.1", own.port))
    with context.wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        received = secure.recv(65536)

    assert received.startswith(b"HTTP/1.1 200")
    assert json.loads((own.home / "gateway" / "gateway.json").read_text())["url"].startswith("https://")
