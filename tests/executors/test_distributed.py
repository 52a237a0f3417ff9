"""Several processes of one job: what they are told, and how they end together."""

from __future__ import annotations

import json

import pytest

from smalt.executors import Distribution, Reason


def variables(bench, handle, log):
    text = bench.executor.logs(handle, log).decode()
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def process_log(rank):
    return f"user_logs/std_log_process_{rank}.txt"


def test_pytorch_ranks_know_each_other(bench):
    handle = bench.start("env", distribution=Distribution("pytorch", processes_per_instance=2), instance_count=2)
    state = bench.end(handle)

    told = [variables(bench, handle, process_log(rank)) for rank in range(4)]
    assert state.reason is Reason.COMPLETED
    assert [(each["RANK"], each["NODE_RANK"], each["LOCAL_RANK"]) for each in told] == [
        ("0", "0", "0"), ("1", "0", "1"), ("2", "1", "0"), ("3", "1", "1"),
    ]  # fmt: skip
    assert {(each["WORLD_SIZE"], each["LOCAL_WORLD_SIZE"], each["MASTER_ADDR"]) for each in told} == {
        ("4", "2", "127.0.0.1")
    }
    assert len({each["MASTER_PORT"] for each in told}) == 1
    assert [each["AZUREML_CR_NODE_RANK"] for each in told] == ["0", "0", "1", "1"]


def test_mpi_ranks_are_started_here_without_a_launcher(bench, tmp_path):
    distribution = Distribution("mpi", processes_per_instance=2)
    handle = bench.start("env", distribution=distribution, environment_variables={"PATH": "/usr/bin:/bin"})
    bench.end(handle)

    told = variables(bench, handle, process_log(1))
    assert (told["OMPI_COMM_WORLD_RANK"], told["OMPI_COMM_WORLD_SIZE"], told["OMPI_COMM_WORLD_LOCAL_RANK"]) == (
        "1",
        "2",
        "1",
    )
    assert told["AZ_BATCHAI_MPI_MASTER_NODE"] == "127.0.0.1"
    assert told["AZ_BATCH_MASTER_NODE"].split(":")[0] == "127.0.0.1"


def test_the_machines_own_mpi_launcher_is_used(bench, tmp_path):
    launcher = tmp_path / "env" / "bin" / "mpirun"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(
        '#!/bin/bash\nshift; n=$1; shift\nfor ((i=0; i<n; i++)); do OMPI_COMM_WORLD_RANK=$i "$@"; done\n'
    )
    launcher.chmod(0o755)

    handle = bench.start(
        'echo "it\'s $OMPI_COMM_WORLD_RANK"',
        environment=tmp_path / "env",
        distribution=Distribution("mpi", processes_per_instance=2),
    )
    state = bench.end(handle)

    assert state.reason is Reason.COMPLETED
    assert [bench.executor.logs(handle, process_log(rank)) for rank in range(2)] == [b"it's 0\n", b"it's 1\n"]


def test_tensorflow_tasks_have_one_cluster_and_servers_end_with_the_workers(bench):
    command = 'echo "TF=$TF_CONFIG"; if echo "$TF_CONFIG" | grep -q \'"type": "ps"\'; then sleep 600; fi'
    distribution = Distribution("tensorflow", worker_count=2, parameter_server_count=1)

    handle = bench.start(command, distribution=distribution, peer_grace_seconds=1, grace_seconds=1)
    state = bench.end(handle)

    logs = [process_log(0), process_log(1), "user_logs/std_log_process_0_ps.txt"]
    told = [json.loads(variables(bench, handle, log)["TF"]) for log in logs]
    assert state.reason is Reason.COMPLETED
    assert [each["task"] for each in told] == [
        {"type": "worker", "index": 0}, {"type": "worker", "index": 1}, {"type": "ps", "index": 0},
    ]  # fmt: skip
    assert len(told[0]["cluster"]["worker"]) == 2
    assert told[0]["cluster"] == told[1]["cluster"] == told[2]["cluster"]


def test_peers_end_with_the_head(bench):
    handle = bench.start(
        "if [ $RANK = 0 ]; then echo head; else sleep 600; fi",
        distribution=Distribution("pytorch", processes_per_instance=3),
        peer_grace_seconds=0.2,
        grace_seconds=1,
    )

    assert bench.end(handle).reason is Reason.COMPLETED


def test_a_failing_rank_fails_the_job_and_ends_the_others(bench):
    handle = bench.start(
        "if [ $RANK = 1 ]; then echo broken; exit 5; else sleep 600; fi",
        distribution=Distribution("pytorch", processes_per_instance=2),
        grace_seconds=1,
    )
    state = bench.end(handle)

    assert (state.reason, state.exit_code) == (Reason.FAILED, 5)
    assert "Process 1 exited with code 5" in state.error
    assert "broken" in state.error


def test_nodes_without_a_convention_all_run_to_their_end(bench):
    handle = bench.start(
        "[ $AZUREML_CR_NODE_RANK = 0 ] || sleep 0.3; echo node $AZUREML_CR_NODE_RANK", instance_count=2
    )
    state = bench.end(handle)

    assert state.reason is Reason.COMPLETED
    assert bench.executor.logs(handle, process_log(1)) == b"node 1\n"


@pytest.mark.parametrize("kind", ["pytorch", "mpi", "none"])
def test_one_process_has_the_plain_log(bench, kind):
    _, log = bench.run("echo one", distribution=Distribution(kind, processes_per_instance=1))

    assert log == "one\n"


def test_a_ray_head_runs_the_command_and_nodes_leave_with_it(bench, tmp_path):
    ray = tmp_path / "env" / "bin" / "ray"
    ray.parent.mkdir(parents=True)
    ray.write_text('#!/bin/bash\necho ray "$@"\ncase "$*" in *--block*) exec sleep 600;; esac\n')
    ray.chmod(0o755)

    handle = bench.start(
        "echo command at $RAY_ADDRESS",
        environment=tmp_path / "env",
        distribution=Distribution("ray"),
        instance_count=2,
        peer_grace_seconds=0.5,
        grace_seconds=1,
    )
    state = bench.end(handle)

    head = bench.executor.logs(handle, process_log(0)).decode()
    assert state.reason is Reason.COMPLETED
    assert head.startswith("ray start --head")
    assert "command at 127.0.0.1:" in head
    assert "start --address=127.0.0.1:" in bench.executor.logs(handle, process_log(1)).decode()


def test_the_time_limit_holds_for_every_node(bench):
    handle = bench.start(
        "[ $AZUREML_CR_NODE_RANK = 0 ] || sleep 600", instance_count=2, timeout_seconds=0.5, grace_seconds=1
    )

    assert bench.end(handle).reason is Reason.TIMED_OUT
