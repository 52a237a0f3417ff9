"""Starts servers of our own for benchmarks, and prints rows."""

from __future__ import annotations

import json
import os
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state: dict[str, str] = json.loads((home / "server.json").read_text())
        self.token = (home / "token").read_text().strip()
        self.scope = (
            f"/subscriptions/{self.state['subscription']}/resourceGroups/{self.state['group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.state['workspace']}"
        )

    @property
    def url(self) -> str:
        return self.state["url"]

    def exports(self) -> dict[str, str]:
        lines = smalt("env", "--home", str(self.home)).splitlines()
        pairs = (line.removeprefix("export ").partition("=") for line in lines)
        return {name: shlex.split(value)[0] for name, _, value in pairs}


def smalt(*arguments: str) -> str:
    command = [sys.executable, "-m", "smalt.cli.main", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout


@contextmanager
def server(*options: str, environments: Path | None = None) -> Iterator[Server]:
    """`smalt up --detach`, and `smalt down` at the end; a folder of `environments` is kept for the next run."""
    with tempfile.TemporaryDirectory(prefix="smalt-bench-") as folder:
        if environments is not None:
            environments.mkdir(exist_ok=True)
            (Path(folder) / "environments").symlink_to(environments.absolute())
        ports = ("--port", str(free_port()), "--tls-port", str(free_port()))
        smalt("up", "--detach", "--home", folder, *ports, *options)
        try:
            yield Server(Path(folder))
        finally:
            smalt("down", "--home", folder)


def spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.1f}, min {min(values):.1f}, max {max(values):.1f}"
