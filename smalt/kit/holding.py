"""Holding a file: one process at a time works on what it stands for, and a kill lets go."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO


def take(path: Path) -> TextIO | None:
    """Hold a file until what is returned is closed, also by processes that inherit it; None if somebody holds it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_held(path: Path) -> bool:
    """Whether a process holds a file."""
    if not path.exists():
        return False
    file = take(path)
    if file is None:
        return True
    file.close()
    return False
