"""Bytes that are no HTTP, or two requests in one: the connection ends with a 400, and nothing is done."""

from __future__ import annotations

import json
import socket

import pytest

from tests.campaigns.call_everything import Target

PUT = b"PUT {ws}/data/smuggled/versions/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {auth}\r\n"
CALLS = {
    "two lengths": PUT + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a length and chunks": PUT + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": PUT + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "chunks in disguise": PUT + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a length below zero": PUT + b"Content-Length: -1\r\n\r\n{}",
    "a length with a sign": PUT + b"Content-Length: +2\r\n\r\n{}",
    "a length in words": PUT + b"Content-Length: two\r\n\r\n{}",
    "a length beyond all bounds": PUT + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a chunk in words": PUT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk beyond all bounds": PUT + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
    "a header without a colon": PUT + b"Nonsense\r\n\r\n",
    "a header with a space before the colon": PUT + b"Content-Length : 2\r\n\r\n{}",
    "a NUL in a header": PUT + b"X-A: a\0b\r\n\r\n",
    "a folded header": PUT + b"X-A: a\r\n Content-Length: 2\r\n\r\n{}",
    "an unknown method": b"HACK / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 60 + b"\r\n\r\n",
    "a path that is not ASCII": "GET /данные HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    "nothing but noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("target", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_request_ends_with_a_400(target: Target, call: bytes):
    told = said(target, call)

    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 "), told
    assert b"connection: close" in head
    assert json.loads(body)["error"]["code"] == "MalformedRequest"
    assert told.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("target", ["sqlite"], indirect=True, scope="session")
@pytest.mark.usefixtures("unchanged")
def test_a_second_request_in_the_body_of_the_first_is_not_done(target: Target):
    hidden = PUT.replace(b"{auth}", b"Bearer x") + b"Content-Length: 2\r\n\r\n{}"

    told = said(target, PUT + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(hidden) + hidden)

    assert told.count(b"HTTP/1.1 ") == 1
    assert told.startswith(b"HTTP/1.1 400 ")


def said(target: Target, call: bytes) -> bytes:
    """Everything the server says to some bytes."""
    filled = call.replace(b"{ws}", target.scope.encode()).replace(b"{auth}", target.headers["Authorization"].encode())
    with socket.create_connection(("127.0.0.1", int(target.url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(filled)
        found = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return found
            if not piece:
                return found
            found += piece
