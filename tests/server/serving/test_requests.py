"""What the lines of the gateway tell of an endpoint, and whom they are told to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smalt.kit import clock
from smalt.server.serving import EndpointAsked
from smalt.server.serving.requests import AccessLog

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def line(minutes_ago: float, *, status: int = 200, ms: float = 10, endpoint: str = "ep", **more: object) -> str:
    at = clock.to_text(NOW - timedelta(minutes=minutes_ago))
    return json.dumps({"time": at, "status": status, "ms": ms, "workspace": "default", "endpoint": endpoint,
                       "deployment": "blue", **more})  # fmt: skip


def write(folder: Path, *lines: str, name: str = "access.jsonl") -> AccessLog:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(f"{each}\n" for each in lines))
    return AccessLog(folder)


def test_requests_are_counted_by_deployment_with_their_percentiles(tmp_path):
    failed = line(2, status=424, deployment="green", tokens=7)
    log = write(tmp_path, *(line(1, ms=number) for number in range(1, 101)), failed)

    found = log.document("default", "ep", now=NOW, span=timedelta(minutes=15))

    blue, green = found["deployments"]
    assert (blue["requests"], blue["errors"], blue["p50"], blue["p95"], blue["p99"]) == (100, 0, 51, 96, 100)
    assert (green["name"], green["errors"], green["statuses"]) == ("green", 1, {"424": 1})
    assert (blue["tokens"], green["tokens"]) == (0, 7)
    assert sum(each["requests"] for each in blue["series"]) == 100
    assert blue["series"][56]["requests"] == 100


@pytest.mark.parametrize(
    "other",
    [
        line(20),
        line(1, endpoint="another"),
        line(1, workspace="another"),
        line(1, copy=True),
        '{"time": "2026-03-01T11:59',
    ],
    ids=["too old", "of another endpoint", "of another workspace", "mirrored", "torn"],
)
def test_what_is_not_a_request_of_this_endpoint_now_is_left_out(tmp_path, other):
    log = write(tmp_path, other, line(1))

    (blue,) = log.document("default", "ep", now=NOW, span=timedelta(minutes=15))["deployments"]

    assert blue["requests"] == 1


def test_the_file_that_was_set_aside_is_read_on(tmp_path):
    write(tmp_path, line(3), name="access.jsonl.1")
    log = write(tmp_path, line(1))

    found = log.document("default", "ep", now=NOW, span=timedelta(minutes=15))

    assert found["deployments"][0]["requests"] == 2
    assert found["isWhole"]


def test_a_file_that_is_too_long_is_read_from_its_end_and_says_so(tmp_path):
    write(tmp_path, *(line(14 - number / 100) for number in range(1000)))
    log = AccessLog(tmp_path, most_bytes=10_000)

    found = log.document("default", "ep", now=NOW, span=timedelta(minutes=15))

    assert 0 < found["deployments"][0]["requests"] < 1000
    assert not found["isWhole"]


def test_pages_are_told_which_endpoints_were_asked(place):
    place.endpoint()
    place.endpoint("other")
    (watch,) = [each for each in place.server.worker.loops if each.name == "requests"]
    told: list[str] = []
    watch._events.subscribe(EndpointAsked, lambda event: told.append(event.endpoint))
    log = place.home / "gateway" / "access.jsonl"
    log.parent.mkdir(exist_ok=True)
    log.write_text(line(0, endpoint="other") + "\n")

    watch.run_once(NOW)
    log.write_text(log.read_text() + line(0) + "\n")
    watch.run_once(NOW)
    watch.run_once(NOW)

    assert told == ["ep"]


def test_the_figures_are_read_over_rest(place):
    place.endpoint()
    log = place.home / "gateway" / "access.jsonl"
    log.parent.mkdir(exist_ok=True)
    log.write_text(line(0).replace("2026-03-01T12:00:00.000000Z", clock.to_text(clock.now())) + "\n")

    found = place.call("GET", "/onlineEndpoints/ep/metrics?minutes=5")

    assert found["deployments"][0]["requests"] == 1
    assert place.call("GET", "/onlineEndpoints/ep/metrics?minutes=0", status=400)["error"]["target"] == "minutes"
