"""The process that supervisors are forked from, as the executor uses it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from array import array
from collections.abc import Mapping
from pathlib import Path

_PROGRAM = Path(__file__).parents[2] / "runtime" / "forkserver.py"
_LONGEST_ANSWER = 4096
_ANSWER_SECONDS = 30.0


class ForkserverLost(Exception):
    """It did not answer, so it is not known whether it started anything."""


class Forkserver:
    """Forks supervisors; started with the first one, and again when it is gone.

    Args:
        environment: The variables of every supervisor.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._guard = threading.Lock()
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path, *, lock: int, log: int) -> tuple[int, int]:
        """Start the supervisor of a job's folder.

        Args:
            folder: The job's folder.
            lock: Descriptor that the supervisor keeps open for life.
            log: Descriptor of its own log.

        Returns:
            Its process id, and a descriptor of the process, which is the caller's to close.

        Raises:
            OSError: Nothing was started.
            ForkserverLost: Ask the lock whether something was started.
        """
        with self._guard:
            line = self._line or self._open()
            try:
                socket.send_fds(line, [os.fsencode(folder)], [lock, log])
            except OSError:
                # It has ended since the last job, so nobody has read this.
                self._close()
                line = self._open()
                socket.send_fds(line, [os.fsencode(folder)], [lock, log])
            return self._answer(line)

    def close(self) -> None:
        """End it. What it forked goes on."""
        with self._guard:
            self._close()

    def _open(self) -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_ANSWER_SECONDS)
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM), str(its.fileno())],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                cwd="/",
                pass_fds=(its.fileno(),),
                start_new_session=True,
            )
        self._line = ours
        return ours

    def _answer(self, line: socket.socket) -> tuple[int, int]:
        size = array("i").itemsize
        try:
            answer, extra, _, _ = line.recvmsg(_LONGEST_ANSWER, socket.CMSG_SPACE(size), socket.MSG_CMSG_CLOEXEC)
        except OSError as failure:
            self._close()
            raise ForkserverLost(str(failure)) from failure
        if answer.startswith(b"!"):
            raise OSError(answer[1:].decode())
        if not answer or not extra:
            self._close()
            raise ForkserverLost("it ended")
        return int(answer), array("i", extra[0][2])[0]

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            # It ends with the line; one that hangs must start nothing any more.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            self._process.kill()
            self._process.wait()
            self._process = None
