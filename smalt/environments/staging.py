"""Folders for work in progress, of which a sweep can tell the live ones from those that a dead process left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_YOUNG_SECONDS = 60


class Staging:
    """Folders below a root, each locked by whoever works in it.

    Args:
        root: On the file system that results are moved to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """A fresh folder, removed in the end."""
        self._root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=self._root))
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(descriptor)
            shutil.rmtree(folder, ignore_errors=True)

    def discard(self, prefix: Path) -> None:
        """Make a folder invisible in one step, then remove it."""
        with self.folder("discarded") as folder:
            prefix.rename(folder / "prefix")

    def sweep(self) -> None:
        """Remove the folders whose process has ended."""
        for folder in self._root.glob("*"):
            with contextlib.suppress(OSError):
                # A young folder may not have its lock yet.
                if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                    continue
                descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(descriptor)
