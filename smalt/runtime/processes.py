"""Starting the user's processes, and ending every one of them: children, grandchildren and daemons."""

from __future__ import annotations

import contextlib
import ctypes
import marshal
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SIZE_BYTES = 8

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none escapes by daemonising."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class _Ahead:
    """A process that was forked before its command is known: what is left to do then is a message."""

    def __init__(self, pid: int, desk: socket.socket) -> None:
        self._pid = pid
        self._desk = desk

    def start(self, command: bytes, log: int) -> int | None:
        """Let it become a command; its process id, or None when somebody has ended it."""
        import socket  # Imported here as below.

        with self._desk:
            try:
                socket.send_fds(self._desk, [len(command).to_bytes(_SIZE_BYTES, "little")], [log])
                self._desk.sendall(command)
            except OSError:
                return None
        return self._pid


_ahead: list[_Ahead] = []


def fork_ahead(*, close: int) -> None:
    """Fork the next process that `spawn` starts, which waits for that and ends with this one.

    Args:
        close: A descriptor that it has no use for.

    Raises:
        OSError: It cannot be forked now.
    """
    import socket  # Imported here since a supervisor with an interpreter of its own has no use for it.

    desk, its = socket.socketpair()
    supervisor = os.getpid()
    child = os.fork()
    if child:
        its.close()
        _ahead.append(_Ahead(child, desk))
        return
    try:
        desk.close()
        os.close(close)
        _stand_alone(supervisor)
        size, descriptors, _, _ = socket.recv_fds(its, _SIZE_BYTES, 1, socket.MSG_WAITALL)
        with its.makefile("rb") as stream:
            command = stream.read(int.from_bytes(size, "little"))
        if descriptors and len(command) == int.from_bytes(size, "little"):
            argv, environment, folder = marshal.loads(command)  # noqa: S302  (its parent's own words)
            _become(argv, environment, folder, descriptors[0])
    finally:
        os._exit(127)


def spawn(argv: Sequence[str], *, environment: Mapping[str, str], folder: str, log: int) -> int:
    """Start a process in a session of its own that writes to `log` and dies with its supervisor.

    Returns:
        Its process id.
    """
    if _ahead:
        started = _ahead.pop().start(marshal.dumps((list(argv), dict(environment), folder)), log)
        if started is not None:
            return started
    supervisor = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _stand_alone(supervisor)
        _become(argv, environment, folder, log)
    finally:
        os._exit(127)


def _stand_alone(supervisor: int) -> None:
    os.setsid()
    die_with_parent()
    if os.getppid() != supervisor:  # It died between the fork and the line above.
        os._exit(137)


def _become(argv: Sequence[str], environment: Mapping[str, str], folder: str, log: int) -> None:
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(folder)
        os.execve(argv[0], list(argv), dict(environment))  # noqa: S606  (the job's own command)
    except (OSError, ValueError) as failure:
        os.write(2, f"smalt: {argv[0]} cannot be started: {failure}\n".encode())


def descendants(ancestor: int) -> list[int]:
    """Process ids of all living descendants, nearest first."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        parent = _parent(entry) if entry.isdigit() else None
        if parent is not None:
            children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    queue = [ancestor]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def _parent(pid: str) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The name in parentheses may itself hold spaces and parentheses.
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def signal_descendants(number: int) -> None:
    """Send a signal to every descendant of this process."""
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def reap() -> tuple[dict[int, int], bool]:
    """Collect the children that have ended.

    Returns:
        Exit codes by process id (128 + n for signal n, as shells count), and whether any child is left.
    """
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, False
        if not pid:
            return ended, True
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = 128 - code if code < 0 else code
