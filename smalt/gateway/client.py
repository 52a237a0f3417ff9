"""A caller's connection: bounded heads, requests answered in their order, backpressure both ways."""

from __future__ import annotations

import time
from asyncio import Protocol
from collections import deque
from typing import Any

import httptools

from smalt.gateway.exchange import Exchange
from smalt.gateway.refusal import Refusal
from smalt.gateway.site import Site

MAX_HEAD_BYTES = 32 << 10
MAX_HEADERS = 128
_MOST_PIPELINED = 16
_HEAD_SECONDS = 10.0
_BODY_SECONDS = 30.0
_IDLE_SECONDS = 75.0
_WRITE_SECONDS = 60.0
_LINGER_SECONDS = 2.0


class Client(Protocol):
    """One of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: Any = None  # Any: of the loop
        self._incoming: Exchange | None = None
        self._head_size = 0
        self._waiting: deque[Exchange] = deque()
        self._is_paused = False
        self._is_closing = False
        self._stuck_since: float | None = None
        self._lingers_until = 0.0
        self._moved_at = time.monotonic()

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self._transport = transport
        if not self._site.connected(self):
            self._is_closing = True
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """See `asyncio.Protocol`."""
        self._transport = None
        self._site.disconnected(self)
        waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.on_client_lost()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._moved_at = time.monotonic()
        if self._is_closing:  # What is still sent is read, so that the answer is not lost by a reset.
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded here: the request is answered as it stands, and what follows it is not read.
            self._is_closing = True
            if self._waiting:
                self._waiting[-1].keeps_alive = False
        except httptools.HttpParserCallbackError:
            self._refuse(
                Refusal(431, "HeadTooLarge", f"The head has more than {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} headers.")
            )
        except httptools.HttpParserError:
            self._refuse(Refusal(400, "BadRequest", "This is no valid HTTP/1.1 request."))

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._stuck_since = time.monotonic()
        if self._waiting:
            self._waiting[0].pause_answer()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._stuck_since = None
        if self._waiting:
            self._waiting[0].resume_answer()

    def on_message_begin(self) -> None:
        """See `httptools`."""
        self._incoming = Exchange(self._site, self)
        self._head_size = 0

    def on_url(self, piece: bytes) -> None:
        """See `httptools`."""
        assert self._incoming is not None
        self._grow(len(piece))
        self._incoming.target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """See `httptools`."""
        assert self._incoming is not None
        self._grow(len(name) + len(value))
        if len(self._incoming.headers) >= MAX_HEADERS:
            raise ValueError
        self._incoming.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """See `httptools`."""
        exchange = self._incoming
        assert exchange is not None
        exchange.method = self._parser.get_method()
        exchange.is_http10 = self._parser.get_http_version() == "1.0"
        exchange.keeps_alive = self._parser.should_keep_alive() and not self._site.is_draining
        self._waiting.append(exchange)
        if len(self._waiting) == 1:
            exchange.begin()
        elif len(self._waiting) >= _MOST_PIPELINED:
            self.pause()

    def on_body(self, piece: bytes) -> None:
        """See `httptools`."""
        exchange = self._incoming
        if exchange is None:
            return
        exchange.on_request_piece(piece)
        if not exchange.is_begun and exchange.body_size > MAX_HEAD_BYTES:
            self.pause()  # Pipelined behind another request: no more of it until that one is answered.

    def on_message_complete(self) -> None:
        """See `httptools`."""
        exchange, self._incoming = self._incoming, None
        if exchange is not None:
            exchange.on_request_end()

    def write(self, content: bytes) -> None:
        """Send a part of the present answer."""
        if self._transport is not None:
            self._moved_at = time.monotonic()
            self._transport.write(content)

    def pause(self) -> None:
        """Take no more from the caller for now."""
        if self._transport is not None and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Go on."""
        if self._transport is not None and self._is_paused and not self._is_closing:
            self._is_paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """End the connection in the middle of an answer."""
        if self._transport is not None:
            self._transport.abort()

    def on_answered(self, exchange: Exchange) -> None:
        """The present request has its answer; the next one begins."""
        if not self._waiting or self._waiting[0] is not exchange:
            return
        self._waiting.popleft()
        if self._incoming is exchange:
            self._incoming = None
        if not exchange.keeps_alive:
            self._linger() if not exchange.is_uploaded else self.close()
            return
        self.resume()
        if self._waiting:
            self._waiting[0].go()

    def close(self) -> None:
        """Close it when everything is written."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()

    def _linger(self) -> None:
        """Close our side; read and forget what the other one is still sending, for a moment."""
        self._is_closing = True
        self._lingers_until = time.monotonic() + _LINGER_SECONDS
        if self._transport is None:
            return
        self._is_paused = False
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def close_if_idle(self) -> bool:
        """Close it if nothing is asked on it; whether that is so."""
        if self._waiting or self._incoming is not None or self._is_closing:
            return False
        self.close()
        return True

    def check(self, now: float) -> None:
        """Close what does not move: callers that send or read too slowly, and connections nobody uses."""
        if self._lingers_until and now > self._lingers_until:
            self.abort()
            return
        if self._stuck_since is not None and now - self._stuck_since > _WRITE_SECONDS:
            self.abort()
        quiet = now - self._moved_at
        current = self._waiting[0] if self._waiting else None
        if current is not None and not current.is_uploaded and not self._is_paused and quiet > _BODY_SECONDS:
            current.refuse(Refusal(408, "SlowRequest", f"No more of the body came for {_BODY_SECONDS:g} s."))
        elif current is None and self._incoming is not None and now - self._incoming.began_at > _HEAD_SECONDS:
            self._refuse(Refusal(408, "SlowRequest", f"The head was not whole after {_HEAD_SECONDS:g} s."))
        elif current is None and self._incoming is None and quiet > _IDLE_SECONDS:
            self.close()

    def _grow(self, size: int) -> None:
        self._head_size += size + 4
        if self._head_size > MAX_HEAD_BYTES:
            raise ValueError

    def _refuse(self, refusal: Refusal) -> None:
        """Answer something that is no whole request, after those that were before it."""
        incoming = self._incoming
        current = self._waiting[-1] if self._waiting else None
        if current is not None and not current.is_over and current.sent_at:
            self.abort()  # The answer of another request is on its way; nothing can be said in between.
            return
        exchange = incoming if incoming is not None else Exchange(self._site, self)
        exchange.client = self
        exchange.keeps_alive = False
        if current is not exchange:
            self._waiting.append(exchange)
        exchange.is_begun = True
        exchange.request_id = exchange.request_id or b"-"
        if self._waiting[0] is exchange:
            exchange.refuse(refusal)
        else:
            self.abort()
