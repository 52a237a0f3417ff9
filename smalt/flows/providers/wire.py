"""One POST and its answer over HTTP/1.1 on the running event loop, with connections kept open for the next.

The calls of a batch wait for models in hundreds at once; a general client spends more on each than everything else in
a line together. What this leaves out (proxies, streams, blocking callers) goes through `httpx2`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

if TYPE_CHECKING:
    import ssl

_CONNECT_SECONDS = 15.0
_PROXIES = tuple(spelling for name in ("http_proxy", "https_proxy", "all_proxy") for spelling in (name, name.upper()))
_LONGEST = 256 * 1024 * 1024

Place = tuple[str, int, bool]


class Lost(Exception):
    """No answer came: the service cannot be reached, or took too long."""

    def __init__(self, message: str, *, is_slow: bool = False) -> None:
        super().__init__(message)
        self.is_slow = is_slow


@dataclass(frozen=True)
class Response:
    """An answer; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def is_direct(url: str) -> bool:
    """Whether no proxy stands between here and there."""
    # Asked before every call: where the environment names no proxy, and nothing else could, that is told at once.
    if sys.platform == "linux" and not any(map(os.environ.get, _PROXIES)):
        return True
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    return not (proxies.get(parts.scheme) or proxies.get("all")) or bool(proxy_bypass(parts.hostname or ""))


async def post(url: str, content: bytes, headers: Mapping[str, str], *, seconds: float) -> Response:
    """Send a body, and wait for the whole answer.

    Raises:
        Lost: None came.
    """
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    place = (parts.hostname or "", parts.port or (443 if is_secure else 80), is_secure)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = [f"POST {target or '/'} HTTP/1.1", f"host: {parts.netloc.rpartition('@')[2]}"]
    given = {"accept": "application/json", "user-agent": "smalt", **headers, "content-length": str(len(content))}
    head += [f"{name}: {_checked(value)}" for name, value in given.items()]
    request = "\r\n".join([*head, "", ""]).encode("latin-1") + content
    pool = _pool()
    try:
        async with asyncio.timeout(seconds):
            connection = pool.idle(place) or await pool.opened(place)
            response = await connection.ask(request)
    except TimeoutError:
        raise Lost(f"no answer within {seconds:g} seconds", is_slow=True) from None
    except (OSError, EOFError, HttpParserError) as error:
        raise Lost(f"{type(error).__name__}: {error}".rstrip(": ")) from None
    pool.give_back(place, connection)
    return response


def _checked(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise Lost("a header of the request holds a line break; check the key of the connection")
    return value


class _Pool:
    """The open connections of one event loop."""

    def __init__(self) -> None:
        self._idle: dict[Place, list[_Connection]] = {}
        self._trust: ssl.SSLContext | None = None

    def idle(self, place: Place) -> _Connection | None:
        """An open connection that nobody uses."""
        waiting = self._idle.get(place)
        while waiting:
            found = waiting.pop()
            if found.is_open:
                return found
        return None

    async def opened(self, place: Place) -> _Connection:
        """A new connection."""
        host, port, is_secure = place
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, port, ssl=self._context() if is_secure else None
            )
        return connection

    def give_back(self, place: Place, connection: _Connection) -> None:
        """Keep a connection for the next request, if it may be used again."""
        if connection.is_open:
            self._idle.setdefault(place, []).append(connection)

    def _context(self) -> ssl.SSLContext:
        """The same trust as everywhere else."""
        if self._trust is None:
            import httpx2

            self._trust = httpx2.create_ssl_context()
        return self._trust


_pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = weakref.WeakKeyDictionary()


def _pool() -> _Pool:
    loop = asyncio.get_running_loop()
    found = _pools.get(loop)
    if found is None:
        found = _pools[loop] = _Pool()
    return found


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self) -> None:
        self.is_open = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    async def ask(self, request: bytes) -> Response:
        """Send a request and wait for its answer; given up, the connection is closed."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = HttpResponseParser(self)
        self._headers, self._body, self._size = {}, [], 0
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self._close()
            raise
        finally:
            self._answer = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.is_open = transport, True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._answer is None or self._answer.done():
            return
        if self._headers and "content-length" not in self._headers and error is None:
            self.on_message_complete()  # an answer that ends with the connection
        else:
            self._answer.set_exception(error or EOFError("the service closed the connection"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(error)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > _LONGEST:
            self._fail(OSError(f"the answer is longer than {_LONGEST} bytes"))
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # a word in between, before the answer
            self._headers, self._body = {}, []
            return
        if not self._parser.should_keep_alive():
            self._close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Response(status, self._headers, b"".join(self._body)))

    def _fail(self, error: Exception) -> None:
        self._close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()
