"""More requests than workers: what waits, what is refused, and what is asked of the server."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.gateway.running import deployment, endpoint


def _wait(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def test_requests_wait_for_a_worker_and_the_rest_is_refused(gateway, green, tmp_path):
    gateway.serve(endpoint({"green": deployment(green, max_queue=2)}))
    body = {"until": str(tmp_path / "go")}
    with ThreadPoolExecutor(3) as pool:
        accepted = [pool.submit(gateway.ask, body) for _ in range(3)]
        _wait(lambda: gateway.stats("green")["queued"] == 2)
        refused = gateway.ask({})
        state = gateway.stats("green")
        (tmp_path / "go").touch()

    assert (refused.status, refused.json["error"]["code"]) == (429, "TooManyRequests")
    assert int(refused.headers["retry-after"]) >= 1
    assert (state["in_flight"], state["queued"], state["capacity"]) == (1, 2, 1)
    assert [each.result().status for each in accepted] == [200, 200, 200]


def test_waiting_ends_with_a_429(gateway, green, tmp_path):
    gateway.serve(endpoint({"green": deployment(green, max_queue_wait_ms=100)}))
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(gateway.ask, {"until": str(tmp_path / "go")})
        _wait(lambda: gateway.stats("green")["in_flight"] == 1)
        late = gateway.ask({})
        (tmp_path / "go").touch()

    assert (late.status, late.json["error"]["code"]) == (429, "TooManyRequests")
    assert busy.result().status == 200


def test_a_caller_who_leaves_frees_the_queue_and_not_the_worker(gateway, green, tmp_path):
    gateway.serve(endpoint({"green": deployment(green)}))
    first, second = gateway.connect(), gateway.connect()
    for connection in (first, second):
        body = json.dumps({"until": str(tmp_path / "go"), "print": f"begun in {tmp_path}"})
        connection.request("POST", "/endpoints/w/e/score", body, {"authorization": "Bearer second"})
        green.wait_for(f"begun in {tmp_path}")
    _wait(lambda: gateway.stats("green")["queued"] == 1)
    second.close()
    _wait(lambda: gateway.stats("green")["queued"] == 0)
    first.close()
    _wait(lambda: gateway.stats("green")["in_flight"] == 0)
    with ThreadPoolExecutor(1) as pool:
        third = pool.submit(gateway.ask, {})
        _wait(lambda: gateway.stats("green")["queued"] == 1)  # the worker still scores the first
        (tmp_path / "go").touch()

    assert third.result().status == 200


def test_a_deployment_at_zero_is_wanted_and_its_callers_wait(gateway, green):
    empty = {**deployment(green), "workers": [], "scale_to_zero": True}
    gateway.serve(endpoint({"green": empty}))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(gateway.ask, {})
        _wait(lambda: gateway.own("/stats").json["wanted"])
        wanted = gateway.own("/stats").json["wanted"]
        gateway.serve(endpoint({"green": deployment(green, scale_to_zero=True)}))

    assert wanted == [{"workspace": "w", "endpoint": "e", "deployment": "green"}]
    assert asked.result().status == 200
    assert gateway.own("/stats").json["wanted"] == []


def test_without_instances_callers_are_told_at_once(gateway, green):
    gateway.serve(endpoint({"green": {**deployment(green), "workers": []}}))
    reply = gateway.ask({})

    assert (reply.status, reply.json["error"]["code"]) == (503, "NoInstances")
    assert "retry-after" in reply.headers


def test_a_worker_that_is_not_there_is_passed_over(gateway, green):
    entry = deployment(green, max_queue_wait_ms=300)
    gone = {"address": "unix:/nowhere/worker-0.sock", "concurrency": 1}
    gateway.serve(endpoint({"green": {**entry, "workers": [gone, *entry["workers"]]}}))
    some = [gateway.ask({}).status for _ in range(6)]
    gateway.serve(endpoint({"green": {**entry, "workers": [gone]}}))
    none = gateway.ask({})

    assert some == [200] * 6
    assert (none.status, none.json["error"]["code"]) == (503, "NoInstances")
