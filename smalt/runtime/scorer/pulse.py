"""What a worker tells its master without a word: since when it has been busy, in memory that both see."""

from __future__ import annotations

import mmap
import os
import struct

_SINCE = struct.Struct("d")


class Pulse:
    """The moments of all workers, by the clock that all processes of a machine share.

    Args:
        path: The file behind the memory.
        workers: How many there are.
    """

    def __init__(self, path: str, workers: int) -> None:
        size = _SINCE.size * workers
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size < size:
                os.ftruncate(handle, size)
            self._memory = mmap.mmap(handle, size)
        finally:
            os.close(handle)

    def busy_since(self, worker: int) -> float:
        """When the oldest request in the hands of a worker began; 0 while it has none."""
        since: float = _SINCE.unpack_from(self._memory, worker * _SINCE.size)[0]
        return since

    def set(self, worker: int, since: float) -> None:
        """Tell it."""
        _SINCE.pack_into(self._memory, worker * _SINCE.size, since)
