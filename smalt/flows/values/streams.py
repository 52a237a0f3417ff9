"""Answers that come piece by piece, which can be looked at more than once and written as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

Piece = Any  # Any: what generators of tools yield


class Stream(Iterator[Piece]):
    """What a generator yields, kept, so that several nodes can read it. As text, all of it together.

    Args:
        source: The generator. It runs when somebody reads.
    """

    def __init__(self, source: Iterator[Piece]) -> None:
        self._source = source
        self._pieces: list[Piece] = []
        self._at = 0

    def __iter__(self) -> Iterator[Piece]:
        at = 0
        while True:
            if at == len(self._pieces):
                try:
                    self._pieces.append(next(self._source))
                except StopIteration:
                    return
            yield self._pieces[at]
            at += 1

    def __next__(self) -> Piece:
        if self._at == len(self._pieces):
            self._pieces.append(next(self._source))
        self._at += 1
        return self._pieces[self._at - 1]

    def __str__(self) -> str:
        return "".join(map(str, self))

    def so_far(self) -> str:
        """The text that was read up to now; reads nothing more."""
        return "".join(map(str, self._pieces))


class AsyncStream(AsyncIterator[Piece]):
    """The same for asynchronous generators; as text, what was read up to now."""

    def __init__(self, source: AsyncIterator[Piece]) -> None:
        self._source = source
        self._pieces: list[Piece] = []

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self._read()

    async def _read(self) -> AsyncIterator[Piece]:
        at = 0
        while True:
            if at == len(self._pieces):
                try:
                    self._pieces.append(await anext(self._source))
                except StopAsyncIteration:
                    return
            yield self._pieces[at]
            at += 1

    async def __anext__(self) -> Piece:
        piece = await anext(self._source)
        self._pieces.append(piece)
        return piece

    async def text(self) -> str:
        """All of it."""
        return "".join([str(piece) async for piece in self])

    def so_far(self) -> str:
        """The text that was read up to now; reads nothing more."""
        return "".join(map(str, self._pieces))

    __str__ = so_far


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
