"""Predictions a second behind HTTP: our gateway and scorer, and the inference servers that teams know, in one run.

    python bench/serving.py --peer-python .venv-peers/bin/python [--only smalt-script,azureml] [--seconds 4]

The same scikit-learn iris model, two worker processes each, one row a request, requests at a constant rate that does
not wait for answers. A rate counts as kept when at least 99 % are answered with 200 and the 99th percentile, measured
from when a request was due, stays within the bound. Rates rise until one is not kept, or fall until one is; the highest
that was is printed. For ours also: the gateway's own part at half of that, and what becomes of twice of it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _server import ENVIRONMENT, free_port

import smalt.runtime

HERE = Path(__file__).parent
SCORER = Path(smalt.runtime.__file__).parent / "scorer"
KEY = "bench"
ROWS = {"data": [[5.1, 3.5, 1.4, 0.2]]}
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
SPLIT = {"dataframe_split": {"columns": COLUMNS, "data": ROWS["data"]}}
WORKERS = 2
GROWTH = 1.3
START_SECONDS = 180
LOWEST = 10


@dataclass(frozen=True)
class Target:
    """Something that answers."""

    url: str
    body: str
    roots: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    home: Path | None = None


@dataclass(frozen=True)
class Found:
    """What it can do."""

    rate: float
    p99: float
    cpu_us: float


class Bench:
    """One run in a folder.

    Args:
        folder: With the model and the scripts.
        peer: The interpreter of the peers, which scores for us as well.
        seconds: Of each rate.
        bound_ms: Of the 99th percentile.
    """

    def __init__(self, folder: Path, peer: Path, seconds: float, bound_ms: float) -> None:
        self.folder = folder
        self.peer = peer
        self.seconds = seconds
        self.bound_ms = bound_ms
        self.environment = {**ENVIRONMENT, "BENCH_FOLDER": str(folder), "AZUREML_MODEL_DIR": str(folder)}
        self.environment["PATH"] = f"{peer.parent}:{ENVIRONMENT['PATH']}"
        self.environment.update({"RAY_USAGE_STATS_ENABLED": "0", "BENTOML_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1"})
        self.environment["MLFLOW_DISABLE_TELEMETRY"] = "true"

    @contextlib.contextmanager
    def process(self, *command: str, log: str) -> Iterator[subprocess.Popen[bytes]]:
        """Something that runs until the block ends, with all that it has started."""
        with (self.folder / f"{log}.log").open("wb") as file:
            started = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=file, stderr=file, start_new_session=True
            )
        try:
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGTERM)
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()

    @contextlib.contextmanager
    def peer_server(self, name: str, path: str, body: object, *command: str) -> Iterator[Target]:
        port = free_port()
        filled = [each.replace("PORT", str(port)) for each in command]
        with self.process(*filled, log=name) as started:
            target = Target(f"http://127.0.0.1:{port}{path}", json.dumps(body), (started.pid,))
            _until_it_answers(target)
            yield target

    @contextlib.contextmanager
    def ours(self, name: str, body: object, **config: object) -> Iterator[Target]:
        home = Path(tempfile.mkdtemp(dir=self.folder))
        state, port = home / "state", free_port()
        told = {
            "state_dir": str(state),
            "app_root": str(self.folder),
            "model_dir": str(self.folder),
            "workers": WORKERS,
        }
        (home / "config.json").write_text(json.dumps({**told, **config}))
        scorer = (str(self.peer), str(SCORER), "--config", str(home / "config.json"))
        gateway = (sys.executable, "-m", "smalt.gateway", "--home", str(home), "--port", str(port))
        with contextlib.ExitStack() as stack:
            one = stack.enter_context(self.process(*scorer, log=f"{name}-scorer"))
            _keep_table(home, _ready_workers(state))
            two = stack.enter_context(self.process(*gateway, log=f"{name}-gateway"))
            headers = (f"authorization: Bearer {KEY}",)
            url = f"http://127.0.0.1:{port}/endpoints/w/e/score"
            target = Target(url, json.dumps(body), (one.pid, two.pid), headers, home)
            _until_it_answers(target)
            yield target

    def load(self, target: Target, rate: float, connections: int = 64) -> dict[str, Any]:
        command = [sys.executable, str(HERE / "_load.py"), target.url, "--rate", f"{rate:.0f}", "--body", target.body]
        command += ["--seconds", f"{self.seconds:g}", "--connections", str(connections)]
        for header in target.headers:
            command += ["--header", header]
        before = _cpu_seconds(target.roots)
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        found: dict[str, Any] = json.loads(done.stdout)
        spent = _cpu_seconds(target.roots) - before
        return {**found, "cpu_us": 1e6 * spent / max(1, found["results"].get("200", 0))}

    def is_kept(self, found: dict[str, Any]) -> bool:
        share = found["results"].get("200", 0) / sum(found["results"].values())
        return share >= 0.99 and found["p99_ms"] is not None and found["p99_ms"] <= self.bound_ms

    def highest(self, name: str, target: Target, first: float) -> Found:
        """The highest rate that is kept."""
        self.load(target, first / 2)
        best, rate = self._tried(name, target, first), first
        while best is None and rate > LOWEST:
            rate /= GROWTH
            best = self._tried(name, target, rate)
        if best is None or rate < first:
            return best or Found(0, 0, 0)
        while True:
            rate *= GROWTH
            found = self._tried(name, target, rate)
            if found is None:
                return best
            best = found

    def _tried(self, name: str, target: Target, rate: float) -> Found | None:
        """What a rate is like; None when it is not kept, also the second time: the machine may have been busy."""
        for _ in range(2):
            found = self.load(target, rate)
            if self.is_kept(found):
                return Found(rate, found["p99_ms"], found["cpu_us"])
        print(
            f"  {name}: {rate:.0f}/s not kept: {found['results']}, p99 {found['p99_ms']} ms, "
            f"{found['cpu_us']:.0f} us an answer",
            flush=True,
        )
        return None


def _cpu_seconds(roots: tuple[int, ...]) -> float:
    """What processes and all that they have started have used of the processors."""
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            used[int(entry.name)] = int(fields[11]) + int(fields[12])
    total, waiting = 0, list(roots)
    while waiting:
        pid = waiting.pop()
        total += used.get(pid, 0)
        waiting += children.get(pid, [])
    return total / os.sysconf("SC_CLK_TCK")


def _ready_workers(state: Path) -> list[dict[str, Any]]:
    """The workers of an instance, once all of them are ready."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            found: list[dict[str, Any]] = json.loads((state / "ready.json").read_bytes())["workers"]
            if len(found) == WORKERS:
                return found
        time.sleep(0.1)
    raise RuntimeError(f"The scorer in {state} is not ready.")


