"""One HTTP connection, bounded: what it sends must come in time and in size, and many of them starve nobody else."""

from __future__ import annotations

import asyncio
import logging
import re
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from smalt.server.http import Call, Rendered

_log = logging.getLogger(__name__)

_PROMPT_BYTES = 64 * 1024
_PROMPT_URL = 1024
_IN_PACKET = 16
# What a prompt call has not: they are read with more care than it takes time for.
_SPECIAL = re.compile(rb"[^!-~]|[%?#]|^//|^[^/]")
_ORDINARY = frozenset(
    (b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto")
)


@dataclass(frozen=True)
class Bounds:
    """What a connection may take.

    Args:
        head_bytes: Of request line and headers together.
        head_seconds: From the first byte of a request, or from the connection, to the end of its headers.
        pace_seconds: A body must bring `pace_bytes` in every span of this length while it is read, and an answer must
            be taken up at all.
        pace_bytes: See `pace_seconds`.
        connections: Open ones on one listener; beyond it the one that has waited longest without a request goes.
        sweep_seconds: How often they are looked at.
    """

    head_bytes: int = 64 * 1024
    head_seconds: float = 30
    pace_seconds: float = 60
    pace_bytes: int = 4096
    connections: int = 4096
    sweep_seconds: float = 1


def room_for_connections(wanted: int) -> int:
    """Raise this process's own limit of open files; how many connections each of two listeners may then hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4 * wanted if hard == resource.RLIM_INFINITY else min(4 * wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
        soft = enough
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft // 4)


class Prompt(Protocol):
    """An application that answers small calls as soon as they have come, without the ways of ASGI between."""

    def foresee(self, scope: Scope) -> Call | None:
        """The call that a request with this head will be, if it is of that kind."""

    def begin(self, call: Call, body: bytes) -> Rendered | ASGIApp:
        """Its answer, or an application that gives it when it is there."""


def bounded(bounds: Bounds, prompt: Prompt | None = None) -> type[HttpToolsProtocol]:
    """The protocol of a listener whose connections keep these bounds.

    Args:
        bounds: What a connection may take.
        prompt: The application of the listener, when it can do more than ASGI.
    """
    shared = {"bounds": bounds, "prompt": prompt, "sweeper": _Sweeper(bounds.sweep_seconds)}
    return type("BoundedConnection", (_Connection,), shared)


@dataclass(frozen=True)
class _Refusal:
    """An answer that is given without the application; an ASGI application itself."""

    status: int
    code: str
    message: str

    def body(self) -> bytes:
        return msgspec.json.encode({"error": {"code": self.code, "message": self.message}})

    def raw(self) -> bytes:
        body = self.body()
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        return STATUS_LINE[self.status] + head.encode() + body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self.body()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


_MALFORMED = _Refusal(
    400, "MalformedRequest", "This is no HTTP request that could be understood. Send one header of each kind, in ASCII."
)
_BUSY = _Refusal(503, "ServerBusy", "Every connection of this server is at work. Try again in a few seconds.")


class _Connection(HttpToolsProtocol):
    """A connection that is watched while it waits for something from the other side."""

    bounds: Bounds
    prompt: Prompt | None
    sweeper: _Sweeper

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: those of uvicorn
        super().__init__(*arguments, **options)
        # The prompt call whose body comes, that body, and whether the last call was answered so.
        self._call: Call | None = None
        self._body = b""
        self._was_prompt = False
        # The last head that was found plain.
        self._plain: tuple[bytes, str, list[tuple[bytes, bytes]]] | None = None
        self._answered_in_packet = 0
        self._head_bytes = 0
        self._in_head = True
        self._is_begun = False
        self._since = 0.0
        self._came = 0
        self._left = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing has been asked that is not answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_sending(self) -> bool:
        """Whether the body of a request is on its way."""
        return not self._in_head

    @property
    def waiting_since(self) -> float:
        """When it last did something of use."""
        return self._since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room, or refuse."""
        self._since = self.loop.time()
        super().connection_made(transport)  # type: ignore[arg-type]  # as uvicorn narrows it
        self.sweeper.watch(self)
        if len(self.connections) > self.bounds.connections and not _make_room(self.connections, self):
            self._refuse(_BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.sweeper.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; heads that never end are refused."""
        self._came += len(data)
        self._answered_in_packet = 0
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.bounds.head_bytes and not self.transport.is_closing():
            self._refuse(self._too_large)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_begun = True
        self._since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has come: hand the request on, unless it is too large, or will be a prompt call."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.bounds.head_bytes:
            self._hand_on(self._too_large)
        else:
            self._call = self._foreseen()
            if self._call is None:
                self._hand_on(self.app)
        self._in_head = False
        self._since, self._came = self.loop.time(), 0

    def on_body(self, body: bytes) -> None:
        """Some of the body has come."""
        if self._call is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """The body has come; the next head begins."""
        self._in_head, self._is_begun = True, False
        self._head_bytes = 0
        self._since = self.loop.time()
        if self._call is None:
            super().on_message_complete()
            return
        call, body = self._call, self._body
        self._call, self._body = None, b""
        self._answer(call, body)

    def on_response_complete(self) -> None:
        """The answer is out."""
        self._since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser does not understand, in the envelope of all refusals."""
        self._refuse(_MALFORMED)

    def check(self, now: float) -> None:
        """End the connection if the other side has let its time go by."""
        if self.transport.is_closing():
            self._check_taken(now)
        elif self._in_head and self.is_idle:
            self._check_head(now)
        elif not self._in_head:
            self._check_body(now)
        else:
            self._check_taken(now)

    def _hand_on(self, application: Any) -> None:  # Any: ASGI as uvicorn types it
        ours, self.app = self.app, application
        try:
            super().on_headers_complete()
        finally:
            self.app = ours
        self._was_prompt = False

    def _foreseen(self) -> Call | None:
        """The prompt call that this head announces: a small one, on a connection that waits for nothing else."""
        if self.prompt is None or not self.is_idle or self.flow.write_paused or len(self.url) > _PROMPT_URL:
            return None
        if self._answered_in_packet >= _IN_PACKET:
            return None  # Others have their turn between those that follow.
        head = (self.url, self.parser.get_http_version(), self.headers)
        if head != self._plain:  # Who has much to say says it under the same head.
            if not self._is_plain():
                return None
            self._plain = head
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["path"], self.scope["raw_path"] = self.url.decode("ascii"), self.url
        self.scope["query_string"] = b""
        return self.prompt.foresee(self.scope)  # type: ignore[arg-type]  # as uvicorn narrows it

    def _is_plain(self) -> bool:
        """Whether nothing about this head asks for more than a prompt call can."""
        if _SPECIAL.search(self.url) or not self.parser.should_keep_alive() or self.parser.get_http_version() != "1.1":
            return False
        names = dict(self.headers)
        length = names.get(b"content-length", b"")
        if b"authorization" not in names or not names.keys().isdisjoint(_ORDINARY):
            return False
        return length.isdigit() and int(length) <= _PROMPT_BYTES

    def _answer(self, call: Call, body: bytes) -> None:
        assert self.prompt is not None  # it has foreseen the call
        begun = self.prompt.begin(call, body)
        if not isinstance(begun, Rendered):
            self._hand_on(begun)
            super().on_message_complete()
            return
        headers = [*self.server_state.default_headers, *begun.headers]
        head = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[begun.status], head, begun.body))
        self._was_prompt = True
        self._answered_in_packet += 1

    def _check_head(self, now: float) -> None:
        if self._was_prompt and not self._is_begun:
            if now - self._since > self.timeout_keep_alive:
                self.transport.close()
            return
        # Between two requests the time to keep a connection counts, which is uvicorn's.
        if (self._is_begun or self.cycle is None) and now - self._since > self.bounds.head_seconds:
            self._refuse(
                _Refusal(
                    408,
                    "RequestTimeout",
                    f"The head of the request did not come within {self.bounds.head_seconds:g} s. Send it at once.",
                )
            )

    def _check_body(self, now: float) -> None:
        if self.flow.read_paused or self._came >= self.bounds.pace_bytes:
            self._since, self._came = now, 0  # it is we who are slow, or it keeps the pace
        elif now - self._since > self.bounds.pace_seconds:
            self._refuse(
                _Refusal(
                    408,
                    "RequestTimeout",
                    f"The body brought less than {self.bounds.pace_bytes} bytes in {self.bounds.pace_seconds:g} s. "
                    "Send it faster, or in parts.",
                )
            )

    def _check_taken(self, now: float) -> None:
        left = self.transport.get_write_buffer_size()
        if left == 0 or left != self._left:
            self._since, self._left = now, left
        elif now - self._since > self.bounds.pace_seconds:
            self.transport.abort()

    @property
    def _too_large(self) -> _Refusal:
        return _Refusal(
            431,
            "RequestHeaderFieldsTooLarge",
            f"The head of the request has more than {self.bounds.head_bytes} bytes. Send what is long in the body.",
        )

    @property
    def _may_answer(self) -> bool:
        """Whether an answer would be to what was asked last, and the only one."""
        return self.is_idle if self._in_head or self._call is not None else not self.cycle.response_started

    def _refuse(self, refusal: _Refusal) -> None:
        if self.transport.is_closing():
            return
        if self._may_answer:
            self.transport.write(refusal.raw())
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def _make_room(connections: Iterable[Any], newest: _Connection) -> bool:
    """Close the connection that has waited longest for the other side, first of all one without a request.

    False when the requests of all have come and are being answered.
    """
    others = [one for one in connections if isinstance(one, _Connection) and one is not newest]
    waiting = [one for one in others if not one.transport.is_closing() and (one.is_idle or one.is_sending)]
    if not waiting:
        return False
    min(waiting, key=lambda one: (one.is_sending, one.waiting_since)).transport.close()
    return True


class _Sweeper:
    """Looks at every connection of a listener now and then; sleeps while there are none."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: set[_Connection] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, connection: _Connection) -> None:
        self._watched.add(connection)
        if self._timer is None:
            self._timer = connection.loop.call_later(self._seconds, self._sweep, connection.loop)

    def forget(self, connection: _Connection) -> None:
        self._watched.discard(connection)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._watched):
            try:
                connection.check(now)
            except Exception:
                _log.exception("A connection could not be looked at.")
                self._watched.discard(connection)
        self._timer = loop.call_later(self._seconds, self._sweep, loop) if self._watched else None
