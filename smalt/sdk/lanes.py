"""A few threads that work side by side on bounded work: nothing queues up in memory, the first failure ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

COUNT = 4


class Lanes:
    """Runs functions on `count` threads; `run` waits until one is free."""

    def __init__(self, count: int = COUNT) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="smalt-transfer")
        self._free = threading.BoundedSemaphore(count)
        self._failure: BaseException | None = None

    def run(self, work: Callable[[], object]) -> Future[object]:
        """Start `work` on a free thread.

        Raises:
            BaseException: What earlier work has raised.
        """
        self._free.acquire()
        if self._failure is not None:
            self._free.release()
            raise self._failure
        return self._pool.submit(self._do, work)

    def _do(self, work: Callable[[], object]) -> object:
        try:
            return work() if self._failure is None else None
        except BaseException as error:
            self._failure = self._failure or error
            raise
        finally:
            self._free.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._failure is None:
            self._failure = error
        self._pool.shutdown(wait=True)
        if error is None and self._failure is not None:
            raise self._failure
