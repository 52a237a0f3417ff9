"""A gateway as a process, the server that gives it its table, and scorers behind it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.runtime.scorer.instance import Instance, Reply

PATIENCE_SECONDS = 60
KEY = "the-primary-key"
SCRIPT = """
import json, os, time
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request):
    asked = request.get_json(silent=True) if request.method == "POST" else {}
    if not isinstance(asked, dict):
        return AMLResponse({"size": len(request.get_data())}, 200, json_str=True)
    if "print" in asked:
        print(asked["print"])
    if "until" in asked:
        while not os.path.exists(asked["until"]):
            time.sleep(0.005)
    if asked.get("fail"):
        raise ValueError("secret")
    if "pieces" in asked:
        def pieces():
            for number in range(asked["pieces"]):
                yield b"data: %d\\n\\n" % number
                while number == 0 and not os.path.exists(asked["go"]):
                    time.sleep(0.005)
            if "took" in asked:
                yield b": smalt-tokens %d\\n\\n" % asked["took"]
        return AMLResponse(pieces(), 200, {"Content-Type": "text/event-stream"})
    if "large" in asked:
        return AMLResponse("x" * asked["large"], 200)
    seen = {name.lower(): value for name, value in request.headers.items()}
    content = {"pid": os.getpid(), "name": os.environ.get("NAME"), "path": request.full_path, "headers": seen}
    return AMLResponse({**content, "asked": asked}, asked.get("status", 200), {"x-own": "mine"}, json_str=True)
"""


class Control:
    """The part of the server that a gateway speaks with."""

    def __init__(self, home: Path) -> None:
        self._table: dict[str, Any] = {"version": 0, "endpoints": []}
        self._changed = threading.Condition()
        self._home = home
        self.tokens: set[str] = set()
        control = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def do_GET(self) -> None:
                control.tokens.add(self.headers["authorization"])
                after = int(parse_qs(urlsplit(self.path).query)["after"][0])
                with control._changed:
                    control._changed.wait_for(lambda: control._table["version"] != after, 2)
                    content = json.dumps(control._table).encode()
                    is_new = control._table["version"] != after
                with contextlib.suppress(OSError):  # a gateway that was stopped meanwhile
                    self.send_response(200 if is_new else 304)
                    self.send_header("content-length", str(len(content) if is_new else 0))
                    self.end_headers()
                    self.wfile.write(content if is_new else b"")

        self._handler = Handler
        self.start()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        state = {"url": f"http://127.0.0.1:{self._server.server_port}"}
        (self._home / "server.json").write_text(json.dumps(state))

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, *endpoints: dict[str, Any]) -> int:
        """Publish a table; its version."""
        with self._changed:
            self._table = {"version": self._table["version"] + 1, "endpoints": list(endpoints)}
            self._changed.notify_all()
            return int(self._table["version"])


@dataclass
class Gateway:
    """A gateway process."""

    home: Path
    control: Control
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = ()

    def start(self) -> None:
        state = self.home / "gateway" / "gateway.json"
        state.unlink(missing_ok=True)
        arguments = ["--home", str(self.home), "--port", str(getattr(self, "_port", 0)), *self.options]
        self.process = subprocess.Popen([sys.executable, "-m", "smalt.gateway", *arguments])
        until = time.monotonic() + PATIENCE_SECONDS
        while not state.exists():
            assert self.process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        self._port = json.loads(state.read_text())["port"]

    @property
    def port(self) -> int:
        return self._port

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def serve(self, *endpoints: dict[str, Any]) -> None:
        """Publish a table, and wait until the gateway has it."""
        version = self.control.put(*endpoints)
        until = time.monotonic() + PATIENCE_SECONDS
        while self.ask(path="/healthz", method="GET").json["table"] != version:
            assert time.monotonic() < until
            time.sleep(0.01)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def ask(
        self,
        body: object = None,
        *,
        method: str = "POST",
        path: str = "/endpoints/w/e/score",
        key: str | None = KEY,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        credentials = {"authorization": f"Bearer {key}"} if key else {}
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, content, {**credentials, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def own(self, path: str) -> Reply:
        """A page of the gateway itself."""
        return self.ask(method="GET", path=path, key=(self.home / "gateway.token").read_text())

    def stats(self, deployment: str = "blue") -> dict[str, Any]:
        return next(each for each in self.own("/stats").json["deployments"] if each["deployment"] == deployment)

    def log(self) -> list[dict[str, Any]]:
        """The access log, complete once the gateway has ended."""
        return [json.loads(line) for line in (self.home / "gateway" / "access.jsonl").open()]


def scorer(folder: Path, name: str, **config: object) -> Instance:
    """A scorer of the script above, not yet started."""
    instance = Instance(folder / name, **{"request_timeout_ms": 30_000, **config}).script(SCRIPT)
    instance.variables["NAME"] = name
    return instance


def deployment(*instances: Instance, **settings: object) -> dict[str, Any]:
    """A deployment of the table."""
    workers = [
        {name: each[name] for name in ("address", "concurrency", "ahead")}
        for instance in instances
        for each in instance.ready["workers"]
    ]
    return {"workers": workers, "request_timeout_ms": 30_000, "max_queue_wait_ms": 30_000, **settings}


def endpoint(deployments: Mapping[str, dict[str, Any]], **settings: object) -> dict[str, Any]:
    """An endpoint of the table; the first deployment has all traffic."""
    return {
        "workspace": "w",
        "name": "e",
        "auth": "key",
        "key_hashes": [hashlib.sha256(KEY.encode()).hexdigest(), hashlib.sha256(b"second").hexdigest()],
        "traffic": {next(iter(deployments), "blue"): 100},
        "deployments": dict(deployments),
        **settings,
    }


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
