"""Connections that never end, never begin, or come in crowds: each is bounded, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from smalt.server.connection import Bounds, Prompt, bounded
from smalt.server.http import Rendered

Serve = Callable[..., int]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def echo(scope, receive, send) -> None:
    """Answer with the size of the body; a large answer for those who ask."""
    request = Request(scope, receive)
    body = await request.body()
    size = int(request.query_params.get("answer", "0"))
    await PlainTextResponse("x" * size if size else str(len(body)))(scope, receive, send)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A listener with bounds of one's own; its port."""
    with ExitStack() as stack:

        def start(bounds: Bounds, application: ASGIApp = echo, prompt: Prompt | None = None) -> int:
            listener = socket.create_server(("127.0.0.1", 0))
            http = bounded(bounds, prompt)
            options = {"ws": "none", "log_config": None, "lifespan": "off", "timeout_keep_alive": 0.3}
            config = uvicorn.Config(application, http=http, **options)
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None  # uvicorn asks for the main thread otherwise
            running = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
            running.start()
            stack.callback(running.join)
            stack.callback(lambda: setattr(server, "should_exit", True))
            return listener.getsockname()[1]

        yield start


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def everything(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    found = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return found
        if not piece:
            return found
        found += piece


QUICK = Bounds(head_seconds=0.2, pace_seconds=0.2, sweep_seconds=0.05)


@pytest.mark.parametrize("begun", [b"", b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_a_head_that_does_not_come_ends_the_connection(serve, begun):
    with connected(serve(QUICK)) as slow:
        slow.sendall(begun)

        told = everything(slow)

    assert told.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"RequestTimeout"' in told


def test_a_second_head_that_does_not_come_ends_the_connection(serve):
    with connected(serve(QUICK)) as slow:
        slow.sendall(GET + b"GET / HT")

        told = everything(slow)

    assert told.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in told


def test_a_body_that_does_not_come_ends_the_connection(serve):
    with connected(serve(QUICK)) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nten bytes.")

        told = everything(slow)

    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"Send it faster" in told


class Hello:
    """Answers at once whoever sends a small body."""

    def foresee(self, scope):
        return scope

    def begin(self, call, body):
        return Rendered(200, [(b"content-length", b"5")], b"hello")


POST = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n"


def test_a_body_that_would_be_answered_at_once_and_does_not_come_ends_the_connection(serve):
    with connected(serve(QUICK, prompt=Hello())) as slow:
        slow.sendall(POST + b"{")

        told = everything(slow)

    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"Send it faster" in told


def test_a_connection_that_was_answered_at_once_is_kept_for_a_while_and_closed_without_a_word(serve):
    with connected(serve(QUICK, prompt=Hello())) as idle:
        idle.sendall(POST + b"{}" + POST + b"{}")

        told = everything(idle)

    assert told.count(b"HTTP/1.1 200 ") == 2
    assert told.endswith(b"hello")


def test_what_is_unusual_about_a_request_takes_it_the_general_way(serve):
    port = serve(QUICK, prompt=Hello())
    for unusual in (b"Expect: 100-continue", b"Content-Encoding: gzip", b"Connection: close", b"Upgrade: x"):
        with connected(port) as client:
            client.sendall(POST.replace(b"Host: x", b"Host: x\r\n" + unusual) + b"{}")

            assert everything(client).endswith(b"2")


def test_an_answer_that_nobody_takes_is_dropped(serve):
    over = threading.Event()

    async def flood(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        over.set()

    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", serve(QUICK, flood)))
        deaf.sendall(GET)

        assert over.wait(20), "the answer is held for somebody who does not take it"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Endless: " + b"a" * 5000,
    ],
    ids=["path", "one header", "many headers", "a header without end"],
)
def test_a_head_that_is_too_large_is_refused(serve, head):
    with connected(serve(Bounds(head_bytes=4096))) as wide:
        wide.sendall(head)

        told = everything(wide)

    assert told.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"RequestHeaderFieldsTooLarge"' in told


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"])
def test_a_crowd_that_waits_keeps_nobody_out(serve, begun):
    port = serve(Bounds(connections=5))
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connected(port)).sendall(begun)

        answer = httpx2.post(f"http://127.0.0.1:{port}/", content=b"123", timeout=20)

    assert (answer.status_code, answer.text) == (200, "3")


def test_requests_in_a_row_keep_their_order(serve):
    with connected(serve(Bounds())) as client:
        client.sendall(
            b"GET /?answer=3 HTTP/1.1\r\nHost: x\r\n\r\n" + GET.replace(b"Host", b"Connection: close\r\nHost")
        )

        told = everything(client)

    assert told.count(b"HTTP/1.1 200 ") == 2
    assert told.index(b"xxx") < told.rindex(b"0")
