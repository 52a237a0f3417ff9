"""Flows beside prompt flow 1.18, in one run: the same folders, the same data, the same model service.

    python bench/flows.py [--peer-python .venv-promptflow/bin/python] [--only NAME ...]

Both stand as `pip` installs them, with compiled bytecode; ours is a checkout, where nobody may have compiled it yet.
Without a peer only our figures are printed. Each figure stands beside its limit from first principles: what a machine
of this kind cannot go below, measured here too where it is not arithmetic.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LINES = 1000
CALLS, CALL_SECONDS = 200, 0.2
AT_ONCE = (4, 16)
CONNECTIONS, LOAD_SECONDS = 32, 6.0


@dataclass
class Engine:
    """One of the two command lines, with a home of its own."""

    name: str
    command: list[str]
    home: Path

    def environment(self, **more: str) -> dict[str, str]:
        left_out = ("PF_", "PYTHONDONTWRITEBYTECODE")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        # Without a desktop the peer keeps the key of its secrets in a file below HOME.
        own = {"PF_HOME_DIRECTORY": str(self.home), "PF_DISABLE_TRACING": "true", "HOME": str(self.home)}
        return kept | own | more

    def run(self, *arguments: str, **variables: str) -> float:
        """Seconds of a whole command."""
        began = time.perf_counter()
        found = subprocess.run(
            [*self.command, *arguments], env=self.environment(**variables), capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        if found.returncode:
            sys.exit(f"{self.name} {' '.join(arguments)} failed:\n{found.stdout[-2000:]}\n{found.stderr[-2000:]}")
        return seconds


TOOL = "from promptflow.core import tool\n\n\n@tool\ndef {name}(text: str) -> str:\n    return text + '{name}'\n"


def python_flow(folder: Path) -> Path:
    """Three python nodes in a row."""
    folder.mkdir()
    nodes = []
    before = "inputs.text"
    for name in "abc":
        (folder / f"{name}.py").write_text(TOOL.format(name=name))
        nodes.append(
            {"name": name, "type": "python", "source": {"type": "code", "path": f"{name}.py"},
             "inputs": {"text": f"${{{before}}}"}}
        )  # fmt: skip
        before = f"{name}.output"
    document = {
        "inputs": {"text": {"type": "string"}},
        "outputs": {"answer": {"type": "string", "reference": "${c.output}"}},
        "nodes": nodes,
    }
    (folder / "flow.dag.yaml").write_text(json.dumps(document))
    return folder


def model_flow(folder: Path) -> Path:
    """One node that asks a model."""
    folder.mkdir()
    (folder / "ask.jinja2").write_text("system:\nBe brief.\n\nuser:\n{{text}}\n")
    node = {
        "name": "ask", "type": "llm", "source": {"type": "code", "path": "ask.jinja2"}, "connection": "bench",
        "api": "chat", "inputs": {"model": "m", "max_tokens": 10, "text": "${inputs.text}"},
    }  # fmt: skip
    document = {
        "inputs": {"text": {"type": "string"}},
        "outputs": {"answer": {"type": "string", "reference": "${ask.output}"}},
        "nodes": [node],
    }
    (folder / "flow.dag.yaml").write_text(json.dumps(document))
    return folder


def evaluation_flow(folder: Path) -> Path:
    """A grade for each line, and an aggregation over them."""
    folder.mkdir()
    (folder / "grade.py").write_text(
        "from promptflow.core import tool\n\n\n@tool\ndef grade(text: str) -> int:\n    return len(text) % 2\n"
    )
    (folder / "share.py").write_text(
        "from promptflow.core import log_metric, tool\n\n\n@tool\ndef share(grades: list) -> float:\n"
        "    found = sum(grades) / len(grades)\n    log_metric('share', found)\n    return found\n"
    )
    nodes = [
        {"name": "grade", "type": "python", "source": {"type": "code", "path": "grade.py"},
         "inputs": {"text": "${inputs.text}"}},
        {"name": "share", "type": "python", "source": {"type": "code", "path": "share.py"},
         "inputs": {"grades": "${grade.output}"}, "aggregation": True},
    ]  # fmt: skip
    document = {
        "inputs": {"text": {"type": "string"}},
        "outputs": {"grade": {"type": "int", "reference": "${grade.output}"}},
        "nodes": nodes,
    }
    (folder / "flow.dag.yaml").write_text(json.dumps(document))
    return folder


def rows(folder: Path, count: int) -> str:
    file = folder / f"rows-{count}.jsonl"
    file.write_text("".join(json.dumps({"text": f"line {number}"}) + "\n" for number in range(count)))
    return str(file)


def single(engine: Engine, root: Path) -> dict[str, float]:
    """The shell command for one line of three nodes."""
    folder = str(root / "python")
    engine.run("flow", "test", "--flow", folder, "--inputs", "text=x")
    return {"one line from the shell, s": statistics.median(
        engine.run("flow", "test", "--flow", folder, "--inputs", "text=x") for _ in range(5)
    )}  # fmt: skip


def batch(engine: Engine, root: Path) -> dict[str, float]:
    """A thousand lines of three nodes: the whole command, lines per second above its start, and peak memory."""
    folder, few, many = str(root / "python"), rows(root, 1), rows(root, LINES)
    start = statistics.median(engine.run("run", "create", "--flow", folder, "--data", few) for _ in range(3))
    with peak_memory() as peak:
        whole = statistics.median(engine.run("run", "create", "--flow", folder, "--data", many) for _ in range(3))
    return {
        "1,000 lines, whole command, s": whole,
        "1,000 lines, lines/s": (LINES - 1) / max(whole - start, 0.001),
        "peak memory, MB": peak[0] / 1e6,
    }


def models(engine: Engine, root: Path) -> dict[str, float]:
    """Two hundred lines that wait for a model: how often the ideal the command takes; ours without its start, too.

    What the peer takes for one line is mostly not its start, so it is not taken off.
    """
    found = {}
    arguments = ("run", "create", "--flow", str(root / "model"), "--data")
    one, many = rows(root, 1), rows(root, CALLS)
    for at_once in AT_ONCE:
        ideal = math.ceil(CALLS / at_once) * CALL_SECONDS
        whole = statistics.median(engine.run(*arguments, many, PF_WORKER_COUNT=str(at_once)) for _ in range(3))
        found[f"200 model calls, {at_once} at once, times the ideal"] = whole / ideal
        if engine.name == "smalt":
            start = statistics.median(engine.run(*arguments, one) for _ in range(3)) - CALL_SECONDS
            found[f"the same without the command's start, {at_once} at once"] = (whole - start) / ideal
    return found


def evaluation(engine: Engine, root: Path) -> dict[str, float]:
    """A thousand lines with an aggregation."""
    arguments = ("run", "create", "--flow", str(root / "evaluation"), "--data", rows(root, LINES))
    return {"evaluation of 1,000 lines, s": statistics.median(engine.run(*arguments) for _ in range(3))}


def serving(engine: Engine, root: Path) -> dict[str, float]:
    """A served flow of three nodes, asked from 32 connections."""
    port = free_port()
    command = [*engine.command, "flow", "serve", "--source", str(root / "python"), "--port", str(port)]
    log = (root / f"{engine.name}-serve.log").open("w")
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--skip-open-browser"], env=engine.environment(), stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        asked(f"http://127.0.0.1:{port}/score", seconds=2)
        found = asked(f"http://127.0.0.1:{port}/score", seconds=LOAD_SECONDS)
    finally:
        os.killpg(server.pid, 15)
        server.wait()
    return {"served, requests/s": found["rps"], "served, p99 ms": found["p99"] * 1000}


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"{url} does not answer")


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The most memory that the processes below this one hold at once, shared pages counted once in parts."""
    found, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            found[0] = max(found[0], sum(_pss(each) for each in _below(os.getpid())))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        is_over.set()
        thread.join()


