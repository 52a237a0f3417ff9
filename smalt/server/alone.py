"""One process at a time has a home folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smalt.errors import Conflict


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the home folder for as long as this process lives, however it ends.

    Raises:
        Conflict: Another process holds it.
    """
    with (home / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"A server runs in {home} already. See `smalt status`; stop it with `smalt down`.") from None
        yield
