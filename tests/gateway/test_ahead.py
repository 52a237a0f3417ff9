"""Requests that lie at a busy worker, unread, until it is their turn."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.running import deployment, endpoint, kill, scorer
from tests.gateway.test_queue import _wait

WARM = 40


@pytest.fixture
def busy(gateway, folder, tmp_path):
    """A deployment of two workers whose pace is known, each in the middle of a request until its file is there."""
    with scorer(folder, f"busy-{tmp_path.name}", workers=2) as instance, ThreadPoolExecutor(4) as pool:
        gateway.serve(endpoint({"busy": deployment(instance)}))
        for _ in range(WARM):
            assert gateway.ask({}).status == 200
        asked = [{"until": str(tmp_path / each), "print": f"begun with {each}"} for each in ("one", "two")]
        held = [pool.submit(gateway.ask, each) for each in asked]
        for each in asked:
            instance.wait_for(each["print"])
        yield instance, pool, held
        for each in ("one", "two"):
            (tmp_path / each).touch()


def _lies(gateway, pool, count: int) -> list:
    """Requests that come while all workers are busy."""
    sent = [pool.submit(gateway.ask, {"number": each}) for each in range(count)]
    _wait(lambda: gateway.stats("busy")["queued"] == count)
    return sent


def test_what_lies_at_a_worker_that_hangs_goes_to_one_that_is_free(gateway, busy, tmp_path):
    _, pool, held = busy
    lying = _lies(gateway, pool, 2)
    (tmp_path / "one").touch()
    free = held[0].result().json["pid"]

    assert [each.result().json["pid"] for each in lying] == [free, free]
    assert gateway.stats("busy")["in_flight"] == 1


def test_what_lies_at_a_worker_that_is_killed_is_not_lost(gateway, busy, tmp_path):
    instance, pool, held = busy
    lying = _lies(gateway, pool, 2)
    for each in instance.pids():
        kill(each)

    assert [each.result().status for each in held] == [502, 502]
    assert [each.result().status for each in lying] == [200, 200]


def test_callers_who_leave_are_not_scored(gateway, busy, tmp_path):
    instance, _, held = busy
    caller = gateway.connect()
    body = b'{"until": "%b", "print": "scored all the same"}' % os.fsencode(tmp_path / "one")
    caller.request("POST", "/endpoints/w/e/score", body, {"authorization": "Bearer second"})
    _wait(lambda: gateway.stats("busy")["queued"] == 1)
    caller.close()
    _wait(lambda: gateway.stats("busy")["queued"] == 0)
    for each in ("one", "two"):
        (tmp_path / each).touch()

    assert [each.result().status for each in held] == [200, 200]
    assert gateway.ask({}).status == 200
    assert "scored all the same" not in instance.log


def test_a_worker_that_streams_begins_with_nothing_else(gateway, folder, tmp_path):
    with scorer(folder, "streaming") as instance, ThreadPoolExecutor(2) as pool:
        gateway.serve(endpoint({"busy": deployment(instance)}))
        for _ in range(WARM):
            assert gateway.ask({}).status == 200
        stream = pool.submit(gateway.ask, {"pieces": 2, "go": str(tmp_path / "go")})
        _wait(lambda: gateway.stats("busy")["in_flight"] == 1)
        other = pool.submit(gateway.ask, {"print": "begun with the other"})
        _wait(lambda: gateway.stats("busy")["queued"] == 1)
        was_begun = "begun with the other" in instance.log
        (tmp_path / "go").touch()

        assert stream.result().body == b"data: 0\n\ndata: 1\n\n"
        assert other.result().status == 200
        assert not was_begun
