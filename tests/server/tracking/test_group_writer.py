"""The group writer: everything in one transaction, and a refused write takes nobody with it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from smalt.errors import Conflict, Unavailable
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.tracking import GroupWriter
from smalt.server.tracking.metric_store import MetricStore
from smalt.server.tracking.tables import metric_keys
from smalt.server.work import SYSTEM, Work, Works


@pytest.fixture
def works(database: Database) -> Works:
    return Works(database, Events())


def store(name: str):
    def act(work: Work) -> str:
        work.connection.execute(insert(metric_keys).values(name=name))
        if name == "refused":
            raise Conflict("Not this one.")
        if name == "broken":
            raise ZeroDivisionError
        return name

    return act


def stored(works: Works) -> set[str]:
    with works.read(SYSTEM) as work:
        return {row[0] for row in work.connection.execute(select(metric_keys.c.name))}


@pytest.fixture(params=[1, 1_000_000], ids=["small", "large"])
def size(request) -> int:
    """What is small is written at once where that is possible, what is large always by the thread."""
    return request.param


def test_a_refused_write_leaves_nothing_and_the_others_stand(works, size):
    writer = GroupWriter(works)
    names = ["a", "refused", "b", "broken", "c"]

    async def write_all() -> list[object]:
        writes = [writer.write(SYSTEM, store(name), size=size) for name in names]
        return await asyncio.gather(*writes, return_exceptions=True)

    results = asyncio.run(write_all())
    writer.close()

    assert [type(result) for result in results] == [str, Conflict, str, ZeroDivisionError, str]
    assert stored(works) == {"a", "b", "c"}


def test_closing_writes_what_waits_and_takes_no_more(works, size):
    writer = GroupWriter(works)

    async def run() -> None:
        waiting = [asyncio.ensure_future(writer.write(SYSTEM, store(f"m{number}"), size=size)) for number in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        await asyncio.gather(*waiting)
        with pytest.raises(Unavailable):
            await writer.write(SYSTEM, store("late"), size=size)

    asyncio.run(run())

    assert len(stored(works)) == 20


def test_a_caller_that_went_away_does_not_stop_the_writer(works, size):
    writer = GroupWriter(works)

    async def run() -> str:
        gone = asyncio.ensure_future(writer.write(SYSTEM, store("gone"), size=size))
        await asyncio.sleep(0)
        gone.cancel()
        return await writer.write(SYSTEM, store("after"), size=size)

    assert asyncio.run(run()) == "after"
    writer.close()
    assert stored(works) == {"gone", "after"}


def test_a_small_write_does_not_hold_up_the_event_loop_while_somebody_else_writes(works):
    writer = GroupWriter(works)

    async def run() -> str:
        with works.write(SYSTEM) as work:
            waiting = asyncio.ensure_future(writer.write(SYSTEM, store("second"), size=1))
            await asyncio.sleep(0)
            work.connection.execute(insert(metric_keys).values(name="first"))
        return await waiting

    assert asyncio.run(run()) == "second"
    writer.close()
    assert stored(works) == {"first", "second"}


def test_a_name_of_a_refused_write_is_not_remembered(works):
    metrics, writer = MetricStore(), GroupWriter(works)

    def refuse(work: Work) -> None:
        metrics.key_ids(work, {"lost"})
        raise Conflict("Not this one.")

    with pytest.raises(Conflict):
        asyncio.run(writer.write(SYSTEM, refuse, size=1))
    writer.close()
    with works.write(SYSTEM) as work:
        kept = metrics.key_ids(work, {"kept"})["kept"]
        lost = metrics.key_ids(work, {"lost"})["lost"]

    assert lost != kept
    assert stored(works) == {"kept", "lost"}
