"""Jobs in containers of a real engine."""

from __future__ import annotations

import json
import os
import signal

from smalt.executors import Container, Mount, Reason


def test_a_job_has_its_data_and_secrets_inside_and_the_engine_is_told_none(bench, podman, engine, image, tmp_path):
    (tmp_path / "in").mkdir()
    mounts = (
        Mount("i", "input", "uri_folder", "ro_mount", str(tmp_path / "in"), "azureml://i"),
        Mount("o", "output", "uri_folder", "rw_mount", str(tmp_path / "out"), "azureml://o"),
    )
    command = (
        'echo "$SECRET"; echo made > {{smalt:output:o}}/f; touch {{smalt:input:i}}/f || echo kept; echo x > outputs/x; '
        "ls {{smalt:runtime}}/job.py; echo up; read line < {{smalt:output:o}}/go"
    )
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "go")

    handle = bench.start(command, mounts=mounts, container=Container.of(engine, image),
                         environment_variables={"SECRET": "it's s3cret"})  # fmt: skip
    bench.until_line(handle, "up")
    shown = podman.shown(podman.containers()[0])
    (tmp_path / "out" / "go").write_text("go\n")
    state = bench.end(handle)

    assert state.reason is Reason.COMPLETED, state.error
    assert bench.executor.logs(handle).decode().splitlines()[0] == "it's s3cret"
    assert "kept" in bench.executor.logs(handle).decode().splitlines()
    assert (tmp_path / "out" / "f").stat().st_uid == os.getuid()
    assert (bench.folder / "artifacts/job/outputs/x").read_text() == "x\n"
    assert "SMALT_JOB_MARK" in shown
    assert "s3cret" not in shown


def test_the_engine_bounds_memory_and_shared_memory(bench, engine, image):
    options = ["--shm-size", "3m", *(["--memory", "64m"] if "memory" in engine.limits else [])]

    state, log = bench.run(
        "df -k /dev/shm | tail -1; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; exit 7",
        container=Container.of(engine, image, options=options),
    )

    assert (state.reason, state.exit_code) == (Reason.FAILED, 7)
    assert " 3072 " in log
    assert "memory" not in engine.limits or "67108864" in log


def test_a_job_that_hears_nothing_is_removed_with_all_that_it_started(bench, podman, engine, image):
    handle = bench.start(
        "trap '' TERM; sleep 1000 & echo up; while :; do sleep 0.1; done", container=Container.of(engine, image)
    )
    bench.until_line(handle, "up")

    bench.executor.stop(handle, grace_seconds=0.1)

    assert bench.end(handle).reason is Reason.CANCELED
    assert podman.containers() == []


def test_a_container_does_not_outlive_its_supervisor(bench, podman, engine, image):
    handle = bench.start("echo up; sleep 1000", container=Container.of(engine, image))
    bench.until_line(handle, "up")

    os.kill(json.loads((bench.root / "job/state.json").read_text())["pid"], signal.SIGKILL)

    assert bench.end(handle).reason is Reason.LOST
    assert podman.containers() == []
    assert not list((bench.root / "job").glob("variables-*"))
