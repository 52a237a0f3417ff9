"""Holds a node process: it hears a word, tells its state line by line, and ends when whoever holds it is gone.

The process is started detached, so that a cluster that signals a whole tree of processes does not reach the user's
processes past their supervisor.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node.py")
_LOST = "The job was lost: its process on the node died without a word (killed, or out of memory)."


class Leash:
    """One node process, from its start to its end.

    Args:
        folder: The job's folder on this machine.
        plan: The job's plan.
        environment: Variables of the process.
    """

    def __init__(self, folder: str, plan: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle = os.open(os.path.join(folder, "remote.json"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(plan, stream)
        heard, self._say = os.pipe()
        self._words, told = os.pipe()
        argv = [sys.executable, "-I", "-S", _NODE, folder, str(heard), str(told)]
        _start_detached(argv, environment, keep=(heard, told))
        os.close(heard)
        os.close(told)
        self._partial = b""
        self.fields: dict[str, Any] = {"phase": "PREPARING"}
        self.is_over = False

    def stop(self, grace_seconds: float | None) -> None:
        """Ask for the end of the job."""
        try:
            os.write(self._say, json.dumps({"grace_seconds": grace_seconds}).encode() + b"\n")
        except BrokenPipeError:
            return

    def look(self, patience_seconds: float) -> dict[str, Any]:
        """What the process said last; waits a little for something new."""
        while not self.is_over and select.select([self._words], [], [], patience_seconds)[0]:
            piece = os.read(self._words, 1 << 16)
            *lines, self._partial = (self._partial + piece).split(b"\n")
            if lines:
                self.fields = json.loads(lines[-1])
            if not piece:
                self.is_over = True
                if self.fields["phase"] != "ENDED":
                    self.fields = {**self.fields, "phase": "ENDED", "reason": "LOST", "error": _LOST}
            patience_seconds = 0
        return self.fields


def _start_detached(argv: list[str], environment: Mapping[str, str], *, keep: tuple[int, ...]) -> None:
    """Start a process that is nobody's child; it keeps no other file open than the ones named."""
    shell = ["/bin/sh", "-c", '"$@" &', "sh", *argv]
    subprocess.run(
        shell, check=True, env=dict(environment), stdin=subprocess.DEVNULL, pass_fds=keep, start_new_session=True
    )
