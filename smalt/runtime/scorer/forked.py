"""A worker that was forked from the fork server of its environment, as its master sees it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "fork.sock"
"""In the folder of a fork server: where masters ask."""

LONGEST_MESSAGE = 128 << 10
LOST_CODE = 137
"""Of a worker that was forked for a master that is gone, and of one of which nobody has heard the code."""

_LONGEST_NAME = 100
_PATIENCE_SECONDS = 20.0
_LONGEST_ANSWER = 64


class NotForked(Exception):
    """There is no fork server, or it does not fork this worker: start it anew."""


class Forked:
    """What `subprocess.Popen` is for a process that is somebody else's child.

    Args:
        folder: Of the fork server.
        config: The configuration file of the worker.
        number: Of the worker.
        telling: Pipe on which it tells that it is ready.
        variables: Its environment.

    Attributes:
        handle: Descriptor of the process, readable when it has ended; -1 before it is known.
        is_refused: It was not forked, and will not be.

    Raises:
        NotForked: Nobody listens there.
    """

    def __init__(self, folder: str, *, config: str, number: int, telling: int, variables: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self.is_refused = False
        self._pid = 0
        self.handle = -1
        self._until = time.monotonic() + _PATIENCE_SECONDS
        self._line = _connected(folder)
        ended, self._alive = os.pipe()
        order = {"config": config, "number": number, "folder": os.getcwd(), "variables": dict(variables)}
        message = json.dumps(order).encode()
        try:
            if len(message) > LONGEST_MESSAGE:
                raise NotForked
            socket.send_fds(self._line, [message], [telling, ended, 1, 2])
        except (OSError, NotForked) as failure:
            self._close()
            raise NotForked from failure
        finally:
            os.close(ended)

    @property
    def pid(self) -> int:
        """Its process id; 0 while that is not known."""
        self._hear()
        return self._pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs, or is yet to be forked."""
        self._hear()
        if self.returncode is None and self.handle >= 0 and _is_readable(self.handle, 0):
            self._end(self._last_word())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended.

        Raises:
            TimeoutExpired: It has not.
        """
        if self.poll() is None:
            _is_readable(self.handle if self.handle >= 0 else self._line.fileno(), timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return code

    def terminate(self) -> None:
        """Send SIGTERM, as to a process that drains."""
        if self.poll() is None and self.handle >= 0:
            self._signal(signal.SIGTERM)
        elif self.returncode is None:
            self.kill()

    def kill(self) -> None:
        """End it at once, also if it is yet to be forked."""
        if self.poll() is not None:
            return
        if self.handle >= 0:
            self._signal(signal.SIGKILL)
        else:
            self._end(-signal.SIGKILL)  # It dies with the pipe as soon as it is there.

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def _hear(self) -> None:
        """Whether it was forked, as soon as that is told."""
        if self._pid or self.returncode is not None:
            return
        if not _is_readable(self._line.fileno(), 0):
            if time.monotonic() > self._until:
                self._refuse()
            return
        size = array("i").itemsize
        try:
            answer, extra, _, _ = self._line.recvmsg(_LONGEST_ANSWER, socket.CMSG_SPACE(size), socket.MSG_CMSG_CLOEXEC)
        except OSError:
            answer, extra = b"", []
        if not answer or not extra:
            self._refuse()
            return
        self._pid, self.handle = int(answer), array("i", extra[0][2])[0]

    def _last_word(self) -> int:
        """Its exit code, which only its parent is told; a moment after it has ended."""
        with contextlib.suppress(OSError, ValueError):
            if _is_readable(self._line.fileno(), 1):
                return int(self._line.recv(_LONGEST_ANSWER))
        return LOST_CODE

    def _refuse(self) -> None:
        self.is_refused = True
        self._end(LOST_CODE)

    def _end(self, code: int) -> None:
        self.returncode = code
        self._close()

    def _close(self) -> None:
        for each in (self.handle, getattr(self, "_alive", -1)):
            if each >= 0:
                os.close(each)
        self.handle = self._alive = -1
        self._line.close()


def _connected(folder: str) -> socket.socket:
    path = os.path.join(folder, SOCKET)
    if not hasattr(socket, "send_fds") or len(os.fsencode(path)) > _LONGEST_NAME:
        raise NotForked
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.setblocking(False)
    try:
        line.connect(path)
    except OSError as failure:
        line.close()
        raise NotForked from failure
    return line


def _is_readable(descriptor: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else 1000 * timeout))
