"""Starting the user's processes, and ending every one of them: children, grandchildren and daemons."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none escapes by daemonising."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(argv: Sequence[str], *, environment: Mapping[str, str], folder: str, log: int) -> int:
    """Start a process in a session of its own that writes to `log` and dies with its supervisor.

    Returns:
        Its process id.
    """
    supervisor = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        die_with_parent()
        if os.getppid() != supervisor:  # It died between the fork and the line above.
            os._exit(137)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(folder)
        os.execve(argv[0], list(argv), dict(environment))  # noqa: S606  (the job's own shell)
    except (OSError, ValueError) as failure:
        os.write(2, f"smalt: {argv[0]} cannot be started: {failure}\n".encode())
    finally:
        os._exit(127)


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
