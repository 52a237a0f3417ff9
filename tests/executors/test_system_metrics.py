"""System metrics of a running job: measured by its supervisor, sent to a real HTTP server, never in the job's way."""

from __future__ import annotations

import ctypes
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smalt.executors import Reason, Sampling
from smalt.runtime.gpus import Gpus

BUSY = "python3 -c \"import os; kept = b'x' * 50_000_000\nwhile not os.path.exists('{end}'): sum(range(99999))\""


class Tracking(ThreadingHTTPServer):
    """Takes batches, answers with the statuses it was given and then 200, and ends the job when it has seen enough."""

    def __init__(self, end: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.end = end
        self.statuses: list[int] = []
        self.enough = 2
        self.has_seen_it: Callable[[], bool] = lambda: False
        self.tokens: set[str] = set()
        self.asked = 0
        self.taken: list[dict] = []

    def take(self, token: str, batch: dict) -> int:
        self.tokens.add(token)
        self.asked += 1
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.taken += batch["metrics"]
        if self.asked >= self.enough or self.has_seen_it():
            self.end.touch()
        return status

    def sampling(self) -> Sampling:
        url = f"http://127.0.0.1:{self.server_port}/mlflow/api/2.0/mlflow/runs/log-batch"
        return Sampling(url, "the-run", interval_seconds=0.05)

    def values(self, name: str) -> list[float]:
        return [metric["value"] for metric in self.taken if metric["key"] == f"system/{name}"]


class _Handler(BaseHTTPRequestHandler):
    server: Tracking

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.take(self.headers["Authorization"], json.loads(body)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    server = Tracking(tmp_path / "end")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_a_job_uses_is_recorded_on_its_run_with_its_own_token(bench, tracking):
    tracking.enough = 400
    tracking.has_seen_it = lambda: tracking.values("system_memory_usage_megabytes")[-1] > 50

    state, _ = bench.run(BUSY.format(end=tracking.end), sampling=tracking.sampling(), token="the-token")

    assert state.reason is Reason.COMPLETED
    assert tracking.tokens == {"Bearer the-token"}
    assert max(tracking.values("cpu_utilization_percentage")) > 0
    assert max(tracking.values("system_memory_usage_megabytes")) > 50
    assert max(tracking.values("process_count")) >= 1
    assert tracking.values("disk_available_megabytes")[-1] > 0
    assert {"system/network_receive_megabytes", "system/disk_write_megabytes"} <= {
        each["key"] for each in tracking.taken
    }


def test_what_ended_children_used_still_counts(bench, tracking):
    tracking.enough = 400
    tracking.has_seen_it = lambda: tracking.values("disk_write_megabytes")[-1] > 7
    script = f"dd if=/dev/urandom of=big bs=1M count=8 conv=fsync; while [ ! -e {tracking.end} ]; do sleep 0.01; done"

    bench.run(script, sampling=tracking.sampling(), token="the-token")

    assert tracking.values("disk_write_megabytes")[-1] > 7


def test_measurements_wait_while_the_server_is_away(bench, tracking):
    tracking.statuses, tracking.enough = [503, 500, 429], 6

    bench.run(BUSY.format(end=tracking.end), sampling=tracking.sampling(), token="the-token")

    steps = [metric["step"] for metric in tracking.taken if metric["key"] == "system/process_count"]
    assert steps[:5] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_wants_none_is_asked_once(bench, tracking, status):
    tracking.statuses, tracking.enough = [status] * 9, 1

    state, _ = bench.run(f"while [ ! -e {tracking.end} ]; do sleep 0.01; done; sleep 0.2", sampling=tracking.sampling())

    assert (state.reason, tracking.asked) == (Reason.COMPLETED, 1)


def test_a_job_does_not_mind_a_server_that_is_gone(bench, tracking):
    gone = Sampling("http://127.0.0.1:1/log-batch", "the-run", interval_seconds=0.01)

    state, log = bench.run("sleep 0.3; echo done", sampling=gone, token="the-token")

    assert (state.reason, log) == (Reason.COMPLETED, "done\n")
    assert (bench.root / "job" / "supervisor.log").read_bytes() == b""


def test_a_job_that_ends_before_the_first_measurement_is_not_measured(bench, tracking):
    patient = Sampling(tracking.sampling().url, "the-run", interval_seconds=600)

    bench.run("echo done", sampling=patient, token="the-token")

    assert tracking.asked == 0


def fake_nvml() -> SimpleNamespace:
    """Stands in for NVIDIA's library, which this machine lacks: two devices, of which the second tells no power."""

    def answer(**values: int) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            for name, value in values.items():
                setattr(arguments[-1]._obj, name, value)
            return 0

        return call

    def handle(index: ctypes.c_uint, device: Any) -> int:
        device._obj.value = 100 + index.value
        return 0

    def power(device: ctypes.c_void_p, milliwatts: Any) -> int:
        milliwatts._obj.value = 350_000
        return 0 if device.value == 100 else 3

    return SimpleNamespace(
        nvmlInit_v2=lambda: 0,
        nvmlDeviceGetCount_v2=answer(value=2),
        nvmlDeviceGetHandleByIndex_v2=handle,
        nvmlDeviceGetMemoryInfo=answer(total=80_000_000_000, used=20_000_000_000),
        nvmlDeviceGetUtilizationRates=answer(gpu=75),
        nvmlDeviceGetPowerUsage=power,
        nvmlDeviceGetEnforcedPowerLimit=answer(value=700_000),
    )


def test_gpus_are_told_apart_and_named_as_mlflow_does():
    found = Gpus(fake_nvml()).read()

    assert found["system/gpu_0_memory_usage_percentage"] == 25
    assert found["system/gpu_0_power_usage_watts"] == 350
    assert found["system/gpu_0_power_usage_percentage"] == 50
    assert found["system/gpu_1_utilization_percentage"] == 75
    assert "system/gpu_1_power_usage_watts" not in found
