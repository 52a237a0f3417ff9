"""What the gateway counts: instances follow the load, and a rollout that breaks a bound goes back."""

from __future__ import annotations

import pytest

from smalt.entities.endpoint.online import OnlineDeployment, Rollout
from smalt.server.serving import counters, scale, store
from smalt.server.serving.load import broken_bound
from smalt.server.serving.states import DeploymentState
from smalt.server.work import SYSTEM

BOUNDS = (1.0, 10.0, 100.0)


def counted(requests: int = 0, errors: int = 0, *, latencies=(0, 0, 0, 0), busy: int = 0, capacity: int = 4, queued=0):
    return {
        "workspace": "default",
        "endpoint": "ep",
        "in_flight": busy,
        "queued": queued,
        "capacity": capacity,
        "statuses": {"200": requests - errors, "424": errors},
        "latency": {"bounds_ms": BOUNDS, "counts": list(latencies)},
    }


def follows(low: int, high: int) -> OnlineDeployment:
    settings = {"type": "target_utilization", "min_instances": low, "max_instances": high, "polling_interval": 1}
    return OnlineDeployment.parse({"name": "d", "scale_settings": settings | {"target_utilization_percentage": 50}})


@pytest.mark.parametrize(
    ("present", "in_use", "waiting", "wanted"),
    [(1, 0.2, 0, 1), (1, 0.8, 0, 2), (2, 1.0, 0, 4), (2, 0.5, 3, 3), (4, 1.0, 9, 5), (3, 0.0, 0, 0), (0, 0.0, 0, 0)],
)
def test_as_many_instances_as_keep_the_utilisation(present, in_use, waiting, wanted):
    assert scale.wanted_count(follows(0, 5), present=present, in_use=in_use, waiting=waiting) == wanted


def test_without_settings_there_are_as_many_as_the_file_says():
    plain = OnlineDeployment.parse({"name": "d", "instance_count": 3})

    assert (scale.bounds(plain), scale.first_count(plain), scale.follows_load(plain)) == ((3, 3), 3, False)


def test_the_first_instance_shows_that_it_works_even_where_none_is_kept():
    assert scale.first_count(follows(0, 5)) == 1


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (counted(10, 10), None),
        (counted(100, 1), None),
        (counted(100, 50), "50 of 100 requests failed"),
        (counted(100, latencies=(96, 4, 0, 0)), None),
        (counted(100, latencies=(50, 20, 30, 0)), "5 of 100 requests took more than 10 ms"),
    ],
)
def test_a_bound_is_judged_once_there_are_enough_requests(found, told):
    read, _ = counters.read({"deployments": [{**found, "deployment": "green"}]})
    rollout = Rollout(max_error_rate=0.1, max_p95_ms=10, min_requests=20)

    broken = broken_bound(rollout, read["default", "ep", "green"])

    assert broken is None if told is None else told in str(broken)


def test_counters_that_have_begun_anew_tell_nothing():
    old, _ = counters.read({"deployments": [{**counted(100), "deployment": "green"}]})
    new, _ = counters.read({"deployments": [{**counted(5), "deployment": "green"}]})

    key = ("default", "ep", "green")
    assert new[key].since(old[key]) is None


@pytest.fixture
def rolling(place):
    """Two deployments that are taken for working, bounds, and a gateway that counts what a test says."""
    rollout = '{"max_error_rate": 0.1, "min_requests": 20}'
    place.endpoint(properties={"smalt.rollout": rollout})
    for name in ("blue", "green"):
        place.deployment(name)
    with place.works.write(SYSTEM) as work:
        for each in store.all_deployments(work.connection):
            live = {"generation": 1, "document": dict(each.document), "pinned": dict(each.pinned)}
            store.change_deployment(work.connection, each, state=DeploymentState.SUCCEEDED, live=live, wanted=0)
    place.endpoint(properties={"smalt.rollout": rollout}, traffic={"blue": 100})
    place.endpoint(properties={"smalt.rollout": rollout}, traffic={"blue": 50, "green": 50})
    return place


def looks(place, *, green: tuple[int, int]) -> dict[str, int]:
    """Let the counters be looked at; the traffic afterwards."""
    listed = [{**counted(100), "deployment": "blue"}, {**counted(*green), "deployment": "green"}]
    place.loop._outside.gateway.stats = lambda: {"deployments": listed, "wanted": []}
    place.loop._outside.load.look()
    return place.call("GET", "/onlineEndpoints/ep")["properties"]["traffic"]


def test_a_rollout_that_breaks_a_bound_goes_back_by_itself_and_tells_why(rolling):
    assert looks(rolling, green=(1000, 900)) == {"blue": 50, "green": 50}  # of before the change
    assert looks(rolling, green=(1010, 910)) == {"blue": 50, "green": 50}  # too few

    assert looks(rolling, green=(1050, 940)) == {"blue": 100}

    event = next(each for each in rolling.call("GET", "/smalt/audit")["value"] if "reason" in each["details"])
    assert event["action"] == "workspaces/onlineEndpoints/rollback/action"
    assert event["actor"]["name"] == "smalt"
    assert "40 of 50 requests failed" in event["details"]["reason"]
    assert event["details"]["after"]["traffic"] == {"blue": 100}
    rolling.endpoint(traffic={})


def test_a_rollout_that_keeps_its_bounds_stays(rolling):
    looks(rolling, green=(0, 0))

    assert looks(rolling, green=(500, 5)) == {"blue": 50, "green": 50}
    rolling.endpoint(traffic={})


def test_instances_follow_the_load(place):
    place.endpoint()
    settings = {"scaleType": "TargetUtilization", "minInstances": 0, "maxInstances": 3, "pollingInterval": "PT0.001S",
                "targetUtilizationPercentage": 50}  # fmt: skip
    place.deployment(scaleSettings=settings)
    place.come_up()
    gateway, load = place.loop._outside.gateway, place.loop._outside.load
    load._down_after = 0.0

    def wanted(found: dict, asked_for: bool = False) -> int:
        listed = [{**found, "deployment": "blue"}]
        names = {"workspace": "default", "endpoint": "ep", "deployment": "blue"}
        gateway.stats = lambda: {"deployments": listed, "wanted": [names] if asked_for else []}
        load._trends.clear()
        load.look()
        with place.works.read(SYSTEM) as work:
            return store.all_deployments(work.connection)[0].wanted

    assert wanted(counted(busy=4, capacity=4)) == 2
    assert wanted(counted(busy=0, capacity=4)) == 0
    place.turn_until(lambda: place.workers() == [])
    assert wanted(counted(capacity=0), asked_for=True) == 1
    place.turn_until(lambda: len(place.workers()) == 1)
    assert place.ask(place.workers()[0]) == "blue hi"
    gateway.stats = lambda: None
