"""A real server that is killed with `kill -9` and started again, and what its clients see of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.running import free_ports

PROVIDER = "providers/Microsoft.MachineLearningServices"
TERMINAL = {"Completed", "Failed", "Canceled", "NotResponding"}


@dataclass
class Victim:
    """One server.

    Args:
        home: Its home.
        options: Further options of `smalt up`.
    """

    home: Path
    options: tuple[str, ...] = ()
    ports: list[int] = field(default_factory=free_ports)
    refusals: int = 0

    def start(self) -> None:
        plain, secure = map(str, self.ports)
        self._smalt("up", "--detach", "--port", plain, "--tls-port", secure, *self.options)
        self.state = json.loads((self.home / "server.json").read_text())
        self.token = (self.home / "token").read_text().strip()
        self.scope = (
            f"/subscriptions/{self.state['subscription']}/resourceGroups/{self.state['group']}/{PROVIDER}"
            f"/workspaces/{self.state['workspace']}"
        )

    def stop(self) -> None:
        self._smalt("down")

    def kill(self) -> None:
        os.kill(self.state["pid"], signal.SIGKILL)
        await_end(self.state["pid"])

    def client(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.state["url"], headers=headers, timeout=20)

    def acknowledges(self, send: Callable[[], httpx2.Response], over: threading.Event) -> bool:
        """Whether the server said yes; a dead server is waited for."""
        try:
            answer = send()
        except httpx2.TransportError:
            self.refusals += 1
            over.wait(0.05)
            return False
        assert answer.status_code < 500, answer.text
        return answer.status_code in (200, 201)

    def _smalt(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "smalt.cli.main", *arguments, "--home", str(self.home)]
        subprocess.run(command, check=True, capture_output=True)


def await_end(pid: int) -> None:
    """Return when a process is gone, or nothing of it is left but its number."""
    stat = Path(f"/proc/{pid}/stat")
    while True:
        try:
            if stat.read_text().rsplit(") ", 1)[1].startswith("Z"):
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.002)
