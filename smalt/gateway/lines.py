"""Lines for files: gathered in memory, written by a thread, never waited for; what does not fit is counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)

_MOST_BYTES = 32 << 20
_PAUSE_SECONDS = 0.5


class LineWriter:
    """Appends lines to files. `add` may be called from one thread.

    Args:
        on_lost: Told about lines that were left out: how many, and of which file.
    """

    def __init__(self, on_lost: Callable[[Path, int], None] | None = None) -> None:
        self._lines: list[tuple[Path, bytes]] = []
        self._size = 0
        self._on_lost = on_lost
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def add(self, path: Path, line: bytes) -> bool:
        """Have a line written, its end included; False when too many wait already."""
        if self._size + len(line) > _MOST_BYTES:
            if self._on_lost is not None:
                self._on_lost(path, 1)
            return False
        self._size += len(line)
        self._lines.append((path, line))
        return True

    def close(self) -> None:
        """Write what there is, and end."""
        self._ending.set()
        self._wake.set()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            self._wake.wait(_PAUSE_SECONDS)
            is_last = self._ending.is_set()
            self._write()
            if is_last:
                return

    def _write(self) -> None:
        taken, self._lines = self._lines, []
        if not taken:
            return
        self._size = 0
        gathered: dict[Path, list[bytes]] = {}
        for path, line in taken:
            gathered.setdefault(path, []).append(line)
        for path, lines in gathered.items():
            try:
                self._append(path, b"".join(lines))
            except OSError as failure:
                _log.warning("%d lines for %s are lost: %s.", len(lines), path, failure)
                if self._on_lost is not None:
                    self._on_lost(path, len(lines))

    def _append(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(content)


class RotatedLines(LineWriter):
    """Lines of one file, which is set aside when it has grown, with the last few before it.

    Args:
        path: The file.
        limit: Its size in bytes.
        kept: How many older ones stay.
    """

    def __init__(self, path: Path, *, limit: int = 64 << 20, kept: int = 5) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        super().__init__()

    def write(self, line: bytes) -> None:
        """Add a line."""
        self.add(self._path, line)

    def _append(self, path: Path, content: bytes) -> None:
        super()._append(path, content)
        if path.stat().st_size < self._limit:
            return
        for number in range(self._kept - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        path.replace(path.with_name(f"{path.name}.1"))
