"""One deployment instance as an executor starts it, and a way to ask its workers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import smalt.runtime

ENTRY = Path(smalt.runtime.__file__).parent / "scorer"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Reply:
    """An answer; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("scorer", timeout=PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Instance:
    """A master and its workers."""

    def __init__(self, folder: Path, *, python: str = sys.executable, **config: object) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.code = folder / "code"
        self.code.mkdir(parents=True, exist_ok=True)
        self.python = python
        self.config: dict[str, object] = {
            "loader": "script",
            "entry_script": "score.py",
            "app_root": str(self.code),
            "state_dir": str(self.state),
            "workers": 1,
            "deployment": {"workspace": "w", "endpoint": "e", "deployment": "blue", "instance": "0"},
            **config,
        }
        self.variables: dict[str, str] = {}
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._process: subprocess.Popen[str] | None = None

    def script(self, text: str) -> Instance:
        (self.code / "score.py").write_text(text)
        return self

    def start(self) -> Instance:
        """Start it, and wait for all workers."""
        self.launch()
        self.wait_for("is ready.", int(str(self.config["workers"])))
        return self

    def launch(self) -> None:
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AZUREML_")}
        self._process = subprocess.Popen(
            [self.python, str(ENTRY), "--config", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.code,
            env={**environment, **self.variables},
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until the log has a text so many times."""

        def is_there() -> bool:
            return sum(text in line for line in self._lines) >= count or self._is_over

        with self._news:
            assert self._news.wait_for(is_there, PATIENCE_SECONDS), self.log
        assert sum(text in line for line in self._lines) >= count, self.log

    @property
    def log(self) -> str:
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ready(self) -> dict[str, Any]:
        return json.loads((self.state / "ready.json").read_text())

    def pids(self) -> list[int]:
        return [each["pid"] for each in self.ready["workers"]]

    def connect(self, worker: int = 0) -> http.client.HTTPConnection:
        kind, _, place = self.ready["workers"][worker]["address"].partition(":")
        if kind == "unix":
            return UnixConnection(place)
        host, _, port = place.rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)

    def ask(
        self,
        body: object = None,
        *,
        method: str = "POST",
        path: str = "/score",
        headers: Mapping[str, str] | None = None,
        worker: int = 0,
    ) -> Reply:
        """Send a request of its own connection; anything but bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        with contextlib.closing(self.connect(worker)) as connection:
            connection.request(method, path, content, {"content-type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def wait(self) -> int:
        """The exit code, once it is over."""
        assert self._process is not None
        code = self._process.wait(PATIENCE_SECONDS)
        with self._news:
            self._news.wait_for(lambda: self._is_over, PATIENCE_SECONDS)
        return code

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self.wait()

    def __enter__(self) -> Instance:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    _is_over = False

    def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()
