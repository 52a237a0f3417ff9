"""Limits of a connection, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading

from smalt.flows.providers.pace import Pace


def test_requests_per_minute_space_the_calls_after_a_short_burst():
    now = [0.0]
    pace = Pace({"requests_per_minute": 12}, clock=lambda: now[0])

    waits = [pace._reserved(0) for _ in range(4)]

    assert waits == [0.0, 0.0, 5.0, 10.0]


def test_tokens_per_minute_make_a_large_call_wait():
    now = [0.0]
    pace = Pace({"tokens_per_minute": 600}, clock=lambda: now[0])

    assert pace._reserved(100) == 0.0
    assert pace._reserved(50) == 5.0


def test_a_burst_of_refusals_halves_once_and_successes_bring_it_back():
    now = [0.0]
    pace = Pace({"max_concurrency": 8}, clock=lambda: now[0])
    pace._busy = 8

    for _ in range(5):
        pace.hold(1.0)
    assert int(pace._allowed) == 4

    for _ in range(40):
        pace.succeeded()
    assert int(pace._allowed) == 8


def test_threads_and_loops_share_the_places():
    pace = Pace({"max_concurrency": 1})
    inside, most = [0], [0]

    def enter() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1

    def block() -> None:
        for _ in range(50):
            with pace.turn_now(0):
                enter()

    async def wait() -> None:
        async def one() -> None:
            async with pace.turn(0):
                enter()

        await asyncio.gather(*(one() for _ in range(50)))

    threads = [threading.Thread(target=block) for _ in range(2)]
    for thread in threads:
        thread.start()
    asyncio.run(wait())
    for thread in threads:
        thread.join()

    assert most == [1]


def test_a_waiter_that_gives_up_wakes_the_next():
    async def scene() -> bool:
        pace = Pace({"max_concurrency": 1})
        async with pace.turn(0):
            first = asyncio.create_task(_once(pace))
            second = asyncio.create_task(_once(pace))
            await asyncio.sleep(0)
            first.cancel()
        return await second

    async def _once(pace: Pace) -> bool:
        async with pace.turn(0):
            return True

    assert asyncio.run(scene())
