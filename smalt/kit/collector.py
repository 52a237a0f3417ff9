"""When Python looks for circles of objects that nobody uses."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_holding = 0


@contextmanager
def held_off() -> Iterator[None]:
    """Have it not look meanwhile, in any thread: for what makes very many objects that go by themselves afterwards."""
    global _holding
    with _guard:
        _holding += 1
        gc.disable()
    try:
        yield
    finally:
        with _guard:
            _holding -= 1
            if not _holding:
                gc.enable()


def settle() -> None:
    """Have it never look again at what is there now: all that a server has loaded stays until its end."""
    gc.freeze()
