from __future__ import annotations

import asyncio
import threading

import pytest

from smalt.flows.running.threads import Threads


def test_answers_and_failures_come_back_to_the_loop() -> None:
    async def work() -> list[object]:
        threads = Threads(2)
        answers = await asyncio.gather(
            threads.run(lambda: 1),
            threads.run(lambda: 1 // 0),
            threads.run(threading.get_ident),
            return_exceptions=True,
        )
        threads.close()
        return answers

    one, failure, ident = asyncio.run(work())

    assert one == 1
    assert isinstance(failure, ZeroDivisionError)
    assert ident != threading.get_ident()


@pytest.mark.parametrize("short", [False, True])
def test_jobs_run_side_by_side_even_those_that_were_thought_to_be_short(short: bool) -> None:
    meeting = threading.Barrier(3)

    async def work() -> list[int]:
        threads = Threads(3)
        return sorted(await asyncio.gather(*[threads.run(lambda: meeting.wait(10), short=short) for _ in range(3)]))

    assert asyncio.run(work()) == [0, 1, 2]


def test_no_more_threads_than_allowed_work_at_once() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def job() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        with lock:
            at_once -= 1

    async def work() -> None:
        threads = Threads(2)
        await asyncio.gather(*[threads.run(job) for _ in range(200)])

    asyncio.run(work())

    assert 1 <= most <= 2


def test_work_that_is_given_up_before_it_began_never_does() -> None:
    release, begun = threading.Event(), []

    async def work() -> None:
        threads = Threads(1)
        first = threads.run(lambda: release.wait(10))
        second = threads.run(lambda: begun.append("second"))
        second.cancel()
        release.set()
        await first
        await threads.run(lambda: begun.append("third"))

    asyncio.run(work())

    assert begun == ["third"]


def test_another_thread_takes_the_place_of_one_that_is_stuck() -> None:
    begun, release = threading.Event(), threading.Event()

    async def work() -> str:
        threads = Threads(1)
        stuck = threads.run(lambda: (begun.set(), release.wait(30)))
        waiting = threads.run(lambda: "done")
        await asyncio.to_thread(begun.wait, 10)
        stuck.cancel()
        try:
            return await asyncio.wait_for(waiting, 10)
        finally:
            release.set()

    assert asyncio.run(work()) == "done"
