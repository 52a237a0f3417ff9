"""A real server, started as a user starts it, in a folder of its own."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunningServer:
    """A server, and what `smalt env` prints for it."""

    home: Path
    exports: dict[str, str]

    def smalt(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "smalt.cli.main", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "SMALT_HOME": str(self.home)},
        )
        assert done.returncode == 0, f"smalt {' '.join(arguments)}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        return done.stdout

    @property
    def state(self) -> dict[str, str]:
        return json.loads((self.home / "server.json").read_text())


def free_ports(count: int = 2) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def running(home: Path, *options: str) -> Iterator[RunningServer]:
    """`smalt up`, with further options, until the block ends."""
    plain, secure, gateway = map(str, free_ports(3))
    started = RunningServer(home, {})
    ports = ["--port", plain, "--tls-port", secure, "--gateway-port", gateway]
    started.smalt("up", "--detach", "--home", str(home), *ports, *options)
    try:
        exports = {}
        for line in started.smalt("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            exports[name] = shlex.split(value)[0]
        yield RunningServer(home, exports)
    finally:
        started.smalt("down", "--home", str(home))
