"""The group writer: everything in one transaction, and a refused write takes nobody with it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from smalt.errors import Conflict, Unavailable
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.tracking import GroupWriter
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


def test_a_refused_write_leaves_nothing_and_the_others_stand(works):
    rollbacks: list[int] = []
    writer = GroupWriter(works, on_rollback=lambda: rollbacks.append(1))
    names = ["a", "refused", "b", "broken", "c"]

    async def write_all() -> list[object]:
        return await asyncio.gather(*(writer.write(SYSTEM, store(name)) for name in names), return_exceptions=True)

    results = asyncio.run(write_all())
    writer.close()

    assert [type(result) for result in results] == [str, Conflict, str, ZeroDivisionError, str]
    assert stored(works) == {"a", "b", "c"}
    assert rollbacks


def test_closing_writes_what_waits_and_takes_no_more(works):
    writer = GroupWriter(works)

    async def run() -> None:
        waiting = [asyncio.ensure_future(writer.write(SYSTEM, store(f"m{number}"))) for number in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        await asyncio.gather(*waiting)
        with pytest.raises(Unavailable):
            await writer.write(SYSTEM, store("late"))

    asyncio.run(run())

    assert len(stored(works)) == 20


def test_a_caller_that_went_away_does_not_stop_the_writer(works):
    writer = GroupWriter(works)

    async def run() -> str:
        gone = asyncio.ensure_future(writer.write(SYSTEM, store("gone")))
        await asyncio.sleep(0)
        gone.cancel()
        return await writer.write(SYSTEM, store("after"))

    assert asyncio.run(run()) == "after"
    writer.close()
    assert stored(works) == {"gone", "after"}