def _below(parent: int) -> list[int]:
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []
    return [each for child in map(int, children) for each in (child, *_below(child))]


def _pss(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


ASK = b"POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-length: 2\r\n\r\n{}"


def asked_back_to_back(address: str, at_once: int) -> float:
    """How often the ideal the calls alone take: sockets in one thread, which read and write and do nothing else."""
    place = urllib.parse.urlsplit(address)
    selector = selectors.DefaultSelector()
    began, left = time.perf_counter(), CALLS
    for _ in range(at_once):
        connection = socket.create_connection((place.hostname, place.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, connection)
        connection.sendall(ASK)
        left -= 1
    missing = CALLS
    while missing:
        for key, _ in selector.select():
            key.data.recv(65536)
            missing -= 1
            if left:
                key.data.sendall(ASK)
                left -= 1
    seconds = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.close()
    return seconds / (math.ceil(CALLS / at_once) * CALL_SECONDS)


def limits(address: str) -> dict[str, tuple[float, str]]:
    """What cannot be undercut, by figure: a number, and where it comes from."""
    bare = statistics.median(timed([sys.executable, "-c", "import asyncio, json"]) for _ in range(5))
    interpreter = "an interpreter that imports asyncio and json"
    return {
        "one line from the shell, s": (bare, interpreter),
        "1,000 lines, whole command, s": (bare + LINES / recorded_per_second(), f"{interpreter}, and the records"),
        "1,000 lines, lines/s": (recorded_per_second(), "the four records of a line as JSON, written to a file"),
        "peak memory, MB": (bare_memory() / 1e6, interpreter),
        **model_limits(address, bare, interpreter),
        "evaluation of 1,000 lines, s": (bare + LINES / recorded_per_second(), f"{interpreter}, and the records"),
        "served, requests/s": (constant_per_second(), "uvicorn with an application that answers a constant"),
    }


def model_limits(address: str, bare: float, interpreter: str) -> dict[str, tuple[float, str]]:
    """Of the calls of a model: what they take by themselves, and with the start of an interpreter."""
    found = {}
    for at_once in AT_ONCE:
        calls, source = asked_back_to_back(address, at_once), "the same calls back to back on bare sockets"
        ideal = math.ceil(CALLS / at_once) * CALL_SECONDS
        found[f"200 model calls, {at_once} at once, times the ideal"] = (calls, source)
        found[f"the same with the command's start, {at_once} at once"] = (
            calls + bare / ideal,
            f"{interpreter}; {source}",
        )
    return found


def recorded_per_second() -> float:
    """How many lines a second could be recorded, if nothing had to be run."""
    record = {f"field {number}": "a value of a run" for number in range(24)}
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(LINES):
            file.write(b"".join(json.dumps(record).encode() + b"\n" for _ in range(4)))
        file.flush()
        return LINES / (time.perf_counter() - began)


def bare_memory() -> int:
    code = "import asyncio, json, sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return _pss(process.pid)


CONSTANT = """
import sys, uvicorn

async def app(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        head = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{}"})

uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
"""


def constant_per_second() -> float:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", CONSTANT, str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        return asked(f"http://127.0.0.1:{port}/score", seconds=3)["rps"]
    finally:
        server.terminate()
        server.wait()


def asked(url: str, *, seconds: float) -> dict[str, float]:
    load = [sys.executable, str(HERE / "_flows_load.py"), url, '{"text": "x"}', str(seconds), str(CONNECTIONS)]
    found: dict[str, float] = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


MEASURES: dict[str, Callable[[Engine, Path], dict[str, float]]] = {
    "single": single,
    "batch": batch,
    "models": models,
    "evaluation": evaluation,
    "serving": serving,
}


def prepare(engine: Engine, root: Path, address: str) -> None:
    engine.home.mkdir()
    file = root / "connection.yaml"
    file.write_text(f"name: bench\ntype: open_ai\napi_key: none\nbase_url: {address}\n")
    if engine.name == "promptflow":
        engine.run("config", "set", "trace.destination=none", "telemetry.enabled=false")
    engine.run("connection", "create", "--file", str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(MEASURES), default=list(MEASURES))
    options = parser.parse_args()
    for package in ("smalt", "promptflow"):
        compileall.compile_dir(HERE.parent / package, quiet=2)
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        python_flow(root / "python")
        model_flow(root / "model")
        evaluation_flow(root / "evaluation")
        ours = Engine("smalt", [sys.executable, "-c", "from smalt.cli.main import pf; pf()"], root / "smalt")
        engines = [ours]
        if options.peer_python is not None and options.peer_python.exists():
            script = options.peer_python.absolute().parent / "pf"
            engines.append(
                Engine("promptflow", [str(options.peer_python.absolute()), str(script)], root / "promptflow")
            )
        service = subprocess.Popen([sys.executable, str(HERE / "_models.py")], stdout=subprocess.PIPE, text=True)
        try:
            assert service.stdout is not None
            address = f"http://127.0.0.1:{service.stdout.readline().strip()}/v1"
            for engine in engines:
                prepare(engine, root, address)
            floors = limits(address)
            for name in options.only:
                found = [MEASURES[name](engine, root) for engine in engines]
                for figure, value in found[0].items():
                    print(_line(figure, value, found[1].get(figure) if len(found) > 1 else None, floors), flush=True)
        finally:
            service.terminate()
            service.wait()
    print(f"load after: {os.getloadavg()[0]:.1f}", flush=True)


def _line(figure: str, ours: float, theirs: float | None, floors: dict[str, tuple[float, str]]) -> str:
    text = f"{figure:<50}{ours:>10.3f}"
    if theirs is not None:
        ratio = ours / theirs if "/s" in figure else theirs / ours
        text += f"   promptflow {theirs:>10.3f}   ratio {ratio:>7.1f}"
    if figure in floors:
        text += f"   limit {floors[figure][0]:.3f} ({floors[figure][1]})"
    return text


if __name__ == "__main__":
    main()
