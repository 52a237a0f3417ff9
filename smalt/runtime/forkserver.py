"""Starts the supervisors of jobs by forking, so that none waits for an interpreter: `python -I -S forkserver.py LINE`.

One message asks for one supervisor: the job's folder, with two descriptors (its lock, its log). The answer is its
process id with a descriptor of the process. A supervisor is in a session of its own and outlives this process, which
ends when the one that started it closes the socket, however that came about.
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
from smalt.runtime import blob, digest, sampler, usage  # noqa: F401
from smalt.runtime.supervisor import supervise

_PR_SET_NAME = 15
_NAME = b"smalt-job"
_LONGEST_MESSAGE = 8192


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
    while True:
        for ready, _ in poll.poll():
            if ready == ended:
                os.read(ended, 4096)
                _reap()
                continue
            message, descriptors = _receive(line)
            if not message:
                return
            _answer(line, message, descriptors, close=(line.fileno(), ended, ends))


def _receive(line: socket.socket) -> tuple[bytes, list[int]]:
    message, descriptors, _, _ = socket.recv_fds(line, _LONGEST_MESSAGE, 2)
    for each in descriptors:
        os.set_inheritable(each, False)  # Its flags argument is not heeded before Python 3.12.
    return message, descriptors


def _answer(line: socket.socket, folder: bytes, descriptors: list[int], *, close: tuple[int, ...]) -> None:
    lock, log = descriptors
    try:
        child = os.fork()
    except OSError as failure:
        line.send(f"!{failure}".encode())
        return
    finally:
        if os.getpid() == _OWN:
            os.close(lock)
            os.close(log)
    if not child:
        _become(os.fsdecode(folder), log, close)
    handle = os.pidfd_open(child)  # Not yet reaped, so this is that process.
    try:
        line.sendmsg([str(child).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
    finally:
        os.close(handle)


def _become(folder: str, log: int, close: tuple[int, ...]) -> None:
    """The rest of a supervisor's life. The lock stays open until it is over."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in close:
            os.close(each)
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_NAME, _NAME, 0, 0, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        supervise(folder)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


_OWN = os.getpid()

if __name__ == "__main__":
    main(int(sys.argv[1]))
