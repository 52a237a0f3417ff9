"""The HTTP path of model calls, against a service that answers byte by byte what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from smalt.flows.providers import wire
from smalt.flows.providers.wire import Lost, Response

Talk = Callable[..., list[Response | Exception]]


@pytest.fixture
def talk() -> Talk:
    """Sends as many requests as there are answers, one after the other; also how many connections that took."""

    def run(*answers: bytes, seconds: float = 5) -> list[Response | Exception]:
        async def scene() -> list[Response | Exception]:
            left = list(answers)
            connections = 0

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal connections
                connections += 1
                while left:
                    try:
                        head = await reader.readuntil(b"\r\n\r\n")
                    except asyncio.IncompleteReadError:
                        break
                    assert b"content-length: 2" in head
                    await reader.readexactly(2)
                    answer = left.pop(0)
                    writer.write(answer.removesuffix(b"<end>"))
                    await writer.drain()
                    if answer.endswith(b"<end>"):
                        break
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=c"
            found: list[Response | Exception] = []
            for _ in answers:
                try:
                    found.append(await wire.post(url, b"{}", {"x": "y"}, seconds=seconds))
                except Lost as error:
                    found.append(error)
            server.close()
            run.connections = connections
            return found

        return asyncio.run(scene())

    return run


def test_a_connection_is_used_again(talk):
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    found = talk(answer, answer, answer)

    assert [each.content for each in found] == [b"ok"] * 3
    assert talk.connections == 1


def test_a_chunked_answer_is_put_together(talk):
    found = talk(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    assert (found[0].status, found[0].content) == (200, b"abcde")


def test_an_answer_may_end_with_its_connection(talk):
    found = talk(
        b"HTTP/1.1 429 Too Many\r\nRetry-After: 1\r\nconnection: close\r\n\r\nlater<end>", b"HTTP/1.1 204 No\r\n\r\n"
    )

    assert (found[0].status, found[0].headers["retry-after"], found[0].content) == (429, "1", b"later")
    assert (found[1].status, talk.connections) == (204, 2)


def test_a_word_in_between_is_passed_over(talk):
    found = talk(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")

    assert (found[0].status, found[0].content) == (200, b"x")


def test_what_is_no_http_is_lost(talk):
    assert isinstance(talk(b"SSH-2.0-x\r\n\r\n<end>")[0], Lost)


def test_a_service_that_closes_without_a_word_is_lost(talk):
    assert "closed the connection" in str(talk(b"<end>")[0])


def test_a_service_that_does_not_answer_in_time_is_lost_as_slow(talk):
    found = talk(b"", b"", seconds=0.05)

    assert found[0].is_slow


def test_a_header_cannot_hold_a_second_one():
    with pytest.raises(Lost, match="line break"):
        asyncio.run(wire.post("http://127.0.0.1:9/", b"{}", {"a": "b\r\nevil: c"}, seconds=1))


def test_a_proxy_is_left_to_the_general_client(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.setenv("no_proxy", "inside.example")

    assert not wire.is_direct("https://api.openai.com/v1")
    assert wire.is_direct("https://inside.example/v1")
