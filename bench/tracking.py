"""Tracking beside `mlflow server`, on SQLite, in one run: a client that keeps its connection, one call at a time; then
sixteen of them, which all wait for an answer at any moment.

With `--bare` the tracking application runs without the rest of the server; otherwise `smalt up` is measured. With
`--peer-python` an interpreter that has mlflow starts the peer, and measures both through the real client as well. What
a client does by itself, and the way to a server and back, bound what any server can be to it: the limits are measured
against a server that has its answers ready. `--no-searches` leaves the searches out.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from _server import free_port, server

CLIENT = """
import sys, time, mlflow
from mlflow.entities import Metric
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
count = int(sys.argv[2])
run = client.create_run("0").info.run_id
def rate(number, act):
    begin = time.perf_counter()
    for index in range(number):
        act(index)
    return number / (time.perf_counter() - begin)
single = rate(count, lambda i: client.log_metric(run, "loss", i, step=i))
batch = rate(max(count // 10, 3), lambda i: client.log_batch(
    run, metrics=[Metric("m", j, j, i * 1000 + j) for j in range(1000)]))
create = rate(count, lambda i: client.create_run("0"))
print(single, batch * 1000, create)
"""

_WARM_UP = 100
_CLIENTS = 16


class Protocol:
    """A connection that stays open, with so little of HTTP that the client does not count."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((str(parts.hostname), parts.port or 80), timeout=600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.path = parts.path + "/api/2.0/mlflow"
        self.headers = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.ask(path, body)
        return self.answer(path)

    def ask(self, path: str, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        head = f"POST {self.path}{path} HTTP/1.1\r\n{self.headers}Content-Length: {len(content)}\r\n\r\n"
        self.socket.sendall(head.encode() + content)

    def answer(self, path: str) -> dict[str, Any]:
        status, found = self._receive()
        if status != 200:
            raise SystemExit(f"{path} answered {status}: {found[:500]!r}")
        return json.loads(found)

    def _receive(self) -> tuple[int, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, rest = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        parts, size = [rest], len(rest)
        while size < length:
            parts.append(self._more())
            size += len(parts[-1])
        return int(head.split(b" ", 2)[1]), b"".join(parts)

    def _more(self) -> bytes:
        chunk = self.socket.recv(1 << 20)
        if not chunk:
            raise SystemExit("The server closed the connection.")
        return chunk

    def new_run(self) -> str:
        made = self.post("/runs/create", {"experiment_id": "0", "start_time": int(time.time() * 1000)})
        return made["run"]["info"]["run_id"]


def rate(number: int, act: Callable[[int], object]) -> float:
    """How often in a second."""
    begin = time.perf_counter()
    for index in range(number):
        act(index)
    return number / (time.perf_counter() - begin)


def writes(protocol: Protocol, count: int) -> dict[str, float]:
    """Rates of the hot calls."""
    run = protocol.new_run()
    keys = ("loss", "accuracy", "f1", "precision")

    def batch(number: int) -> None:
        points = [
            {
                "key": keys[i % 4],
                "value": random.random(),
                "timestamp": number * 1000 + i,
                "step": number * 250 + i // 4,
            }
            for i in range(1000)
        ]
        protocol.post("/runs/log-batch", {"run_id": run, "metrics": points})

    def single(number: int) -> None:
        point = {"run_id": run, "key": "single", "value": number, "timestamp": number, "step": number}
        protocol.post("/runs/log-metric", point)

    # Each of the peer's workers takes seconds over its first calls; what a server does all day is what counts.
    for number in range(_WARM_UP):
        single(number)
        protocol.new_run()
    return {
        "log-batch, points/s": rate(max(count // 10, 5), batch) * 1000,
        "log-metric, calls/s": rate(count, single),
        "runs/create, calls/s": rate(count, lambda number: protocol.new_run()),
    }


def together(url: str, token: str, count: int) -> dict[str, float]:
    """Calls per second of clients who all wait for an answer at any moment."""
    # First calls take the peer's workers seconds, and it hangs up on who has nothing to say meanwhile.
    for _ in range(_WARM_UP):
        Protocol(url, token).new_run()
    clients = [Protocol(url, token) for _ in range(_CLIENTS)]
    runs = [client.new_run() for client in clients]

    def log(number: int) -> None:
        for client, run in zip(clients, runs, strict=True):
            point = {"run_id": run, "key": "single", "value": number, "timestamp": number, "step": number}
            client.ask("/runs/log-metric", point)
        for client in clients:
            client.answer("/runs/log-metric")

    def create(number: int) -> None:
        for client in clients:
            client.ask("/runs/create", {"experiment_id": "0", "start_time": number})
        for client in clients:
            client.answer("/runs/create")

    rounds = max(count // _CLIENTS, 10)
    for number in range(_WARM_UP // 4):
        log(number)
        create(number)
    return {
        f"log-metric, {_CLIENTS} clients, calls/s": rate(rounds, log) * _CLIENTS,
        f"runs/create, {_CLIENTS} clients, calls/s": rate(rounds, create) * _CLIENTS,
    }


def fill(protocol: Protocol, count: int) -> None:
    """Runs with two metrics, a param and a tag each."""
    for _ in range(count):
        run = protocol.new_run()
        metrics = [{"key": key, "value": random.random(), "timestamp": 1, "step": 1} for key in ("loss", "accuracy")]
        params = [{"key": "rate", "value": str(random.randint(1, 9))}]
        protocol.post("/runs/log-batch", {"run_id": run, "metrics": metrics, "params": params})


def fill_peer(database: Path, count: int) -> None:
    """The same runs, written into the peer's tables: through its own server it would take hours."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for number in range(count):
            run = f"{number:032x}"
            connection.execute(
                "INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, artifact_uri, experiment_id, "
                "user_id, source_type) VALUES (?, ?, 'FINISHED', ?, 'active', ?, 0, 'x', 'UNKNOWN')",
                (run, run, number, f"mlflow-artifacts:/0/{run}"),
            )
            for key in ("loss", "accuracy"):
                point = (key, random.random(), 1, 1, 0, run)
                for table in ("metrics", "latest_metrics"):
                    columns = "(key, value, timestamp, step, is_nan, run_uuid)"
                    connection.execute(f"INSERT INTO {table} {columns} VALUES (?, ?, ?, ?, ?, ?)", point)
            connection.execute(
                "INSERT INTO params (key, value, run_uuid) VALUES ('rate', ?, ?)", (str(random.randint(1, 9)), run)
            )


SEARCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("filter and order on a metric", {"filter": "metrics.accuracy > 0.9", "order_by": ["metrics.loss ASC"]}),
    ("the same metric twice", {"filter": "metrics.loss < 0.5", "order_by": ["metrics.loss DESC"]}),
    ("a rare metric value", {"filter": "metrics.accuracy > 0.9999", "order_by": ["metrics.loss ASC"]}),
    ("a param, newest first", {"filter": "params.rate = '3'"}),
)


def searches(protocol: Protocol, page: int, *, which: int, best_of: int) -> dict[str, float]:
    """Milliseconds of the first `which` searches, each the best of a few."""
    found: dict[str, float] = {}
    for name, wanted in SEARCHES[:which]:
        times = []
        for _ in range(best_of):
            begin = time.perf_counter()
            protocol.post("/runs/search", {"experiment_ids": ["0"], "max_results": page, **wanted})
            times.append(time.perf_counter() - begin)
        found[name] = min(times) * 1000
    return found


@contextmanager
def bare() -> Iterator[tuple[str, str]]:
    """Tracking alone."""
    with tempfile.TemporaryDirectory(prefix="smalt-bench-") as folder:
        port = free_port()
        with started([sys.executable, __file__, "--serve", str(port), "--folder", folder], port):
            yield f"http://127.0.0.1:{port}/mlflow/default", "ali"


@contextmanager
def full() -> Iterator[tuple[str, str]]:
    """The whole server."""
    with server() as here:
        yield f"{here.url}/mlflow/{here.state['workspace']}", here.token


@contextmanager
def instant() -> Iterator[tuple[str, str]]:
    """A server that has its answers ready."""
    port = free_port()
    with started([sys.executable, str(Path(__file__).with_name("_instant.py")), str(port)], port):
        yield f"http://127.0.0.1:{port}", "none"


@contextmanager
def peer(python: str, workers: int) -> Iterator[tuple[str, str, Path]]:
    """`mlflow server` on SQLite."""
    with tempfile.TemporaryDirectory(prefix="mlflow-bench-") as folder:
        port = free_port()
        command = [python, "-m", "mlflow", "server", "--port", str(port), "--workers", str(workers)]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", folder]
        with started(command, port):
            yield f"http://127.0.0.1:{port}", "none", Path(folder) / "mlflow.db"


@contextmanager
def started(command: list[str], port: int) -> Iterator[None]:
    """A server process that answers on a port."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                probe.request("GET", "/health")
                probe.getresponse().read()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[:4]} did not start.") from None
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def through_client(python: str, url: str, token: str, count: int) -> list[float]:
    """Single metrics, points in batches and creates per second, through the real client."""
    environment = {"MLFLOW_TRACKING_TOKEN": token, "PATH": "/usr/bin:/bin", "HOME": tempfile.gettempdir()}
    command = [python, "-c", CLIENT, url, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd="/")
    return [float(value) for value in done.stdout.split()[-3:]]


def has_server(python: str) -> bool:
    """Whether an interpreter has all of mlflow, not only its client."""
    return (
        subprocess.run([python, "-c", "import mlflow, flask, sqlalchemy"], capture_output=True, cwd="/").returncode == 0
    )


def show(
    rows: dict[str, float],
    peers: dict[str, float],
    *,
    smaller_is_better: bool,
    limits: dict[str, float] | None = None,
) -> None:
    """One line for each measurement, with the ratio, and with what it could be at most."""
    for name, ours in rows.items():
        line = f"{name:32} {ours:12,.1f}"
        if name in peers:
            ratio = peers[name] / ours if smaller_is_better else ours / peers[name]
            line += f"   mlflow {peers[name]:12,.1f}   ratio {ratio:8.1f}"
        if limits is not None:
            line += f"   limit {limits[name]:12,.1f}"
            line += f"   at most {limits[name] / peers[name]:8.1f}" if name in peers else ""
        print(line, flush=True)


def measure(options: argparse.Namespace) -> None:
    here = bare if options.bare else full
    python = options.peer_python
    beside = python is not None and Path(python).exists() and has_server(python)
    if not beside:
        print("No interpreter with all of mlflow was given (--peer-python): no ratios.")
    theirs: dict[str, float] = {}
    their_searches: dict[str, float] = {}
    their_client: list[float] = []
    if beside:
        with peer(python, workers=1) as (url, token, database):
            protocol = Protocol(url, token)
            theirs = writes(protocol, options.peer_count)
            their_client = through_client(python, url, token, options.peer_count)
            if not options.no_searches:
                fill_peer(database, options.runs)
                # One search, once: it takes the peer minutes.
                their_searches = searches(Protocol(url, token), options.page, which=1, best_of=1)
        # Left alone it starts four workers, which is better for it where many ask.
        with peer(python, workers=4) as (url, token, _):
            theirs |= together(url, token, options.peer_count)
    with here() as (url, token):
        with instant() as (nowhere, nobody):
            limits = writes(Protocol(nowhere, nobody), options.count)
        show(writes(Protocol(url, token), options.count), theirs, smaller_is_better=False, limits=limits)
        show(together(url, token, options.count), theirs, smaller_is_better=False)
        if python is not None and Path(python).exists():
            names = [
                f"client: {name}" for name in ("log-metric, calls/s", "log-batch, points/s", "runs/create, calls/s")
            ]
            ours = dict(zip(names, through_client(python, url, token, options.count), strict=True))
            with instant() as (nowhere, nobody):
                limits = dict(zip(names, through_client(python, nowhere, nobody, options.count), strict=True))
            show(ours, dict(zip(names, their_client, strict=False)), smaller_is_better=False, limits=limits)
        if options.no_searches:
            return
        protocol = Protocol(url, token)
        fill(protocol, options.runs)
        print(f"Searches over {options.runs:,} runs, pages of {options.page}:")
        show(
            {f"{name}, ms": value for name, value in searches(protocol, options.page, which=4, best_of=5).items()},
            {f"{name}, ms": value for name, value in their_searches.items()},
            smaller_is_better=True,
        )


def serve(port: int, folder: Path) -> None:
    import uvicorn

    from smalt.server.connection import Bounds, bounded
    from smalt.server.database import Database, metadata
    from smalt.testing.tracking import TrackingApp

    database = Database.at(folder / "smalt.db")
    with database.write() as connection:
        metadata.create_all(connection)
    app = TrackingApp(database, folder)
    http = bounded(Bounds(), app.app)
    uvicorn.run(app.app, host="127.0.0.1", port=port, log_level="error", access_log=False, loop="uvloop", http=http)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--peer-python")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--peer-count", type=int, default=300)
    parser.add_argument("--no-searches", action="store_true")
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--serve", type=int)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve, options.folder)
    else:
        measure(options)


if __name__ == "__main__":
    main()
