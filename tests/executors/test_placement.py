"""Ranks of a job over several machines: each machine starts its own, and all agree on where they meet."""

from __future__ import annotations

import json

import pytest

from smalt.runtime import distribution

HOSTS = ["10.0.0.1", "10.0.0.2"]


def placed(kind: str, node: int, **more) -> list[distribution.Process]:
    asked = {"kind": kind, "processes_per_instance": 2, "worker_count": None, "parameter_server_count": None, **more}
    placement = {"node": node, "hosts": HOSTS, "ports": [[7000, 7001], [8000, 8001]]}
    plan = {"distribution": asked, "instance_count": 2, "placement": placement}
    return distribution.processes(plan, mpirun="/usr/bin/mpirun", free_ports=lambda count: [9] * count)


@pytest.mark.parametrize("kind", ["pytorch", "mpi"])
def test_each_node_starts_its_own_ranks_and_meets_at_the_first(kind):
    first, second = placed(kind, 0), placed(kind, 1)

    assert [process.rank for process in (*first, *second)] == [0, 1, 2, 3]
    met = {(each.variables["MASTER_ADDR"], each.variables["MASTER_PORT"]) for each in (*first, *second)}
    assert met == {("10.0.0.1", "7000")}
    assert [each.variables["NODE_RANK"] for each in second] == ["1", "1"]
    assert first[0].variables["AZ_BATCH_HOST_LIST"] == "10.0.0.1,10.0.0.2"


def test_tasks_of_tensorflow_are_dealt_out_with_ports_of_their_own():
    plan = {"worker_count": 2, "parameter_server_count": 1}

    first, second = placed("tensorflow", 0, **plan), placed("tensorflow", 1, **plan)

    cluster = json.loads(second[0].variables["TF_CONFIG"])["cluster"]
    assert cluster == {"worker": ["10.0.0.1:7000", "10.0.0.2:8000"], "ps": ["10.0.0.1:7001"]}
    assert [len(first), len(second)] == [2, 1]
