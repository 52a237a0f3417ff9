"""The Ray executor against a stand-in for a cluster's HTTP API: the promises of every executor, and its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from smalt.errors import InvalidRequest, Unavailable
from smalt.executors import (
    FLOW_ENGINE,
    Container,
    Distribution,
    Executor,
    Handle,
    Mount,
    Phase,
    Reason,
    Remote,
    Workload,
)
from smalt.executors.ray import NodeTerms, RayExecutor
from smalt.flows import gallery
from smalt.testing import executors as conformance
from smalt.testing.executors import Changes
from smalt.testing.ray import FakeRay, tree
from tests.executors.growing_blobs import growing_blobs

TOKEN = "job-token"
CLUSTER_TOKEN = "cluster-token"


@dataclass
class Place:
    folder: Path
    cluster: FakeRay
    blobs: str

    def executor(self, on_change: Callable[[Handle], None], **more) -> RayExecutor:
        terms = NodeTerms(node_folder=str(self.folder / "node"), shares_environments=True)
        known = {"address": self.cluster.address, "token": CLUSTER_TOKEN, **more}
        return RayExecutor(self.folder / "jobs", known["address"], known["token"], on_change, terms=terms)

    def workload(self, command: str, *, name: str = "job", **more) -> Workload:
        remote = Remote(self.blobs.partition("/blob")[0], f"{self.blobs}/{name}", "here", "", "3.11.0")
        known = {"token": TOKEN, "environment": Path(sys.prefix), "remote": remote, **more}
        return Workload(name=name, command=command, artifacts=self.folder / "artifacts" / name, **known)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    cluster = FakeRay(tmp_path / "cluster", CLUSTER_TOKEN)
    with growing_blobs(tmp_path / "artifacts", TOKEN) as url:
        yield Place(tmp_path, cluster, url)
    cluster.close()


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def executor(place: Place, changes: Changes) -> Iterator[RayExecutor]:
    executor = place.executor(changes)
    yield executor
    executor.close()


class TestRayExecutor(conformance.ExecutorConformance):
    @pytest.fixture
    def place(self, place: Place) -> Place:
        return place

    @pytest.fixture
    def workload(self, place: Place) -> Callable[..., Workload]:
        return place.workload

    def executor_at(self, place: Place, on_change: Callable[[Handle], None]) -> Executor:
        return place.executor(on_change)

    def close(self, executor: RayExecutor) -> None:
        executor.close()


def test_code_and_data_come_and_go_through_the_blob_protocol(place, executor, changes):
    (place.folder / "artifacts" / "src").mkdir(parents=True)
    (place.folder / "artifacts" / "src" / "main.py").write_text("print('from code')")
    (place.folder / "artifacts" / "x.txt").write_text("42")
    mounts = (
        Mount("x", "input", "uri_file", "ro_mount", f"{place.blobs}/x.txt", "azureml://x"),
        Mount("y", "output", "uri_file", "rw_mount", f"{place.blobs}/out/y/", "azureml://y"),
    )
    command = "cp {{smalt:input:x}} {{smalt:output:y}}; mkdir -p outputs; echo kept > outputs/note.txt"

    handle = executor.start(executor.plan(place.workload(command, mounts=mounts)))
    state = changes.end_of(executor, handle)

    assert state.reason is Reason.COMPLETED, state
    assert state.outputs["y"].path.endswith("/out/y/y")
    assert (state.outputs["y"].size, state.outputs["y"].digest is None) == (2, False)
    assert (place.folder / "artifacts" / "out" / "y" / "y").read_text() == "42"
    assert (place.folder / "artifacts" / "job" / "outputs" / "note.txt").read_text() == "kept\n"


def test_a_flow_runs_there_with_the_engine_that_the_package_brings(place, executor, changes):
    source = place.folder / "flow"
    gallery.make("evaluation", source)
    (source / "grade.py").write_text((source / "grade.py").read_text() + "\nimport smalt; print(smalt.__file__)\n")
    settings = {"name": "f", "entry_file": None, "column_mapping": {}, "variant": None, "connections": None}
    settings |= {"init": None, "node": None, "rows": ["data"], "concurrency": 2}
    variables = {
        "PYTHONPATH": FLOW_ENGINE, "SMALT_FLOW": json.dumps(settings), "SMALT_FLOW_INPUT_data": "data.jsonl",
        "SMALT_FLOW_OUTPUTS": "outputs/run", "MLFLOW_TRACKING_URI": place.blobs, "MLFLOW_RUN_ID": "r",
        "AZUREML_RUN_TOKEN": TOKEN,
    }  # fmt: skip
    command = f"cp {source}/* . && python -m smalt.flows.job; cat outputs/run/metrics.json"

    workload = place.workload(command, environment_variables=variables)
    handle = executor.start(executor.plan(workload))
    state = changes.end_of(executor, handle)

    log = executor.logs(handle).decode()
    assert state.reason is Reason.COMPLETED, (state, log)
    assert "/engine/smalt/__init__.py" in log
    assert '{"accuracy":0.5}' in log


def test_an_environment_without_yaml_reads_tables_with_what_the_package_brings(place, executor, changes):
    script = "import sys; sys.path.insert(0, sys.argv[1]); from tables.description import read; print(read('.').paths)"
    command = f"echo 'paths: [{{file: a.csv}}]' > MLTable; python -I -S -c \"{script}\" {{{{smalt:runtime}}}}"

    handle = executor.start(executor.plan(place.workload(command, environment_variables={"SMALT_PARALLEL": "{}"})))
    state = changes.end_of(executor, handle)

    assert state.reason is Reason.COMPLETED, (state, executor.logs(handle))
    assert b"a.csv" in executor.logs(handle)


def test_what_a_deployment_collects_is_sent_as_it_grows_to_where_it_is_kept(place, executor, changes):
    sent = place.folder / "artifacts" / "collected" / "e" / "blue" / "model_inputs" / "0.jsonl"
    command = f"""
        cd "$SMALT_ARTIFACTS"; mkdir -p modelDataCollector/e/blue/model_inputs
        echo first > modelDataCollector/e/blue/model_inputs/0.jsonl; until grep -q first {sent}; do sleep 0.05; done
        echo second >> modelDataCollector/e/blue/model_inputs/0.jsonl"""
    remote = replace(place.workload("").remote, collected_url=f"{place.blobs}/collected")

    handle = executor.start(executor.plan(place.workload(command, remote=remote)))
    state = changes.end_of(executor, handle)

    assert state.reason is Reason.COMPLETED, state
    assert sent.read_text() == "first\nsecond\n"
    assert not (place.folder / "artifacts" / "job" / "modelDataCollector").exists()


def test_a_log_is_there_while_the_command_runs(place, executor, changes):
    handle = executor.start(executor.plan(place.workload(conformance.WAITS)))

    limit = time.monotonic() + 60
    while executor.logs(handle) != b"waiting\n":  # Logs make no noise, so this one looks.
        assert time.monotonic() < limit
        time.sleep(0.05)
    running = executor.state(handle)
    executor.stop(handle, grace_seconds=1)

    assert running.phase is Phase.RUNNING
    assert changes.end_of(executor, handle).reason is Reason.CANCELED


def test_a_dead_node_loses_its_job_and_says_why(place, executor, changes):
    handle = executor.start(executor.plan(place.workload(conformance.WAITS)))
    changes.until(lambda: executor.state(handle).phase is Phase.RUNNING)

    place.cluster.lose("job")
    state = changes.end_of(executor, handle)

    assert (state.phase, state.reason) == (Phase.LOST, Reason.LOST)
    assert "the node it ran on died" in state.error
    assert "its node has died" in state.error


def test_a_cluster_that_forgot_a_job_has_lost_it(place, executor, changes):
    handle = executor.start(executor.plan(place.workload(conformance.WAITS)))
    changes.until(lambda: executor.state(handle).phase is Phase.RUNNING)

    place.cluster.forget()

    assert "its head was restarted" in executor.state(handle).error


def test_secrets_travel_in_the_package_and_not_in_what_the_dashboard_shows(place, executor, changes):
    asked = place.workload(conformance.GREETS, environment_variables={"KEY": "s3cret"})

    changes.end_of(executor, executor.start(executor.plan(asked)))

    shown = json.dumps(place.cluster.submitted)
    assert "s3cret" not in shown
    assert TOKEN not in shown
    assert not list((place.folder / "cluster").rglob("plan.json"))


def test_processes_that_end_while_they_are_looked_for_do_not_keep_a_job_from_being_stopped():
    with subprocess.Popen(["/bin/sh", "-c", "while :; do /bin/true; done"]) as busy:
        try:
            found = [tree(busy.pid) for _ in range(3000)]
        finally:
            busy.kill()

    assert all(pids[0] == busy.pid for pids in found)
    assert any(len(pids) == 2 for pids in found)


def test_what_a_job_takes_is_reserved(place, executor):
    remote = replace(place.workload(conformance.GREETS).remote, cpus=2, gpus=1, memory_bytes=1 << 30)

    plan = executor.plan(place.workload(conformance.GREETS, remote=remote))

    request = json.loads(plan.files["request.json"])
    assert (request["entrypoint_num_cpus"], request["entrypoint_num_gpus"]) == (2, 1)
    assert request["entrypoint_memory"] == 1 << 30


def test_a_job_of_several_nodes_reserves_them_by_itself(executor, place):
    spread = place.workload(conformance.GREETS, instance_count=3, distribution=Distribution("pytorch"))

    plan = executor.plan(spread)

    assert "entrypoint_num_cpus" not in json.loads(plan.files["request.json"])
    assert json.loads(plan.files["plan.json"])["remote"]["resources"] == {"CPU": 1}


def test_nodes_without_ray_are_told_of_the_extra(place, executor, changes):
    spread = place.workload(conformance.GREETS, instance_count=2, distribution=Distribution("pytorch"))

    state = changes.end_of(executor, executor.start(executor.plan(spread)))

    assert state.reason is Reason.FAILED
    assert "smalt[ray]" in state.error


def test_a_container_is_refused_with_a_way_out(executor, place):
    with pytest.raises(InvalidRequest, match="conda_file"):
        executor.plan(place.workload(conformance.GREETS, container=Container("podman", "/usr/bin/podman", "x")))


def test_a_cluster_that_is_away_or_refuses_the_token_is_unavailable(place):
    away = place.executor(lambda handle: None, address="http://127.0.0.1:9")
    stranger = place.executor(lambda handle: None, token="wrong")

    with pytest.raises(Unavailable, match="does not answer"):
        away.nodes()
    with pytest.raises(Unavailable, match="refuses the token"):
        stranger.nodes()

    away.close()
    stranger.close()
