"""File locks that threads and processes share, and that the kernel releases when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType


@contextmanager
def locked(path: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file exclusively; `waiting` is called once if someone else holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _try_exclusive(descriptor):
            if waiting is not None:
                waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock file exclusively, or yield False at once when someone else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _try_exclusive(descriptor)
    finally:
        os.close(descriptor)


class Lease:
    """A claim that keeps an environment from being collected for as long as any process has it open.

    The claim belongs to the open file, not to a process: give `fileno()` to a child (`pass_fds`) and it lasts until
    the child and all of its children have ended, even if this process is gone.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def fileno(self) -> int:
        """The descriptor to hand to a child."""
        if self._descriptor is None:
            raise ValueError("The lease has been released.")
        return self._descriptor

    def release(self) -> None:
        """Give up this process's part of the claim. Unlocking would also end the part of children, so only close."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def drop_stale_leases(folder: Path) -> bool:
    """Remove the lease files that nobody holds; tell whether any is still held."""
    held = False
    for path in list(folder.glob("*")):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if _try_exclusive(descriptor):
                path.unlink(missing_ok=True)
            else:
                held = True
        finally:
            os.close(descriptor)
    return held


def _try_exclusive(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
