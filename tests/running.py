"""A real server, started as a user starts it, in a folder of its own."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunningServer:
    """A server, and what `smalt env` prints for it."""

    home: Path
    exports: dict[str, str]

    def smalt(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "smalt.cli.main", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "SMALT_HOME": str(self.home)},
        )
        assert done.returncode == 0, f"smalt {' '.join(arguments)}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        return done.stdout

    @property
    def state(self) -> dict[str, str]:
        return json.loads((self.home / "server.json").read_text())


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@contextmanager
def running(home: Path, *options: str) -> Iterator[RunningServer]:
    """`smalt up`, with further options, until the block ends."""
    plain, secure = free_ports()
    started = RunningServer(home, {})
    started.smalt("up", "--detach", "--home", str(home), "--port", str(plain), "--tls-port", str(secure), *options)
    try:
        exports = {}
        for line in started.smalt("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            exports[name] = shlex.split(value)[0]
        yield RunningServer(home, exports)
    finally:
        started.smalt("down", "--home", str(home))
