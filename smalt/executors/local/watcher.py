"""One thread that hears of every supervisor: of its end through a pidfd, of its phases through a FIFO."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)

_ENDED = "ENDED"
"""Follows a name, after a tab, when the job's last state is written."""


class Watcher:
    """Calls back when a job has changed. A hint to look, never the truth: that is in the job's folder.

    Args:
        fifo: Where supervisors write the names of jobs whose phase changed; made here.
        on_change: Called in the watcher's thread with the job's name.
        on_end: Called likewise, in its place, when the supervisor says its last word: nothing has to be looked for, and
            nobody is told again when the process itself has ended.
    """

    def __init__(self, fifo: Path, on_change: Callable[[str], None], on_end: Callable[[str], None]) -> None:
        fifo.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(fifo, 0o600)
        self._fifo = fifo
        self._on_change = on_change
        self._on_end = on_end
        # Open for both directions, so that it never reads as closed while no supervisor writes.
        self._changes = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._wake_reader, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._changes, selectors.EVENT_READ, None)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._guard = threading.Lock()
        self._watched: set[str] = set()
        self._over: set[str] = set()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._partial = b""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smalt-local-executor", daemon=True)
        self._thread.start()

    def add(
        self, name: str, pid: int, handle: int | None = None, *, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        """Watch a supervisor until it ends; a child of ours is reaped then.

        Args:
            name: The job's name.
            pid: The supervisor's process id.
            handle: A descriptor of that process, which is taken over.
            child: The process, if it is a child of ours.
        """
        with self._guard:
            if child is not None:
                self._children[name] = child
            if name in self._watched:
                if handle is not None:
                    os.close(handle)
                return
            try:
                handle = os.pidfd_open(pid) if handle is None else handle
            except ProcessLookupError:
                return
            self._watched.add(name)
            self._selector.register(handle, selectors.EVENT_READ, name)
        self._wake()

    def close(self) -> None:
        """Stop watching; supervisors are left alone."""
        self._closed.set()
        self._wake()
        self._thread.join()
        self._fifo.unlink(missing_ok=True)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        for child in self._children.values():
            # They outlive us on purpose; without this Popen would complain that they still run.
            child.returncode = 0
        self._selector.close()
        os.close(self._wake_writer)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_writer, b"\0")

    def _run(self) -> None:
        while not self._closed.is_set():
            for key, _ in self._selector.select():
                if key.fd == self._wake_reader:
                    os.read(self._wake_reader, 4096)
                elif key.fd == self._changes:
                    self._hear()
                else:
                    self._note_end(key)

    def _note_end(self, key: selectors.SelectorKey) -> None:
        name: str = key.data
        with self._guard:
            self._selector.unregister(key.fd)
            os.close(key.fd)
            self._watched.discard(name)
            child = self._children.pop(name, None)
            is_over = name in self._over
            self._over.discard(name)
        if child is not None:
            child.wait()
        if not is_over:
            self._call(self._on_change, name)

    def _hear(self) -> None:
        try:
            heard = self._partial + os.read(self._changes, 65536)
        except BlockingIOError:
            return
        *lines, self._partial = heard.split(b"\n")
        for line in dict.fromkeys(lines):
            name, _, word = line.decode("utf-8", "replace").partition("\t")
            self._note(name, is_over=word == _ENDED)

    def _note(self, name: str, *, is_over: bool) -> None:
        if not is_over:
            self._call(self._on_change, name)
            return
        with self._guard:
            if name in self._watched:
                self._over.add(name)
        self._call(self._on_end, name)

    def _call(self, listener: Callable[[str], None], name: str) -> None:
        try:
            listener(name)
        except Exception:
            _log.exception("A listener failed on the change of job %r.", name)
