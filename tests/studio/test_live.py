"""Live updates: what a page is told, and when its stream ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from smalt.server.assets import AssetRegistered
from smalt.server.events import Events
from smalt.server.jobs import JobChanged, JobSubmitted
from smalt.server.studio import Live
from smalt.server.tracking import RunLogged


@pytest.fixture
def events() -> Events:
    return Events()


def live(events: Events) -> Live:
    return Live(events, gap_seconds=0, heartbeat_seconds=0.01)


async def told(stream: AsyncIterator[bytes]) -> list[dict[str, str]]:
    """The next message that is no heartbeat."""
    async for message in stream:
        if message.startswith(b"data: "):
            return json.loads(message.removeprefix(b"data: "))
    return []


def test_a_page_is_told_what_has_changed_in_its_workspace_and_no_other(events):
    async def main() -> list[dict[str, str]]:
        stream = live(events).stream("here", lambda: True)
        await anext(stream)
        events.deliver([JobSubmitted("elsewhere", "secret", "secret"), JobChanged("here", "train", "whole")])
        events.deliver([AssetRegistered("here", "models", "m", "2"), RunLogged("here", "train")])
        return await told(stream)

    topics = asyncio.run(main())

    assert topics == [
        {"kind": "jobs", "name": "train"},
        {"kind": "graphs", "name": "whole"},
        {"kind": "models", "name": "m"},
        {"kind": "runs", "name": "train"},
    ]


def test_what_changes_often_is_told_once(events):
    async def main() -> list[dict[str, str]]:
        stream = live(events).stream("here", lambda: True)
        await anext(stream)
        events.deliver([RunLogged("here", "train")] * 1000)
        return await told(stream)

    assert asyncio.run(main()) == [{"kind": "runs", "name": "train"}]


def test_a_page_that_cannot_keep_up_is_told_to_look_at_everything(events):
    async def main() -> list[dict[str, str]]:
        stream = live(events).stream("here", lambda: True)
        await anext(stream)
        events.deliver([JobChanged("here", f"job-{number}", f"job-{number}") for number in range(501)])
        return await told(stream)

    assert {"kind": "everything", "name": ""} in asyncio.run(main())


def test_events_of_other_threads_reach_the_page(events):
    async def main() -> list[dict[str, str]]:
        stream = live(events).stream("here", lambda: True)
        await anext(stream)
        waiting = asyncio.create_task(told(stream))
        await asyncio.to_thread(events.deliver, [JobChanged("here", "train", "train")])
        return await waiting

    assert asyncio.run(main()) == [{"kind": "jobs", "name": "train"}, {"kind": "graphs", "name": "train"}]


def test_a_stream_ends_with_its_session(events):
    async def main() -> int:
        hub = live(events)
        left = [message async for message in hub.stream("here", lambda: False)]
        return len(left) + hub.count

    assert asyncio.run(main()) == 1  # the greeting, and nobody is left


def test_a_stopping_server_ends_every_stream(events):
    async def main() -> int:
        hub = Live(events, gap_seconds=0, heartbeat_seconds=60)
        stream = hub.stream("here", lambda: True)
        await anext(stream)
        hub.close()
        async for _ in stream:
            pass
        return hub.count

    assert asyncio.run(main()) == 0
