"""Server-sent events of what is looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from smalt.server.http import told


def heard(looks: Iterator[object | None], is_admitted=lambda: True, **options: float) -> list[bytes]:
    async def main() -> list[bytes]:
        return [message async for message in told(looks, is_admitted, **options)]

    return asyncio.run(main())


def test_what_is_new_is_told_until_there_is_no_other_look():
    found = heard(iter([{"a": 1}, None, {"a": 2}]), look_seconds=0)

    assert found == [b"retry: 2000\n\n", b'data: {"a":1}\n\n', b'data: {"a":2}\n\n']


def test_silence_is_broken_by_heartbeats():
    found = heard(iter([None, None]), look_seconds=0.001, heartbeat_seconds=0.001)

    assert found[1:] == [b": still here\n\n"] * 2


def test_a_stream_ends_with_the_right_to_hear_it():
    endless = iter(lambda: None, "never")

    assert heard(endless, lambda: False, look_seconds=0, heartbeat_seconds=0)[1:] == []
