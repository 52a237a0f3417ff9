"""A connection to a worker: one request at a time, kept open between them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import socket
import struct
import termios
from typing import Any, Protocol

import httptools

from smalt.gateway.table import WorkerEntry

Header = tuple[bytes, bytes]
_LONGEST_SOCKET_NAME = 100
_WHOLE_HEAD = re.compile(
    rb"HTTP/1\.1 (200|201|400|422|500) [^\r\n]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*"
    rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*)\r\n\r\n"
)


class Carried(Protocol):
    """A request that is at a worker, as its connection sees it."""

    is_uploaded: bool

    def request_bytes(self, worker: WorkerEntry) -> bytes:
        """The request for a worker, as much of it as is here."""

    def on_head(self, status: int, headers: list[Header]) -> None:
        """The worker has begun to answer."""

    def on_piece(self, piece: bytes) -> None:
        """More of the answer."""

    def on_end(self) -> None:
        """The answer is whole."""

    def flush(self) -> None:
        """Write what has come."""

    def on_released(self) -> None:
        """The worker is free again."""

    def on_link_lost(self, *, was_unread: bool) -> None:
        """The worker is gone in the middle of it, or before it had read the request."""

    def pause_request(self) -> None:
        """The worker takes the body more slowly than it comes in."""

    def resume_request(self) -> None:
        """It goes on."""


class Place(Protocol):
    """The place of a worker in a pool, to which connections are given back."""

    entry: WorkerEntry

    def forget_pace(self) -> None:
        """The worker does not go on as it did."""

    def on_released(self, link: Link, *, is_reusable: bool) -> None:
        """A request has been answered."""

    def on_closed(self, link: Link, *, was_busy: bool) -> None:
        """A connection is gone."""

    def on_lost(self) -> None:
        """The other side has left in the middle of a request."""


class Link(asyncio.Protocol):
    """A connection that belongs to a worker's place in a pool."""

    def __init__(self, worker: Place) -> None:
        self.worker = worker
        self.exchange: Carried | None = None
        self.is_busy = False
        self.is_closed = False
        self._transport: Any = None  # Any: of the loop
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: list[Header] = []
        self._is_done = False
        self._keeps_alive = False
        self._is_parsing = False
        self._ends_with_connection = False
        self._is_spent = False

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self._transport = transport

    def connection_lost(self, exc: BaseException | None) -> None:
        """See `asyncio.Protocol`."""
        self.is_closed = True
        exchange, self.exchange = self.exchange, None
        was_busy, self.is_busy = self.is_busy, False
        if exchange is not None and exc is None and self._ends_with_connection:
            exchange.on_end()
            exchange.flush()
            exchange.on_released()
        elif exchange is not None:
            self.worker.on_lost()
            exchange.on_link_lost(was_unread=self._was_unread(exc))
        self.worker.on_closed(self, was_busy=was_busy)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if not self.is_busy:
            self.close()  # Nothing was asked.
            return
        if not self._take_whole(data):
            self._is_parsing = True
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserError:
                self.close()
                return
        exchange = self.exchange
        if exchange is not None:
            exchange.flush()
        if self._is_done:
            self._release()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self.exchange is not None:
            self.exchange.pause_request()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self.exchange is not None:
            self.exchange.resume_request()

    @property
    def is_open(self) -> bool:
        """Whether something can be sent: it is neither closed nor about to be, though nobody has been told yet."""
        return not self.is_closed and not self._transport.is_closing()

    def start(self, exchange: Carried) -> None:
        """Send a request, as much of it as is here, over a connection that is open."""
        self.exchange = exchange
        self.is_busy = True
        self._is_done = self._is_parsing = False
        self._headers = []
        self._transport.write(exchange.request_bytes(self.worker.entry))

    def send(self, piece: bytes) -> None:
        """Send more of the request."""
        if self._transport is not None and not self.is_closed:
            self._transport.write(piece)

    def leave(self) -> None:
        """Let the worker finish, though nobody waits for the answer; its place stays taken until then."""
        self.exchange = None
        self.resume()

    def withdraw(self) -> bool:
        """Take the request back from a worker that has read nothing of it yet; whether that is so.

        The worker looks for the end of what we send after it has read a request, and before it begins with it. So what
        is still unread after that end was set will never be scored.
        """
        if self.exchange is None or self._transport.get_write_buffer_size() or not self._lies_unread():
            return False
        self._is_spent = True
        with socket.socket(fileno=os.dup(self._descriptor())) as twin:
            twin.shutdown(socket.SHUT_WR)
        if not self._lies_unread():
            return False
        self.exchange = None
        self.close()
        return True

    def pause(self) -> None:
        """Take no more of the answer for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Go on."""
        if self._transport is not None and not self.is_closed:
            self._transport.resume_reading()

    def close(self) -> None:
        """Close it; a request in flight is lost."""
        if self._transport is not None and not self.is_closed:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """See `httptools`."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """See `httptools`."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = []
            return
        self._keeps_alive = self._parser.should_keep_alive()
        # As the servers of some images tell the end of an answer; ours say its length.
        told = {name for name, _ in self._headers}
        self._ends_with_connection = not self._keeps_alive and not told & {b"content-length", b"transfer-encoding"}
        if self.exchange is not None:
            self.exchange.on_head(status, self._headers)

    def on_body(self, piece: bytes) -> None:
        """See `httptools`."""
        if self.exchange is not None:
            self.exchange.on_piece(piece)

    def on_message_complete(self) -> None:
        """See `httptools`."""
        if self._parser.get_status_code() >= 200:
            self._is_done = True
            if self.exchange is not None:
                self.exchange.on_end()

    def _take_whole(self, data: bytes) -> bool:
        """Take an answer that came in one piece and says its length, as nearly all do: no parser is as quick as this.

        Anything that is not exactly of that form is left to the parser.
        """
        match = None if self._is_parsing else _WHOLE_HEAD.match(data)
        if match is None:
            return False
        headers = []
        length: bytes | None = None
        keeps_alive = True
        for line in match[2].split(b"\r\n"):
            name, _, value = line.partition(b": ")
            name = name.lower()
            if name == b"content-length":
                if length is not None:
                    return False
                length = value
            elif name == b"connection":
                keeps_alive = value.lower() == b"keep-alive"
            elif name in (b"transfer-encoding", b"upgrade"):
                return False
            headers.append((name, value))
        if length is None or not length.isdigit() or len(data) != match.end() + int(length):
            return False
        self._keeps_alive = keeps_alive
        self._is_done = True
        if self.exchange is not None:
            self.exchange.on_head(int(match[1]), headers)
            if len(data) > match.end():
                self.exchange.on_piece(data[match.end() :])
            self.exchange.on_end()
        return True

    def _lies_unread(self) -> bool:
        """Whether the other side of a socket of this machine has yet to read something."""
        if self.is_closed or not self.worker.entry.address.startswith("unix:"):
            return False
        found: int = struct.unpack("i", fcntl.ioctl(self._descriptor(), termios.TIOCOUTQ, bytes(4)))[0]
        return found > 0

    def _descriptor(self) -> int:
        return int(self._transport.get_extra_info("socket").fileno())

    def _was_unread(self, exc: BaseException | None) -> bool:
        """Whether the worker died before it had read the request: it then scored nothing, and another one may.

        On a socket of this machine the system says so: closing with something unread is a reset, and writing to a
        closed socket delivers nothing. Over a network neither proves anything.
        """
        is_local = self.worker.entry.address.startswith("unix:")
        return is_local and isinstance(exc, (ConnectionResetError, BrokenPipeError))

    def _release(self) -> None:
        exchange, self.exchange = self.exchange, None
        self.is_busy = False
        is_reusable = self._keeps_alive and not self.is_closed and not self._is_spent
        if exchange is not None:
            exchange.on_released()
            # The upload goes on though the answer is there: this connection cannot take another request.
            is_reusable = is_reusable and exchange.is_uploaded
        self.worker.on_released(self, is_reusable=is_reusable)


async def connect(worker: Place) -> Link:
    """Open a connection to a worker.

    Raises:
        OSError: Nobody listens there; nothing has been sent.
    """
    loop = asyncio.get_running_loop()
    kind, _, place = worker.entry.address.partition(":")
    if kind == "unix":
        if len(os.fsencode(place)) < _LONGEST_SOCKET_NAME:
            _, link = await loop.create_unix_connection(lambda: Link(worker), place)
            return link
        # Names of sockets are short; a long path is entered through its folder.
        folder, _, name = place.rpartition("/")
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _, link = await loop.create_unix_connection(lambda: Link(worker), f"/proc/self/fd/{handle}/{name}")
            return link
        finally:
            os.close(handle)
    host, _, port = place.rpartition(":")
    _, link = await loop.create_connection(lambda: Link(worker), host, int(port))
    return link
