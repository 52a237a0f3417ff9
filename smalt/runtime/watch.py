"""Watching the user's processes until the last of them is gone: time limits, stop requests, ranks and left-overs."""

from __future__ import annotations

import json
import os
import signal
import time

from smalt.runtime import processes
from smalt.runtime.sampler import Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from smalt.runtime.container import Container
    from smalt.runtime.log import Log
    from smalt.runtime.workplace import Command

_LEFTOVER_GRACE_SECONDS = 2.0
_KILL_AGAIN_SECONDS = 0.2
_AT_ONCE_SECONDS = 0.05
"""How long a command runs before listeners hear that it does."""
_REMOVE_SECONDS = 10.0
_UNKILLABLE_SECONDS = 30.0
_SIGNALS = {signal.SIGTERM, signal.SIGCHLD}


class Outcome:
    """How a job ended.

    Args:
        reason: COMPLETED, FAILED, CANCELED, TIMED_OUT or LOST.
        exit_code: Of the command, where there is one.
        error: For the person who submitted the job.
    """

    def __init__(self, reason: str, *, exit_code: int | None = None, error: str | None = None) -> None:
        self.reason = reason
        self.exit_code = exit_code
        self.error = error

    @classmethod
    def stopped(cls, folder: str, *, exit_code: int | None = None) -> Outcome:
        """The outcome of a stop: asked for, or brought about by somebody who ends processes on this machine."""
        if os.path.exists(os.path.join(folder, "stop.json")):
            return cls("CANCELED", exit_code=exit_code, error="The job was canceled.")
        return cls("LOST", exit_code=exit_code, error="The job was ended from outside: its supervisor got SIGTERM.")


def watch(
    folder: str,
    plan: dict[str, Any],
    commands: Sequence[Command],
    *,
    logs: Log,
    on_start: Callable[[], None],
    container: Container | None = None,
) -> Outcome:
    """Start the commands and stay until none of their processes is left."""
    watcher = _Watch(folder, plan, commands, logs, container)
    watcher.start()
    # Told after the start, so that the first line need not wait for the disk; of what is over at once its end is told.
    if signal.sigtimedwait({signal.SIGCHLD}, _AT_ONCE_SECONDS) is not None and not watcher.gather():
        return watcher.outcome()
    on_start()
    sampler = Sampler(folder, plan)
    try:
        return watcher.run(sampler)
    finally:
        sampler.stop()


