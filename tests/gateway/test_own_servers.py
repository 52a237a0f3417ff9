"""Servers of images behind the gateway: other paths, and an older HTTP."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.gateway.running import endpoint


@pytest.fixture
def foreign():
    """A server that tells the end of an answer by closing the connection."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            return

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{self.path} {self.headers['x-smalt-secret']} ".encode() + body)

        do_GET = do_POST  # noqa: N815  (a name of the base class)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"tcp:127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def serve(gateway, address: str, route: str) -> None:
    workers = [{"address": address, "concurrency": 1, "route": route}]
    gateway.serve(endpoint({"own": {"workers": workers, "request_timeout_ms": 30_000, "max_queue_wait_ms": 30_000}}))


@pytest.mark.parametrize(
    ("route", "asked", "there"),
    [
        ("/v1/m:predict", "/score", "/v1/m:predict"),
        ("/v1/m:predict", "/score?a=b", "/v1/m:predict?a=b"),
        ("/v1/m:predict", "/v1/m/metadata", "/v1/m/metadata"),
        ("/v1/m:predict", "/scores", "/scores"),
        ("/", "/score", "/"),
        ("/", "/score/v2/models/m/infer", "/v2/models/m/infer"),
    ],
)
def test_score_is_what_the_image_calls_it_and_other_paths_are_their_own(gateway, foreign, route, asked, there):
    serve(gateway, foreign, route)

    reply = gateway.ask({"a": 1}, path=f"/endpoints/w/e{asked}")

    assert (reply.status, reply.body.decode()) == (200, f'{there} None {{"a": 1}}')
