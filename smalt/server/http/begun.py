"""A coroutine that was begun without a task, and met something to wait for."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """Its rest, to be awaited in a task. (From Python 3.12 on asyncio can begin tasks so by itself.)

    Args:
        coroutine: Has been sent None once.
        awaited: What it gave back: the future that it waits for.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T], awaited: Any) -> None:  # Any: what a task gets from it
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, T]:
        awaited = self._awaited
        try:
            while True:
                try:
                    sent = yield awaited
                except BaseException as error:  # for the coroutine, such as that its task is cancelled
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(sent)
        except StopIteration as done:
            found: T = done.value
            return found