class _Watch:
    def __init__(
        self,
        folder: str,
        plan: dict[str, Any],
        commands: Sequence[Command],
        logs: Log,
        container: Container | None,
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._commands = commands
        self._logs = logs
        self._container = container
        self._is_removed = False
        self._running: dict[int, Command] = {}
        self._exit_codes: dict[int, int] = {}
        self._outcome: Outcome | None = None
        self._is_head_done = False
        self._are_all_told = False
        now = time.monotonic()
        self._ends_at = now + plan["timeout_seconds"] if plan["timeout_seconds"] else None
        self._kill_at: float | None = None
        self._give_up_at: float | None = None

    def start(self) -> None:
        for command in self._commands:
            log = self._logs.open(command.log)
            pid = processes.spawn(command.argv, environment=command.environment, folder=command.folder, log=log)
            self._running[pid] = command

    def run(self, sampler: Sampler) -> Outcome:
        while self.gather():
            if not self._running and not self._are_all_told:
                self._end_leftover()
            if self._on_time():
                break
            self._wait(sampler)
        return self.outcome()

    def gather(self) -> bool:
        """Note which processes have ended; whether any is left."""
        ended, any_left = processes.reap()
        for pid, code in ended.items():
            if pid in self._running:
                self._note_end(self._running.pop(pid), code)
        return any_left

    def outcome(self) -> Outcome:
        """How the job has ended."""
        return self._outcome or self._verdict()

    def _wait(self, sampler: Sampler) -> None:
        sampler.start_if_due(time.monotonic())
        moments = [moment for moment in (self._ends_at, self._kill_at, sampler.starts_at) if moment is not None]
        if not moments:
            info: Any = signal.sigwaitinfo(_SIGNALS)
        else:
            info = signal.sigtimedwait(_SIGNALS, max(0.0, min(moments) - time.monotonic()))
        if info is not None and info.si_signo == signal.SIGTERM and self._outcome is None:
            self._outcome = Outcome.stopped(self._folder)
            self._end(_asked_grace(self._folder, self._plan["grace_seconds"]))

    def _on_time(self) -> bool:
        """Act on every moment that has come; true when there is nothing left to try."""
        now = time.monotonic()
        if self._ends_at is not None and now >= self._ends_at:
            self._ends_at = None
            self._on_time_limit()
        if self._kill_at is None or now < self._kill_at:
            return False
        if self._give_up_at is None:
            self._give_up_at = now + _UNKILLABLE_SECONDS
        if self._container is not None and not self._is_removed:
            self._remove(self._container)
            self._kill_at = now + _REMOVE_SECONDS
            return False
        processes.signal_descendants(signal.SIGKILL)
        self._kill_at = now + _KILL_AGAIN_SECONDS
        return now >= self._give_up_at

    def _on_time_limit(self) -> None:
        """Either the job's own limit, or the time its ranks had after their head was done."""
        if self._outcome is None and not self._is_head_done:
            limit = self._plan["timeout_seconds"]
            self._outcome = Outcome("TIMED_OUT", error=f"The job ran longer than its limit of {limit:g} seconds.")
        elif self._outcome is None:
            self._outcome = self._verdict()
        self._end(self._plan["grace_seconds"])

    def _end(self, grace_seconds: float) -> None:
        """Ask every process to end, and remember when to stop asking."""
        if self._kill_at is not None:
            return
        self._ends_at = None
        self._kill_at = time.monotonic() + grace_seconds
        # The engine hands the signal to those inside; its own helpers must live to see their end. What stays up
        # finishes what it was asked, and may need processes of its own for that, until it ends them.
        if self._container is None and not self._plan["stays_up"]:
            self._tell_all()
            return
        self._are_all_told = self._container is not None
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)

    def _end_leftover(self) -> None:
        """The commands are gone, and processes that they have started are left."""
        if self._container is None:
            self._tell_all()
        self._are_all_told = True
        kill_at = time.monotonic() + _LEFTOVER_GRACE_SECONDS
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)

    def _tell_all(self) -> None:
        self._are_all_told = True
        processes.signal_descendants(signal.SIGTERM)

    def _remove(self, container: Container) -> None:
        """Have the engine end what is inside, which may run where no signal of ours reaches."""
        self._is_removed = True
        silence = os.open(os.devnull, os.O_WRONLY)
        for command in self._commands:
            removal = container.remove(command.rank)
            processes.spawn(removal, environment=container.environment, folder=self._folder, log=silence)
        os.close(silence)

    def _note_end(self, command: Command, code: int) -> None:
        self._exit_codes[command.rank] = code
        if self._outcome is not None or not self._running:
            return
        if code:
            self._outcome = self._verdict()
            self._end(self._plan["grace_seconds"])
        elif command.rank == 0 and self._plan["distribution"]["kind"] != "none":
            # The others may finish what they do, not wait for ever for a head that is gone.
            self._is_head_done = True
            self._ends_at = time.monotonic() + self._plan["peer_grace_seconds"]

    def _verdict(self) -> Outcome:
        failed = [command for command in self._commands if self._exit_codes.get(command.rank)]
        if failed:
            command = failed[0]
            code = self._exit_codes[command.rank]
            return Outcome("FAILED", exit_code=code, error=self._explain(command, code))
        if self._plan["stays_up"]:
            return Outcome("FAILED", exit_code=0, error="The command ended by itself, but was meant to stay up.")
        return Outcome("COMPLETED", exit_code=0)

    def _explain(self, command: Command, code: int) -> str:
        who = "The command" if len(self._commands) == 1 else f"Process {command.rank}"
        text = f"{who} {_meaning(code)}."
        tail = self._logs.tail(command.log)
        if self._container is not None and code == 125:
            text += " That is the container engine's word for a failure of its own."
        return f"{text} Last lines of {command.log}:\n{tail}" if tail else f"{text} {command.log} is empty."


def _asked_grace(folder: str, usual: float) -> float:
    try:
        with open(os.path.join(folder, "stop.json"), encoding="utf-8") as stream:
            asked = json.load(stream)["grace_seconds"]
    except OSError:
        return usual
    return usual if asked is None else float(asked)


def _meaning(code: int) -> str:
    if code == 127:
        return "exited with code 127: a program it names was not found"
    if code == 126:
        return "exited with code 126: a program it names may not be run"
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return f"exited with code {code}"
    hint = ", as happens when memory runs out" if name == "SIGKILL" else ""
    return f"was ended by {name} (code {code}){hint}"
