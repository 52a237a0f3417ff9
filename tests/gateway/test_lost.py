"""Connections to workers that are gone before anything was sent over them."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from tests.gateway.running import deployment, endpoint


@pytest.fixture
def dying(tmp_path):
    """A worker that takes connections and leaves at once, as one does that is killed right then."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "dying"))
        listener.listen(64)

        def leave() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()

        thread = threading.Thread(target=leave)
        thread.start()
        yield {"address": f"unix:{tmp_path / 'dying'}", "concurrency": 4}
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_requests_go_on_to_a_worker_that_stays(gateway, green, dying):
    working = deployment(green)
    gateway.serve(endpoint({"green": {**working, "workers": [dying, *working["workers"]]}}))

    assert {gateway.ask({}).status for _ in range(50)} == {200}


def test_a_worker_that_always_leaves_is_away(gateway, dying):
    gateway.serve(endpoint({"dying": {"workers": [dying], "request_timeout_ms": 30_000, "max_queue_wait_ms": 200}}))

    replies = [gateway.ask({}) for _ in range(5)]

    assert {(each.status, each.json["error"]["code"]) for each in replies} == {(503, "NoInstances")}
    assert gateway.stats("dying")["in_flight"] == 0
