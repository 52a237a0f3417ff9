"""Starts the supervisors of jobs by forking, so that none waits for an interpreter: `python -I -S forkserver.py LINE`.

One message asks for one supervisor: the job's folder, with two descriptors (its lock, its log). The answer is its
process id with a descriptor of the process. A supervisor is in a session of its own and outlives this process, which
ends when the one that started it closes the socket, however that came about. One is forked ahead and waits for the next
job, whose start then is a message; without a job it ends when this process does.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

# All that the first second of any supervisor uses.
from smalt.runtime import blob, digest, processes, sampler, usage  # noqa: F401
from smalt.runtime.supervisor import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_NAME = 15
_NAME = b"smalt-job"
_LONGEST_MESSAGE = 8192
_BREATH_MILLISECONDS = 10
"""The job that has just been given away goes first: until then its start needs the processors."""


def main(number: int) -> None:
    """Serve until the other side of the socket is closed."""
    line = socket.socket(fileno=number)
    line.set_inheritable(False)
    ended, ends = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(ends, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()  # What is shared with the supervisors stays shared.
    poll = select.poll()
    poll.register(line, select.POLLIN)
    poll.register(ended, select.POLLIN)
    nursery = _Nursery((line.fileno(), ended, ends))
    pause: int | None = None
    while True:
        found = poll.poll(pause)
        if not found:
            nursery.provide()
            pause = None
        for ready, _ in found:
            if ready == ended:
                os.read(ended, 4096)
                _reap()
                continue
            message, descriptors = _receive(line)
            if not message:
                return
            _answer(line, message, descriptors, nursery)
            pause = _BREATH_MILLISECONDS


def _receive(line: socket.socket) -> tuple[bytes, list[int]]:
    message, descriptors, _, _ = socket.recv_fds(line, _LONGEST_MESSAGE, 2)
    for each in descriptors:
        os.set_inheritable(each, False)  # Its flags argument is not heeded before Python 3.12.
    return message, descriptors


def _answer(line: socket.socket, folder: bytes, descriptors: list[int], nursery: _Nursery) -> None:
    try:
        child = nursery.employ(folder, descriptors)
    except OSError as failure:
        line.send(f"!{failure}".encode())
        return
    finally:
        # Before anything is forked: nobody else may hold the lock of this job.
        for each in descriptors:
            os.close(each)
    handle = os.pidfd_open(child)  # Not yet reaped, so this is that process.
    try:
        line.sendmsg([str(child).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
    finally:
        os.close(handle)


class _Nursery:
    """Supervisors before they have a job: at most one, which waits at its end of a socket.

    Args:
        close: Descriptors that they have no use for.
    """

    def __init__(self, close: tuple[int, ...]) -> None:
        self._close = close
        self._waiting: tuple[int, socket.socket] | None = None

    def provide(self) -> None:
        """Have one wait, if that is possible now."""
        if self._waiting is None:
            with contextlib.suppress(OSError):
                self._waiting = self._fork(())

    def employ(self, folder: bytes, descriptors: list[int]) -> int:
        """Give the one that waits a job, or a new one; its process id.

        Raises:
            OSError: There is none, and none can be made.
        """
        if self._waiting is not None:
            (child, desk), self._waiting = self._waiting, None
            with desk, contextlib.suppress(OSError):  # Somebody has ended it.
                socket.send_fds(desk, [folder], descriptors)
                return child
        child, desk = self._fork(descriptors)
        with desk:
            socket.send_fds(desk, [folder], descriptors)
        return child

    def _fork(self, close: Sequence[int]) -> tuple[int, socket.socket]:
        desk, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            child = os.fork()
        except OSError:
            desk.close()
            its.close()
            raise
        if not child:
            _become(its, (desk.fileno(), *close, *self._close))
        its.close()
        return child, desk


def _become(desk: socket.socket, close: Sequence[int]) -> None:
    """The rest of a supervisor's life. The lock of its job stays open until it is over."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in close:
            os.close(each)
        os.setsid()
        libc = ctypes.CDLL(None)
        with contextlib.suppress(OSError):  # Then it is forked when it is needed.
            processes.fork_ahead(close=desk.fileno())
        folder, descriptors = _receive(desk)
        if not folder:
            os._exit(0)
        desk.close()
        libc.prctl(_PR_SET_NAME, _NAME, 0, 0, 0)
        log = descriptors[1]
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        supervise(os.fsdecode(folder))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main(int(sys.argv[1]))
