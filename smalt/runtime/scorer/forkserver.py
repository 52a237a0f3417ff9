"""A process of an environment that has imported what its scorers import, and from which their workers are forked.

It runs no code of a deployment and knows no secret: a worker is given its variables, its folder and its streams when it
is forked, and imports what is its own by itself. Nothing is forked that has begun a thread. It ends when whoever
started it closes its standard input; the workers, which belong to their masters, go on.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import threading

from . import imports, worker
from .forked import LONGEST_MESSAGE, LOST_CODE
from .loaders import model, script  # noqa: F401  (what any worker uses)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PR_SET_NAME = 15
_NAME = b"smalt-scorer"
_DESCRIPTORS = 4
_MOST_BYTES = 1 << 30
_OWN_PREFIXES = ("AML_", "AZUREML_", "SMALT_")
_OWN_NAMES = frozenset(
    ("AZ_BATCH_HOST_LIST", "NODE_RANK", "OLDPWD", "PATH", "PWD", "PYTHONPATH", "SCORING_TIMEOUT_MS", "SHLVL",
     "WORKER_COUNT", "_")
)  # fmt: skip
"""Variables that differ from worker to worker, and at which no import looks."""


def serve(listening: int, folder: str) -> int:
    """Fork workers until standard input is closed; the exit code, in a worker that of the worker.

    Args:
        listening: Descriptor of the socket on which masters ask.
        folder: The folder with the notes of what is imported.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    server = _Server(socket.socket(fileno=listening))
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # as the loader does; it would begin a thread
    imports.repeat(folder)
    if threading.active_count() > 1 or _resident_bytes() > _MOST_BYTES:
        print("smalt: What this environment imports cannot be forked; workers are started anew.", flush=True)
        return 0
    gc.collect()
    gc.freeze()  # What is shared with the workers stays shared.
    return server.run()


def differing(variables: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Names of variables that an import may have looked at, and that are not the same for a worker as they are here."""
    names = {*variables, *own}
    return sorted(
        name
        for name in names
        if name not in _OWN_NAMES and not name.startswith(_OWN_PREFIXES) and variables.get(name) != own.get(name)
    )


class _Server:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._masters: dict[int, socket.socket] = {}
        self._variables = dict(os.environ)
        self._ended, self._ends = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def run(self) -> int:
        signal.set_wakeup_fd(self._ends, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        for each in (0, self._listener.fileno(), self._ended):
            poll.register(each, select.POLLIN)
        while True:
            for ready, _ in poll.poll():
                if ready == 0:
                    return 0
                if ready == self._ended:
                    os.read(self._ended, 4096)
                    self._reap()
                    continue
                line, _ = self._listener.accept()
                order = self._order(line)
                if order is not None and not self._fork(line, order):
                    return self._become(order)

    def _order(self, line: socket.socket) -> _Order | None:
        """What a master asks for; None where it cannot be done, and the line is closed."""
        line.settimeout(1)  # A master sends with the connection.
        descriptors: list[int] = []
        try:
            message, descriptors, _, _ = socket.recv_fds(line, LONGEST_MESSAGE, _DESCRIPTORS)
            order = _Order(json.loads(message), descriptors)
            others = differing(order.variables, self._variables)
            if not others:
                return order
            print(f"smalt: A worker is not forked, since it has other variables: {', '.join(others)}.", flush=True)
        except (OSError, ValueError, KeyError):
            pass
        for each in descriptors:
            os.close(each)
        line.close()
        return None

    def _fork(self, line: socket.socket, order: _Order) -> int:
        """Fork, and tell the master; 0 in the child."""
        try:
            child = os.fork()
        except OSError:
            child = -1
        if not child:
            line.close()
            return 0
        order.close()
        if child < 0:
            line.close()
            return child
        handle = os.pidfd_open(child)  # Not yet reaped, so this is that process.
        with contextlib.suppress(OSError):  # A master that is gone takes its worker along.
            line.sendmsg([str(child).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
        os.close(handle)
        self._masters[child] = line
        return child

    def _reap(self) -> None:
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not child:
                return
            with self._masters.pop(child) as line, contextlib.suppress(OSError):
                line.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _become(self, order: _Order) -> int:
        """The rest of a worker's life."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._listener, *self._masters.values()):
            each.close()
        os.close(self._ended)
        os.close(self._ends)
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_NAME, _NAME, 0, 0, 0)
        if not _die_with(order.alive):
            return LOST_CODE
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(order.out, 1)
        os.dup2(order.err, 2)
        os.close(order.out)
        os.close(order.err)
        os.environ.clear()
        os.environ.update(order.variables)
        os.chdir(order.folder)
        sys.path[:0] = [each for each in order.variables.get("PYTHONPATH", "").split(os.pathsep) if each]
        sys.argv[1:] = ["work", order.config, str(order.number)]
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # Else all workers would draw the same numbers.
        return worker.serve(order.config, order.number, order.telling)


class _Order:
    """A worker to be forked."""

    def __init__(self, message: dict[str, Any], descriptors: list[int]) -> None:
        self.telling, self.alive, self.out, self.err = descriptors
        self.config: str = message["config"]
        self.number: int = message["number"]
        self.folder: str = message["folder"]
        self.variables: dict[str, str] = message["variables"]

    def close(self) -> None:
        for each in (self.telling, self.alive, self.out, self.err):
            os.close(each)


def _die_with(alive: int) -> bool:
    """Have the kernel kill this process when the other end of a pipe is closed; False where it is already.

    The parent of a forked worker is not its master, so that the death of its parent says nothing.
    """
    fcntl.fcntl(alive, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(alive, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(alive, 0)
    return not poll.poll(0)


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
