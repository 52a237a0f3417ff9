"""Deployments come up, change, fail, are mended and go: real scorers under the serving loop."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from smalt.executors import Handle
from smalt.server.serving import store
from smalt.server.work import SYSTEM


def test_a_deployment_comes_up_answers_and_goes(either_place):
    place = either_place
    place.endpoint()
    made = place.deployment(instanceType="Standard_DS3_v2")
    assert made["properties"]["provisioningState"] == "Creating"
    assert (made["properties"]["scaleSettings"], made["sku"]["capacity"]) == ({"scaleType": "Default"}, 1)

    place.come_up()

    (address,) = place.workers()
    assert place.ask(address) == "blue hi"
    logs = place.call("POST", "/onlineEndpoints/ep/deployments/blue/getLogs", {"tail": 100})
    assert "up as blue" in logs["content"]
    assert "Without effect here: instance_type." in logs["content"]
    place.call("DELETE", "/onlineEndpoints/ep/deployments/blue")
    place.turn_until(lambda: not place.call("GET", "/onlineEndpoints/ep/deployments")["value"])
    assert [each.name for each in (place.home / "deployments").iterdir()] == ["workloads"]


def test_a_deployment_of_kubernetes_without_resources_is_shown_with_an_empty_choice_of_them(place):
    place.endpoint()

    made = place.deployment(endpointComputeType="Kubernetes")

    assert made["properties"]["containerResourceRequirements"] == {}, "the official SDK reads into it"


def test_new_instances_answer_before_old_ones_get_no_more_requests(place):
    place.endpoint()
    place.deployment(who="old")
    place.come_up()
    (old,) = place.workers()

    place.deployment(who="new")
    seen = []

    def is_replaced() -> bool:
        now = place.workers()
        seen.append(len(now))
        return place.state() == "Succeeded" and old not in now

    place.turn_until(is_replaced)

    (new,) = place.workers()
    assert place.ask(new) == "new hi"
    assert 0 not in seen


def test_what_does_not_concern_instances_changes_without_new_ones(place):
    place.endpoint()
    place.deployment()
    place.come_up()
    before = place.workers()

    place.deployment(description="the same", livenessProbe={"period": "PT5S"})
    place.come_up()

    assert place.workers() == before
    assert place.call("GET", "/onlineEndpoints/ep/deployments/blue")["properties"]["livenessProbe"]["period"] == "PT5S"


def test_a_script_that_fails_is_told_and_what_worked_goes_on(place):
    place.endpoint()
    place.deployment()
    place.come_up()
    (address,) = place.workers()

    place.deployment(who="nobody")
    place.come_up(state="Failed")

    with place.works.read(SYSTEM) as work:
        (record,) = store.all_deployments(work.connection)
    assert "nobody is not served" in (record.error or "")
    assert place.workers() == [address]
    assert place.ask(address) == "blue hi"


def test_an_instance_that_is_killed_is_replaced(place):
    place.endpoint()
    place.deployment()
    place.come_up()
    (before,) = place.workers()
    with place.works.read(SYSTEM) as work:
        (instance,) = store.all_instances(work.connection)
    executor = place.loop._outside.instances.executor
    pid = executor._folder(Handle(instance.workload)).fields()["pid"]

    os.kill(pid, signal.SIGKILL)

    place.turn_until(lambda: place.workers() not in ([], [before]))
    assert place.ask(place.workers()[0]) == "blue hi"
    assert place.state() == "Succeeded"


def test_more_instances_and_fewer(place):
    place.endpoint()
    place.deployment(count=2)
    place.come_up()
    assert len(place.workers()) == 2

    place.deployment(count=1)
    place.come_up()
    place.turn_until(lambda: len(place.workers()) == 1)

    assert place.ask(place.workers()[0]) == "blue hi"


def test_a_restarted_server_takes_up_what_runs(place):
    place.endpoint()
    place.deployment()
    place.come_up()
    before = place.workers()

    place.server.close()
    place.__init__(place.home, place.environments)  # type: ignore[misc]  # the next life of the same server
    place.turn_until(lambda: place.workers() == before)

    assert place.ask(before[0]) == "blue hi"


def test_what_is_collected_lies_below_the_default_datastore_itself(place):
    place.endpoint()
    place.deployment(dataCollector={"collections": {"request": {"dataCollectionMode": "Enabled"}}})
    container = place.call("GET", "/datastores/workspaceblobstore")["properties"]["containerName"]

    (endpoint,) = place.table()["endpoints"]

    assert Path(endpoint["deployments"]["blue"]["capture"]["path"]).name == container


def test_a_cluster_where_a_deployment_stands_is_not_detached(place):
    cluster = {"computeType": "Ray", "properties": {"address": "http://10.0.0.1:8265", "token": "t"}}
    place.call("PUT", "/computes/team", {"location": "local", "properties": cluster})
    place.endpoint(compute=f"{place.scope}/computes/team")
    place.deployment()

    refused = place.call("DELETE", "/computes/Team", status=409)["error"]
    place.end_endpoints()
    place.call("DELETE", "/computes/team")

    assert refused["code"] == "ComputeBusy"
    assert "smalt online-deployment delete -n blue -e ep" in refused["message"]


def test_an_image_with_a_server_of_its_own_is_refused_with_what_to_do(place):
    routes = {"scoringRoute": {"path": "/v1/models/half:predict", "port": 8501}}
    image = {"image": "docker.io/tensorflow/serving:latest", "inferenceConfig": routes}
    place.call("PUT", "/environments/tf/versions/1", {"properties": image})
    place.endpoint()
    body = {"endpointComputeType": "Managed", "environmentId": f"{place.scope}/environments/tf/versions/1"}

    answer = place.client.put(
        f"{place.scope}/onlineEndpoints/ep/deployments/blue", json={"location": "local", "properties": body}
    )

    assert answer.status_code == 400
    assert "brings a server of its own (scoring_route /v1/models/half:predict, port 8501)" in answer.text
    assert "code_configuration" in answer.text
