"""Answers that come piece by piece, which can be looked at more than once and written as text."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import copy_context
from typing import Any

Piece = Any  # Any: what generators of tools yield


class _Kept:
    """What both kinds share: the pieces so far, and what is to be done once there will be no more."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._after: Callable[[], None] | None = None
        self._is_over = False

    def __del__(self) -> None:
        # Nobody reads it to its end any more.
        with contextlib.suppress(Exception):
            self._end()

    def then(self, callback: Callable[[], None]) -> None:
        """Call once, when the last piece was read, reading has failed, or nobody can read any more."""
        self._after = callback
        if self._is_over:
            self._end()

    def so_far(self) -> str:
        """The text that was read up to now; reads nothing more."""
        return "".join(map(str, self._pieces))

    def _end(self) -> None:
        self._is_over = True
        after, self._after = self._after, None
        if after is not None:
            after()


class Stream(_Kept, Iterator[Piece]):
    """What a generator yields, kept, so that several nodes can read it. As text, all of it together.

    Args:
        source: The generator. It runs when somebody reads.
    """

    def __init__(self, source: Iterator[Piece]) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def __iter__(self) -> Iterator[Piece]:
        at = 0
        while True:
            if at == len(self._pieces):
                try:
                    self._read()
                except StopIteration:
                    return
            yield self._pieces[at]
            at += 1

    def __next__(self) -> Piece:
        if self._at == len(self._pieces):
            self._read()
        self._at += 1
        return self._pieces[self._at - 1]

    def __str__(self) -> str:
        return "".join(map(str, self))

    def _read(self) -> None:
        try:
            self._pieces.append(next(self._source))
        except BaseException:
            self._end()
            raise


class AsyncStream(_Kept, AsyncIterator[Piece]):
    """The same for asynchronous generators; as text, what was read up to now."""

    def __init__(self, source: AsyncIterator[Piece]) -> None:
        super().__init__()
        self._source = source

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self._read()

    async def _read(self) -> AsyncIterator[Piece]:
        at = 0
        while True:
            if at == len(self._pieces):
                try:
                    await anext(self)
                except StopAsyncIteration:
                    return
            yield self._pieces[at]
            at += 1

    async def __anext__(self) -> Piece:
        try:
            piece = await anext(self._source)
        except BaseException:
            self._end()
            raise
        self._pieces.append(piece)
        return piece

    async def text(self) -> str:
        """All of it."""
        return "".join([str(piece) async for piece in self])

    __str__ = _Kept.so_far


def after_streams(values: Iterable[Any], callback: Callable[[], None]) -> None:  # Any: as a flow answered
    """Call once, when what streams among some values is over; at once, when nothing does."""
    open_streams = [value for value in values if isinstance(value, _Kept)]
    left = len(open_streams)

    def one_less() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            context.run(callback)

    if not open_streams:
        callback()
        return
    # Whoever reads does so in a context of its own, where nobody knows for whom the line has run.
    context = copy_context()
    for stream in open_streams:
        stream.then(one_less)


# What nearly all tools answer. To ask whether a value is an iterator takes longer than many tools do.
_NEVER_STREAMS = frozenset((str, int, float, bool, type(None), dict, list))


def kept(value: Any) -> Any:  # Any: as a tool answered
    """A generator as a stream; anything else as it is."""
    if type(value) in _NEVER_STREAMS:
        return value
    if isinstance(value, Stream | AsyncStream):
        return value
    if isinstance(value, Iterator):
        return Stream(value)
    if isinstance(value, AsyncIterator):
        return AsyncStream(value)
    return value


def settled(value: Any) -> Any:  # Any: as a tool answered
    """A stream as the text that was read up to now, for records; anything else as it is."""
    if type(value) in _NEVER_STREAMS:
        return value
    return value.so_far() if isinstance(value, Stream | AsyncStream) else value
