"""A local executor on a folder of the test, and a short way to run a command to its end."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from smalt.executors import Handle, Workload, WorkloadState
from smalt.executors.local import LocalExecutor
from smalt.testing.executors import Changes


class Bench:
    """A local executor, its listener, and the folders of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "jobs"
        self.changes = Changes()
        self.executor = LocalExecutor(self.root, self.changes)

    def workload(self, command: str, *, name: str = "job", **more) -> Workload:
        return Workload(name=name, command=command, artifacts=self.folder / "artifacts" / name, **more)

    def start(self, command: str, **more) -> Handle:
        return self.executor.start(self.executor.plan(self.workload(command, **more)))

    def end(self, handle: Handle) -> WorkloadState:
        return self.changes.end_of(self.executor, handle)

    def until_gone(self, handle: Handle) -> None:
        """Wait until the supervisor of a job has ended, which tidies up after its last word."""
        pid = json.loads((self.root / handle / "state.json").read_text())["pid"]
        with suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            try:
                assert select.select([process], [], [], 60)[0], "the supervisor does not end"
            finally:
                os.close(process)

    def run(self, command: str, **more) -> tuple[WorkloadState, str]:
        """Run to the end; the state and the log."""
        handle = self.start(command, **more)
        state = self.end(handle)
        return state, self.executor.logs(handle).decode()

    def until_logged(self, handle: Handle, is_there: Callable[[list[str]], bool]) -> list[str]:
        """Wait for lines of the log. Logs make no noise, so this one looks, at a short interval."""
        limit = time.monotonic() + 60
        while not is_there(lines := self.executor.logs(handle).decode().splitlines()):
            assert time.monotonic() < limit, f"never came; so far: {lines}"
            time.sleep(0.01)
        return lines

    def until_line(self, handle: Handle, line: str) -> None:
        """Wait for a line of the log."""
        self.until_logged(handle, lambda lines: line in lines)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.executor.close()


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Whether a process runs; a zombie does not."""

    def look(pid: int) -> bool:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return False
        return status.rpartition(")")[2].split()[0] != "Z"

    return look
