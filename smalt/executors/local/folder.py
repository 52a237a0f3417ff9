"""One job's folder as its supervisor keeps it: state, lock, and whether anybody is alive behind them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smalt.executors.base import OutputState, Phase, Reason, WorkloadState

_VARIABLES = "variables-"
_REMOVE_SECONDS = 30.0
_LEFT_BEHIND = ("plan.json", "wd", "data", "out", "reserve")


class JobFolder:
    """Reads and guards the folder of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other servers and threads from starting or burying the job meanwhile."""
        with self._locked("start.lock", fcntl.LOCK_EX):
            yield

    def take_life_lock(self) -> int | None:
        """The lock a supervisor holds for life, as a descriptor to hand over; None when one holds it."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def has_supervisor(self) -> bool:
        """Whether a supervisor is alive."""
        try:
            with self._locked("lock", fcntl.LOCK_SH | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    def fields(self) -> dict[str, Any] | None:  # Any: the supervisor's JSON
        """The supervisor's record, if it wrote one."""
        try:
            fields: dict[str, Any] = json.loads((self.path / "state.json").read_bytes())
        except FileNotFoundError:
            return None
        return fields

    def write(self, name: str, text: str) -> None:
        """Write a private file so that readers see all of it or none."""
        fresh = self.path / f"{name}.{os.getpid()}.new"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:  # noqa: PTH123  (opened by descriptor)
            stream.write(text)
        fresh.replace(self.path / name)

    def bury(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Write the last state of a job whose supervisor died, after ending whatever it left running."""
        self._remove_containers()
        mark = fields.get("mark")
        if mark:
            _end_marked(mark)
        error = (
            "The job was lost: its supervisor died without a word (killed, out of memory, or the machine restarted). "
            "Its processes were ended; submit it again."
        )
        ended_at = datetime.now(UTC).timestamp()
        last = {**fields, "phase": "LOST", "reason": "LOST", "error": error + self._last_words(), "ended_at": ended_at}
        self.write("state.json", json.dumps(last))
        for name in (*_LEFT_BEHIND, *self._told()):
            _remove(self.path / name)
        return last

    def _remove_containers(self) -> None:
        """Have the engine end what a dead supervisor has left to it: a container outlives whoever started it."""
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            container = json.loads((self.path / "plan.json").read_bytes()).get("container")
            if container is None:
                return
            ranks = [name.removeprefix(_VARIABLES).partition(".")[0] for name in self._told()]
            names = [f"{container['name']}-{rank}" for rank in ranks or ["0"]]
            subprocess.run(
                [container["program"], "rm", "--force", *names],
                env={**os.environ, **container["variables"]},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_REMOVE_SECONDS,
            )

    def _told(self) -> list[str]:
        """The files that tell processes in containers their variables, one for each."""
        return [entry.name for entry in self.path.iterdir() if entry.name.startswith(_VARIABLES)]

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            words = (self.path / "supervisor.log").read_text("utf-8", "replace").strip()
            return f"\nIts last words:\n{words[-2000:]}" if words else ""
        return ""

    @contextlib.contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        handle = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def to_state(fields: Mapping[str, Any]) -> WorkloadState:  # Any: the supervisor's JSON
    """The record of a supervisor as a state."""
    return WorkloadState(
        phase=Phase(fields["phase"]),
        reason=Reason(fields["reason"]) if fields.get("reason") else None,
        exit_code=fields.get("exit_code"),
        error=fields.get("error"),
        started_at=_moment(fields.get("started_at")),
        ended_at=_moment(fields.get("ended_at")),
        outputs={name: OutputState(**output) for name, output in fields.get("outputs", {}).items()},
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _end_marked(mark: str) -> None:
    """Kill every process that carries a job's mark, until none is found.

    The mark is looked for rather than a remembered process group: numbers are reused, and daemons leave their group.
    """
    wanted = f"SMALT_JOB_MARK={mark}".encode()
    for _ in range(20):
        found = [pid for pid in _pids() if wanted in _environment(pid)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
