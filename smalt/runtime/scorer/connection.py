"""One connection to a worker: requests one after the other, answers whole or in pieces as fast as they are taken."""

from __future__ import annotations

import asyncio
import select
import socket

from .handler import refusal
from .http11 import LAST_CHUNK, Answer, Reader, Refused, chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .desk import Desk
    from .http11 import Request

_END: Any = object()
_BUFFER_BYTES = 64 << 10


class Connections:
    """All connections of a worker.

    Args:
        desk: Where requests are scored.
        max_body_bytes: Larger bodies are refused.
        loop: Of the worker.
    """

    def __init__(self, desk: Desk, max_body_bytes: int, loop: asyncio.AbstractEventLoop) -> None:
        self.desk = desk
        self.max_body_bytes = max_body_bytes
        self.loop = loop
        self.is_draining = False
        self.open: set[Connection] = set()
        self.on_idle: Any = None  # Any: what is called when nothing is in the works any more
        # What comes is read into this by all of them in turn. The loop would otherwise map and free 256 KiB for each
        # request, which takes it more time than all else that it does.
        self.buffer = memoryview(bytearray(_BUFFER_BYTES))

    def make(self) -> Connection:
        """A new one, for the loop."""
        return Connection(self)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return not any(each.is_busy for each in self.open)

    def close_idle(self) -> None:
        """Close those on which nothing happens."""
        for each in list(self.open):
            if not each.is_busy:
                each.close()

    def settled(self) -> None:
        """A request has been answered."""
        if self.is_draining and self.on_idle is not None and self.is_idle:
            self.on_idle()


class Connection(asyncio.BufferedProtocol):
    """One of them."""

    def __init__(self, all_of_them: Connections) -> None:
        self._all = all_of_them
        self._reader = Reader(all_of_them.max_body_bytes)
        self._transport: Any = None  # Any: of the loop
        self._can_write: asyncio.Event | None = None
        self._other_side: Any = None  # Any: a poll, where it can be asked whether the other side has ended
        self._streaming: Any = None  # Any: the task that sends pieces; the loop itself would not keep it alive
        self.is_busy = False

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._transport = transport
        own = transport.get_extra_info("socket")
        if own is not None and own.family == socket.AF_UNIX:
            self._other_side = select.poll()
            self._other_side.register(own.fileno(), select.POLLRDHUP)
        self._all.open.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._all.open.discard(self)
        self._transport = None
        if self._can_write is not None:
            self._can_write.set()
        self._all.settled()

    def get_buffer(self, sizehint: int) -> memoryview:
        """See `asyncio.BufferedProtocol`."""
        return self._all.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._reader.feed(self._all.buffer[:nbytes])
        if not self.is_busy:
            self._go_on()
        elif self._transport is not None:
            self._transport.pause_reading()  # The next request waits in the socket, not in our memory.

    def pause_writing(self) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._can_write = asyncio.Event()

    def resume_writing(self) -> None:
        """See `asyncio.BufferedProtocol`."""
        if self._can_write is not None:
            self._can_write.set()
            self._can_write = None

    def close(self) -> None:
        """Close it once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def _go_on(self) -> None:
        try:
            request = self._reader.next()
        except Refused as problem:
            self._write(refusal(problem.status, str(problem)), closes=True)
            return
        if request is None:
            if self._reader.wants_continue and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        if self._other_side is not None and self._other_side.poll(0):
            self.close()  # The gateway took it back while it lay here unread; another worker may have it by now.
            return
        self.is_busy = True
        self._all.desk.take(request, lambda answer: self._answer(request, answer))

    def _answer(self, request: Request, answer: Answer) -> None:
        if self._transport is None:
            _close(answer.pieces)
            self._settle()
            return
        closes = self._all.is_draining or not request.keeps_alive
        if request.method == "HEAD":
            answer.body, answer.pieces = b"", None
        if answer.pieces is not None:
            self._all.desk.streams += 1
            self._streaming = self._all.loop.create_task(self._stream(answer, closes))
            return
        self._write(answer, closes=closes)
        self._settle()

    def _write(self, answer: Answer, *, closes: bool) -> None:
        if self._transport is None:
            return
        self._transport.write(_head(answer, closes) + answer.body)
        if closes:
            self._transport.close()

    async def _stream(self, answer: Answer, closes: bool) -> None:
        pieces: Any = answer.pieces
        try:
            if self._transport is not None:
                self._transport.write(_head(answer, closes))
            while self._transport is not None:
                piece = await self._next(pieces)
                if piece is _END:
                    if self._transport is not None:
                        self._transport.write(LAST_CHUNK)
                    break
                if piece and self._transport is not None:
                    self._transport.write(chunk(piece))
                if self._can_write is not None:
                    await self._can_write.wait()
        except Exception as problem:
            self._all.desk.note(problem)
            closes = True  # The end is missing, which tells the other side that the answer is not whole.
        finally:
            self._all.desk.streams -= 1
            _close(pieces)
        if closes:
            self.close()
        self._settle()

    async def _next(self, pieces: Any) -> Any:
        if hasattr(pieces, "__anext__"):
            try:
                return await pieces.__anext__()
            except StopAsyncIteration:
                return _END
        return await self._all.loop.run_in_executor(self._all.desk.threads, next, pieces, _END)

    def _settle(self) -> None:
        self.is_busy = False
        self._all.settled()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            if not self._reader.is_idle:
                self._all.loop.call_soon(self._resume)

    def _resume(self) -> None:
        if not self.is_busy:
            self._go_on()


def _head(answer: Answer, closes: bool) -> bytes:
    try:
        return answer.head(closes=closes)
    except ValueError as problem:
        answer.status, answer.pieces = 500, None
        answer.body = b'{"message": "An unexpected error occurred in scoring script. Check the logs for more info."}'
        answer.headers = [("content-type", "application/json"), ("x-ms-run-function-failed", "True")]
        print(f"Encountered Exception: {problem}", flush=True)
        return answer.head(closes=closes)


def _close(pieces: Any) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        try:
            close()
        except Exception as problem:  # the rim of user code
            print(f"Closing an answer failed: {problem}", flush=True)
