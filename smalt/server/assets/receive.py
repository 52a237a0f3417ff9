"""Brings the body of a request from the event loop to a function that reads it in a thread.

Neither side polls and neither runs far ahead: a slow disk slows the sender down, a slow sender holds no more than one
waiting thread, and that from a pool of its own, so that uploads never keep other work from running.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE_BYTES = 1024 * 1024
_CHUNKS_AHEAD = 8
_UPLOADS = ThreadPoolExecutor(64, thread_name_prefix="upload")


async def receive(body: AsyncIterator[bytes], consume: Callable[[Iterator[bytes]], T]) -> T:
    """What `consume` makes of the body. It may stop reading early; when the body breaks off it sees ConnectionError.

    Args:
        body: The pieces as they come.
        consume: Called once, in a thread.
    """
    first: list[bytes] = []
    size = 0
    async for chunk in body:
        first.append(chunk)
        size += len(chunk)
        if size > _AT_ONCE_BYTES:
            return await _feed(first, body, consume)
    return await asyncio.to_thread(consume, iter(first))


async def _feed(first: list[bytes], body: AsyncIterator[bytes], consume: Callable[[Iterator[bytes]], T]) -> T:
    pipe = _Pipe()
    work = asyncio.get_running_loop().run_in_executor(_UPLOADS, consume, chain(first, pipe.chunks()))
    work.add_done_callback(lambda _: pipe.close())
    try:
        async for chunk in body:
            if not await pipe.put(chunk):
                break
    except BaseException:
        # Cancelling included: a thread that waits for ever would keep the process from ending.
        pipe.end(ConnectionError("The upload was broken off."))
        await asyncio.wait([work])
        raise
    pipe.end()
    return await work


class _Pipe:
    """A few chunks between the event loop, which puts, and one thread, which takes."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(_CHUNKS_AHEAD)
        self._queue: SimpleQueue[bytes | ConnectionError | None] = SimpleQueue()
        self._is_closed = False

    async def put(self, chunk: bytes) -> bool:
        """Hand over when there is room; False when nobody reads any more."""
        await self._room.acquire()
        if not self._is_closed:
            self._queue.put(chunk)
        return not self._is_closed

    def end(self, failure: ConnectionError | None = None) -> None:
        """Nothing more comes."""
        self._queue.put(failure)

    def close(self) -> None:
        """Nobody reads any more."""
        self._is_closed = True
        self._room.release()

    def chunks(self) -> Iterator[bytes]:
        """For the thread."""
        while True:
            item = self._queue.get()
            if item is None:
                return
            if isinstance(item, ConnectionError):
                raise item
            self._loop.call_soon_threadsafe(self._room.release)
            yield item
