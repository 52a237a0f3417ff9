"""Runs a coroutine to its end for a caller that does not await, also in notebooks, whose loop is busy with the cell.

`asyncio` is imported where a loop is needed: to load it takes longer than to run a line of plain functions.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

Answer = TypeVar("Answer")


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer of a coroutine. An interrupt of the caller cancels it, and is raised when it has ended."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    answer: Answer = _Aside(work).run()
    return answer


def run_straight(work: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer of a coroutine that never waits for anything, without a loop."""
    try:
        work.send(None)
    except StopIteration as ended:
        answer: Answer = ended.value
        return answer
    work.close()
    raise RuntimeError("a coroutine that should not wait has waited")


def is_running() -> bool:
    """Whether this thread runs a loop."""
    loaded = sys.modules.get("asyncio")
    return loaded is not None and loaded._get_running_loop() is not None


class _Aside:
    """A coroutine in a thread with a loop of its own."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._answer: Any = None
        self._error: BaseException | None = None

    def run(self) -> Any:  # Any: the answer of the work
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(self._serve,), name="smalt-flow-run", daemon=True)
        thread.start()
        try:
            thread.join()
        except KeyboardInterrupt:
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)
            thread.join()
            raise
        if self._error is not None:
            raise self._error
        return self._answer

    def _serve(self) -> None:
        import asyncio

        async def held() -> Any:  # Any: as above
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            return await self._work

        try:
            self._answer = asyncio.run(held())
        except BaseException as error:
            self._error = error
