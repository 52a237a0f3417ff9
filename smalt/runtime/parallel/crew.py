"""The worker processes: started, spoken to, and ended with everything they have started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from ..processes import descendants
from .messages import Inbox, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .batches import MiniBatch
    from .report import WorkerLogs


class Hand:
    """One worker process.

    Args:
        entry: The script that every process of a parallel job starts with.
        logs: Where its output goes.
        greeting: Its first message.
    """

    def __init__(self, entry: str, logs: WorkerLogs, greeting: dict[str, Any]) -> None:
        reading, self._to_worker = os.pipe()
        from_worker, writing = os.pipe()
        self.logs = logs
        self.inbox = Inbox(from_worker)
        self.batch: MiniBatch | None = None
        self.deadline: float | None = None
        self.is_ready = False
        with open(logs.stdout, "ab") as stdout, open(logs.stderr, "ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, entry, "work", str(reading), str(writing), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(reading, writing),
                start_new_session=True,
            )
        os.close(reading)
        os.close(writing)
        self.tell(greeting)

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message; that nobody is there to take it shows at the other pipe."""
        with contextlib.suppress(BrokenPipeError):
            send(self._to_worker, message)

    def kill(self) -> None:
        """End the process and whatever it has started."""
        for pid in [*descendants(self._process.pid), self._process.pid]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self.close()

    def close(self) -> str:
        """Let go of an ended process; how it ended, in words."""
        code = self._process.wait()
        for pipe in (self._to_worker, self.inbox.pipe):
            with contextlib.suppress(OSError):
                os.close(pipe)
        if code >= 0:
            return f"the worker process exited with code {code}"
        name = signal.Signals(-code).name
        hint = ", as happens when memory runs out" if name == "SIGKILL" else ""
        return f"the worker process was ended by {name}{hint}"
