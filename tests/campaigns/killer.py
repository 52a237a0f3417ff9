"""Kills supervisors and processes of jobs, and writes down what that must come to."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Killer:
    """Looks for processes below the folder of jobs.

    Attributes:
        lost: Workloads whose supervisors died before they had written the end down.
        unborn: Those whose supervisors died before they had written anything, and which may be started again.
        struck: Those whose command was killed, or had just ended when the signal came.
    """

    jobs: Path
    chance: random.Random
    lost: set[str] = field(default_factory=set)
    unborn: set[str] = field(default_factory=set)
    struck: set[str] = field(default_factory=set)
    supervisors: int = 0
    processes: int = 0

    def kill_supervisor(self) -> None:
        """Kill a supervisor of any age, and look at what it had written before anybody else does."""
        found = list(self._supervisors())
        if not found:
            return
        workload, pid = self.chance.choice(found)
        if not self._kill(pid):
            return
        self.supervisors += 1
        state = self._state(workload)
        if state is None:
            self.unborn.add(workload)
        elif state["phase"] != "ENDED":
            self.lost.add(workload)

    def kill_process(self) -> None:
        """Kill the command of a job."""
        found = [(workload, child) for workload, pid in self._supervisors() for child in _children(pid)]
        if not found:
            return
        workload, pid = self.chance.choice(found)
        # Before the signal, since its end may be seen before this returns.
        self.struck.add(workload)
        self.processes += self._kill(pid)

    def _supervisors(self) -> Iterator[tuple[str, int]]:
        for pid in _pids():
            if _read(f"/proc/{pid}/comm").strip() != "smalt-job":
                continue
            for lock in _open_files(pid):
                if lock.name == "lock" and lock.parent.parent == self.jobs:
                    yield lock.parent.name, pid

    def _kill(self, pid: int) -> bool:
        """Kill a process and wait for its end; False when it was gone before."""
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if not _belongs(pid, self.jobs.parent):  # Else the number is somebody else's by now.
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [])
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def _state(self, workload: str) -> dict[str, str] | None:
        try:
            state: dict[str, str] = json.loads((self.jobs / workload / "state.json").read_bytes())
        except FileNotFoundError:
            return None
        # A server that was quicker has buried it, without a mark if there was nothing.
        return state if "mark" in state else None


def left_over(home: Path) -> list[str]:
    """What still runs of a server and its jobs."""
    found = [pid for pid in _pids() if pid != os.getpid() and _belongs(pid, home)]
    return [_read(f"/proc/{pid}/cmdline").replace("\0", " ") for pid in found]


def _belongs(pid: int, home: Path) -> bool:
    if any(str(home) in _read(f"/proc/{pid}/{name}") for name in ("cmdline", "environ")):
        return True
    return any(path.is_relative_to(home) for path in _open_files(pid))


def _open_files(pid: int) -> list[Path]:
    found = []
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(entry.readlink())
    return found


def _children(pid: int) -> list[int]:
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_bytes().decode(errors="replace")
    return ""