def _keep_table(home: Path, workers: list[dict[str, Any]]) -> None:
    endpoint = {
        "workspace": "w", "name": "e", "auth": "key", "key_hashes": [hashlib.sha256(KEY.encode()).hexdigest()],
        "traffic": {"blue": 100}, "deployments": {"blue": {"workers": workers}},
    }  # fmt: skip
    (home / "gateway").mkdir()
    (home / "gateway" / "table.json").write_text(json.dumps({"version": 1, "endpoints": [endpoint]}))


def _until_it_answers(target: Target) -> None:
    until = time.monotonic() + START_SECONDS
    host = target.url.split("/")[2]
    path = "/" + target.url.split("/", 3)[3]
    headers = dict(each.split(": ", 1) for each in target.headers)
    in_a_row = 0
    while in_a_row < 10:
        if time.monotonic() > until:
            raise RuntimeError(f"{target.url} does not answer.")
        connection = http.client.HTTPConnection(host, timeout=10)
        try:
            connection.request("POST", path, target.body, {"content-type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            in_a_row = in_a_row + 1 if answer.status == 200 else 0
        except OSError:
            in_a_row = 0
        finally:
            connection.close()
        if not in_a_row:
            time.sleep(0.2)


def _overhead(target: Target) -> tuple[list[float], list[int]]:
    """The bounds of the gateway's own part of a request, and how many were within each."""
    assert target.home is not None
    connection = http.client.HTTPConnection(target.url.split("/")[2], timeout=10)
    token = (target.home / "gateway.token").read_text()
    connection.request("GET", "/stats", headers={"authorization": f"Bearer {token}"})
    found = json.loads(connection.getresponse().read())["deployments"][0]["overhead"]
    connection.close()
    return [*found["bounds_ms"], float("inf")], list(found["counts"])


def _quantile(bounds: list[float], counts: list[int], part: float) -> float:
    total, sum_so_far = sum(counts), 0
    for bound, count in zip(bounds, counts, strict=True):
        sum_so_far += count
        if sum_so_far >= part * total:
            return float(bound)
    return float("inf")


def more_about_ours(bench: Bench, name: str, target: Target, found: Found) -> None:
    _, before = _overhead(target)
    half = bench.load(target, found.rate / 2)
    bounds, after = _overhead(target)
    own = _quantile(bounds, [now - then for now, then in zip(after, before, strict=True)], 0.95)
    print(f"  {name} at half of it: p99 {half['p99_ms']} ms; the gateway's own part: p95 within {own} ms")
    twice = bench.load(target, found.rate * 2, connections=512)
    answered = f"{twice['answered_per_second']:.0f}/s answered, p99 {twice['p99_ms']} ms"
    print(f"  {name} at twice of it: {answered}; {twice['results']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--first", type=float, default=200, help="The first rate.")
    parser.add_argument("--bound-ms", type=float, default=32, help="Of the 99th percentile.")
    parser.add_argument("--only", help="Names, with commas between them.")
    options = parser.parse_args()
    peer = options.peer_python.absolute()
    with tempfile.TemporaryDirectory(prefix="smalt-bench-") as folder:
        bench = Bench(Path(folder), peer, options.seconds, options.bound_ms)
        subprocess.run([str(peer), str(HERE / "_serving_peers.py"), folder], check=True, capture_output=True)
        script = {"loader": "script", "entry_script": "score.py"}
        model = {"loader": "mlflow", "model_dir": f"{folder}/mlflow"}
        batching = {"max_size": 32, "max_delay_ms": 0}
        mlflow = (
            "mlflow",
            "models",
            "serve",
            "-m",
            f"{folder}/mlflow",
            "--env-manager",
            "local",
            "-p",
            "PORT",
            "-w",
            "2",
        )
        azureml = ("azmlinfsrv", "--entry_script", "score.py", "--worker_count", str(WORKERS), "--port", "PORT")
        targets: dict[str, Callable[[], contextlib.AbstractContextManager[Target]]] = {
            "azureml": lambda: bench.peer_server("azureml", "/score", ROWS, *azureml),
            "mlflow": lambda: bench.peer_server("mlflow", "/invocations", SPLIT, *mlflow),
            "bentoml": lambda: bench.peer_server(
                "bentoml", "/predict", ROWS, "bentoml", "serve", "bento:Iris", "--port", "PORT"
            ),
            "ray": lambda: bench.peer_server("ray", "/", ROWS, str(peer), "-c", _RAY),
            "smalt-script": lambda: bench.ours("smalt-script", ROWS, **script),
            "smalt-script-batches": lambda: bench.ours("smalt-batches", ROWS, batching=batching, **script),
            "smalt-model": lambda: bench.ours("smalt-model", SPLIT, **model),
            "smalt-model-alone": lambda: bench.ours("smalt-model-a", SPLIT, batching={"max_size": 1}, **model),
        }
        wanted = options.only.split(",") if options.only else list(targets)
        results: dict[str, Found] = {}
        for name in wanted:
            with targets[name]() as target:
                results[name] = bench.highest(name, target, options.first)
                load = Path("/proc/loadavg").read_text().split()[0]
                best = results[name]
                cost = f"{best.cpu_us:.0f} us of processor an answer"
                print(f"{name}: {best.rate:.0f}/s, p99 {best.p99} ms, {cost} (load {load})", flush=True)
                if name.startswith("smalt") and results[name].rate:
                    more_about_ours(bench, name, target, results[name])
        _ratios(results)


_RAY = """
import signal, sys
sys.path.insert(0, ".")
import ray
from ray import serve
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": PORT})
from rayapp import app
serve.run(app, route_prefix="/")
signal.pause()
"""


def _ratios(results: dict[str, Found]) -> None:
    for own, peer in (
        *itertools.product(("smalt-script", "smalt-script-batches"), ("azureml", "bentoml", "ray")),
        *itertools.product(("smalt-model", "smalt-model-alone"), ("azureml", "mlflow", "bentoml", "ray")),
    ):
        if own in results and peer in results and results[peer].rate and results[own].rate:
            rates = results[own].rate / results[peer].rate
            costs = results[peer].cpu_us / results[own].cpu_us
            print(f"{own} / {peer}: {rates:.1f} in rate, {costs:.1f} in processor time an answer")


if __name__ == "__main__":
    main()
