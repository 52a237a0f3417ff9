"""Jobs that name a cluster run there, counted by themselves, and reach this server from outside."""

from __future__ import annotations

import pytest

from smalt.executors import Handle
from smalt.executors.fake import FakeExecutor, Script

WAITS = {"wait": Script(waits=True)}


@pytest.fixture
def cluster(hints):
    return FakeExecutor(WAITS, on_change=hints.note)


@pytest.fixture
def loop(plant, executor, cluster, hints):
    found = plant.loop(executor, hints, cluster=cluster)
    yield found
    found.close()


@pytest.fixture
def team(plant):
    """A cluster that takes one job at a time."""
    properties = {"address": "http://head:8265", "token": "t", "maxConcurrentJobs": 1}
    body = {"location": "local", "properties": {"computeType": "Ray", "properties": properties}}
    assert plant.client.put(f"{plant.scope}/computes/team", json=body).status_code == 201
    return f"{plant.scope}/computes/team"


def test_a_job_runs_on_the_cluster_it_names_and_is_told_the_public_address(plant, loop, executor, cluster, team):
    plant.submit("far", computeId=team)
    plant.submit("near")

    plant.run_to_end(loop, "far", "near")

    assert [plan.name.split("-")[0] for plan in cluster.started] == ["far"]
    assert [plan.name.split("-")[0] for plan in executor.started] == ["near"]
    assert cluster.started[0].environment["MLFLOW_TRACKING_URI"].startswith("https://smalt.example/mlflow/")
    assert executor.started[0].environment["MLFLOW_TRACKING_URI"].startswith("http://127.0.0.1:8787/mlflow/")


def test_places_of_a_cluster_are_its_own(plant, loop, executor, cluster, team):
    for name in ("first", "second"):
        plant.submit(name, command="wait", computeId=team)
    plant.submit("near")

    plant.run_to_end(loop, "near")
    plant.run_until(loop, lambda: plant.record("second").status.value == "Queued")
    cluster.finish(Handle(plant.record("first").workload))
    plant.run_until(loop, lambda: len(cluster.started) == 2)

    assert plant.record("first").status.value == "Completed"


def test_a_cluster_with_a_job_on_it_stays(plant, loop, cluster, team):
    plant.submit("far", command="wait", computeId=team)
    plant.run_until(loop, lambda: len(cluster.started) == 1)

    busy = plant.client.delete(team)
    cluster.finish(Handle(plant.record("far").workload))
    plant.run_to_end(loop, "far")

    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "ComputeBusy")
    assert plant.client.delete(team).status_code == 200
