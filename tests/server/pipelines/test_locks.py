"""Several servers on one PostgreSQL: whoever locks jobs locks parents first, so that no two wait for each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from smalt.entities.job.status import JobStatus
from smalt.executors.fake import Script
from smalt.kit import clock
from smalt.server.jobs import store
from smalt.server.work import SYSTEM
from tests.server.pipelines.conftest import command

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def _await_a_waiter(database):
    """Return once somebody waits for a lock, which PostgreSQL tells only to those who ask."""
    while True:
        with database.read() as connection:
            if connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar():
                return
        time.sleep(0.01)


def _cancel_while_it_ends(works, database, loop, parent):
    """One server takes a turn of the parent and cancels its children, while the last of them ends on another."""
    house, children = works.plant.house, works.plant.children
    with ThreadPoolExecutor(1) as other, house.works.write(SYSTEM) as turn:
        record = store.find(turn.connection, house.default.id, parent, lock=True)
        ending = other.submit(loop.run_once, clock.now())
        _await_a_waiter(database)
        children.cancel(turn, house.default, record)
        turn.connection.commit()
        ending.result()


def test_a_child_ends_while_its_parent_cancels_it(works, database, loop, executor, scripts):
    scripts["wait"] = Script(waits=True)
    works.submit("p", {"only": command("wait")})
    works.plant.run_until(loop, lambda: works.plant.record("p_only").handle is not None)
    executor.finish(works.plant.record("p_only").handle)

    _cancel_while_it_ends(works, database, loop, "p")

    child = works.plant.record("p_only")
    assert (child.status, child.attempts) == (JobStatus.COMPLETED, 0)


def test_a_pipeline_in_a_pipeline_ends_while_its_parent_cancels_it(works, database, loop, executor, scripts):
    scripts["wait"] = Script(waits=True)
    inner = works.component("inner", type="pipeline", jobs={"only": command("wait")})
    works.submit("p", {"inner": {"type": "pipeline", "componentId": inner}})
    works.plant.run_until(loop, lambda: works.plant.record("p_inner_only").handle is not None)
    executor.finish(works.plant.record("p_inner_only").handle)

    _cancel_while_it_ends(works, database, loop, "p")

    assert works.plant.record("p_inner_only").status is JobStatus.COMPLETED
    assert works.plant.record("p_inner").attempts == 0
    works.plant.run_to_end(loop, "p", "p_inner")


def test_a_server_that_starts_waits_for_a_parent_before_it_takes_up_its_children(works, database, loop):
    works.submit("p", {name: command("true") for name in ("one", "two", "three")})
    loop.run_once(clock.now())
    # A row that was changed lies behind all others, where a plain UPDATE would come to it last.
    works.plant.write(lambda work: store.change(work.connection, works.plant.record("p"), description="changed"))
    house, children = works.plant.house, works.plant.children

    def take_up():
        with house.works.write(SYSTEM) as work:
            return store.release(work.connection, worker="other", now=clock.now())

    with ThreadPoolExecutor(1) as other, house.works.write(SYSTEM) as turn:
        record = store.find(turn.connection, house.default.id, "p", lock=True)
        starting = other.submit(take_up)
        _await_a_waiter(database)
        children.cancel(turn, house.default, record)
        turn.connection.commit()

        assert starting.result() > 0
