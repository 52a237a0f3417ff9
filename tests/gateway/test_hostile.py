"""Callers that mean harm, or cannot do better: a clear refusal, and everybody else is served."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.gateway.running import deployment, endpoint

LINE = b"POST /endpoints/w/e/score HTTP/1.1\r\nhost: x\r\nauthorization: Bearer second\r\n"


@pytest.fixture(autouse=True)
def serving(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}, limits={"max_body_bytes": 1_000_000}))
    yield
    assert gateway.ask({}).status == 200
    assert len(blue.pids()) == 2


def converse(gateway, sent: bytes) -> bytes:
    """What comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", gateway.port), 30) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (LINE + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (LINE + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab", b"400"),
        (LINE + b"content-length: -1\r\n\r\n", b"400"),
        (LINE + b"transfer-encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (LINE + b"x: a\x00b\r\n\r\n", b"400"),
        (LINE + b"x" * 40_000 + b": 1\r\n\r\n", b"431"),
        (LINE + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (LINE + b"content-length: 2000000\r\n\r\n", b"413"),
        (LINE + b"transfer-encoding: chunked\r\n\r\n" + (b"40000\r\n" + b"x" * 0x40000 + b"\r\n") * 5, b"413"),
        (LINE + b"upgrade: websocket\r\nconnection: upgrade\r\n\r\n", b"200"),
    ],
)
def test_malformed_and_oversized_requests(gateway, sent, status):
    received = converse(gateway, sent)

    assert received.split()[1] == status
    assert b"Traceback" not in received


def test_injected_lines_in_the_deployment_header_go_nowhere(gateway):
    received = converse(
        gateway, LINE + b"azureml-model-deployment: x\ty\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )

    assert received.split()[1] == b"404"
    assert received.count(b"\r\n\r\n") == 1


def test_a_smuggled_second_request_is_one_of_its_own(gateway):
    first = LINE + b"content-length: 2\r\n\r\n{}"
    second = b"POST /endpoints/w/e/score HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    received = converse(gateway, first + second)

    assert received.count(b"HTTP/1.1 200") == 1
    assert received.count(b"HTTP/1.1 401") == 1


def test_requests_one_behind_the_other_are_answered_in_their_order(gateway):
    requests = b"".join(
        LINE
        + b"x-request-id: r%d\r\ncontent-length: 2\r\n%b\r\n{}" % (number, b"connection: close\r\n" * (number == 39))
        for number in range(40)
    )
    received = converse(gateway, requests)
    ids = [line for line in received.split(b"\r\n") if line.startswith(b"x-request-id: ")]

    assert ids == [b"x-request-id: r%d" % number for number in range(40)]


def test_a_caller_that_is_gone_in_the_middle_of_its_body(gateway):
    for size in (10, 400_000):
        connection = socket.create_connection(("127.0.0.1", gateway.port), 30)
        connection.sendall(LINE + b"content-length: 900000\r\n\r\n" + b"x" * size)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # a reset, not a good-bye


def test_a_caller_that_does_not_read_does_not_fill_the_memory(gateway):
    connection = socket.create_connection(("127.0.0.1", gateway.port), 30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = b'{"large": 50000000}'
    connection.sendall(LINE + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert connection.recv(10).startswith(b"HTTP/1.1 ")
    assert gateway.ask({}).status == 200
    with open(f"/proc/{gateway.process.pid}/status") as status:  # noqa: PTH123
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    connection.close()

    assert resident < 150_000


def test_many_callers_that_say_nothing_hold_nobody_up(gateway):
    silent = [socket.create_connection(("127.0.0.1", gateway.port), 30) for _ in range(200)]
    for connection in silent[:100]:
        connection.sendall(b"POST /endpoints/w/e/sc")

    assert gateway.ask({}).status == 200
    for connection in silent:
        connection.close()


def test_unusual_bodies_reach_the_script_as_they_are(gateway):
    for body in (b"", b"\x00\xff", b"[" * 100_000, "ü".encode("utf-16"), b'{"a": NaN}'):
        reply = gateway.ask(body)
        assert reply.status in (200, 424)
        assert b"Traceback" not in reply.body
