"""Keeps the server of an image up: starts its container, tells where it can be asked, lets it answer, and ends it.

It runs in the place of a workload's command, with the standard library only.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time

# As in `job.py`: behind the standard library.
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from smalt.runtime.container import ROUTES, Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_ASK_SECONDS = 5.0
_STOP_SECONDS = 10.0
"""What a first process that hears no SIGTERM gets, as with the engines' own `stop`."""

_ESTABLISHED = "01"


class Keeper:
    """One server.

    Args:
        plan: The plan of its workload.
        folder: The workload's folder.
    """

    def __init__(self, plan: dict[str, Any], folder: str) -> None:
        self._container = Container(plan["container"])
        assert self._container.server is not None
        self._server = self._container.server
        self._variables: dict[str, str] = plan["variables"]
        self._told = os.path.join(folder, "variables-0.env")
        self._ready = os.path.join(plan["artifacts"], "ready.json")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopping = False
        self._workers: list[dict[str, Any]] = []

    def run(self) -> int:
        """Stay until it has ended; its exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        argv = self._container.serve(self._variables, told=self._told)
        # In a group of its own, so that a signal to ours reaches it only by us.
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
        self._come_up()
        while self._process.poll() is None and not self._is_stopping:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LONGEST_PAUSE)
        if self._process.poll() is None:
            self._drain()
        code = self._process.wait()
        return 128 - code if code < 0 else code

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _come_up(self) -> None:
        """Ask until it is ready, then tell so."""
        addresses: dict[int, str] = {}
        pause = _SHORTEST_PAUSE
        while self._is_wanted():
            addresses = addresses or self._addresses()
            if addresses and _answers(addresses[self._server["readiness"][0]], self._server["readiness"][1]):
                self._tell(addresses)
                return
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _is_wanted(self) -> bool:
        assert self._process is not None
        return self._process.poll() is None and not self._is_stopping

    def _addresses(self) -> dict[int, str]:
        """Where its ports are on this machine; empty while the engine does not know the container."""
        found = {}
        for port in {self._server[each][0] for each in ROUTES}:
            asked = subprocess.run(
                self._container.port(port), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
            )
            if asked.returncode:
                return {}
            lines = asked.stdout.split()
            # An engine that gives containers the network of the machine maps no ports.
            found[port] = lines[0] if lines else f"127.0.0.1:{port}"
        return found

    def _tell(self, addresses: dict[int, str]) -> None:
        assert self._process is not None
        places = {each: (f"tcp:{addresses[self._server[each][0]]}", self._server[each][1]) for each in ROUTES}
        address, path = places["scoring"]
        probes = {each: list(places[each]) for each in ("liveness", "readiness")}
        self._workers = [{"address": address, "pid": self._process.pid, "route": path, "probes": probes}]
        self._write()
        print("smalt: The server of the image is ready.", flush=True)

    def _write(self) -> None:
        fresh = f"{self._ready}.{os.getpid()}"
        with open(fresh, "w", encoding="utf-8") as stream:
            json.dump({"pid": os.getpid(), "workers": self._workers, "swagger": None, "model": {}}, stream)
        os.replace(fresh, self._ready)

    def _drain(self) -> None:
        """Let it answer what it was asked; nobody sends it more by now."""
        assert self._process is not None
        ports = [int(each["address"].rpartition(":")[2]) for each in self._workers]
        if self._workers:
            self._workers = []
            self._write()
        limit = time.monotonic() + self._server["drain_seconds"]
        while self._process.poll() is None and time.monotonic() < limit and _is_talking(ports):
            time.sleep(_SHORTEST_PAUSE)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
            return
        subprocess.run(self._container.remove(0), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)


def _answers(address: str, path: str) -> bool:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_ASK_SECONDS)
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_talking(ports: list[int]) -> bool:
    """Whether anybody on this machine has a connection to one of the ports of its loopback open."""
    wanted = {f"{port:04X}" for port in ports}
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(name, encoding="ascii") as stream:
            for line in stream:
                fields = line.split()
                if fields[2].rpartition(":")[2] in wanted and fields[3] == _ESTABLISHED:
                    return True
    return False


if __name__ == "__main__":
    with open(os.path.join(sys.argv[1], "plan.json"), encoding="utf-8") as plan_file:
        sys.exit(Keeper(json.load(plan_file), sys.argv[1]).run())
