"""Claims: whatever the number of workers, each job is taken by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from smalt.kit import clock
from smalt.server.jobs import store
from smalt.server.work import SYSTEM

_LEASE = timedelta(seconds=60)


def _claim(works, worker, now=None):
    now = now or clock.now()
    with works.write(SYSTEM) as work:
        for due in store.due(work.connection, worker=worker, now=now, limit=10):
            claimed = store.claim(
                work.connection, due.id, worker=worker, lease=f"{worker}/1", now=now, until=now + _LEASE
            )
            if claimed is not None:
                return claimed
    return None


def test_many_workers_never_take_the_same_job(plant):
    names = {f"job{index}" for index in range(12)}
    for name in names:
        plant.submit(name)

    def take_all(worker):
        return [record.name for record in iter(lambda: _claim(plant.house.works, worker), None)]

    with ThreadPoolExecutor(4) as pool:
        taken = [name for found in pool.map(take_all, ["a", "b", "c", "d"]) for name in found]

    assert sorted(taken) == sorted(names)


def test_a_lease_that_ran_out_may_be_taken_by_another_worker(plant):
    plant.submit()
    first = _claim(plant.house.works, "a")

    at_once = _claim(plant.house.works, "b")
    later = _claim(plant.house.works, "b", now=clock.now() + _LEASE + timedelta(seconds=1))

    assert (first.name, at_once, later.name) == ("one", None, "one")
    with plant.house.works.write(SYSTEM) as work:
        assert store.hold(work.connection, first.id, worker="a", lease="a/1", now=clock.now()) is None


def test_a_restarted_worker_takes_up_what_its_earlier_life_held(plant):
    plant.submit()
    _claim(plant.house.works, "a_b")

    with plant.house.works.write(SYSTEM) as work:
        other = store.release(work.connection, worker="aXb", now=clock.now())
        same = store.release(work.connection, worker="a_b", now=clock.now())

    assert (other, same) == (0, 1)
    assert _claim(plant.house.works, "a_b").name == "one"


def test_a_workload_is_looked_at_only_by_the_worker_that_started_it(plant):
    plant.submit()
    record = _claim(plant.house.works, "a")
    with plant.house.works.write(SYSTEM) as work:
        store.settle(work.connection, record, due_at=clock.now(), handle="h", worker="a")

    assert _claim(plant.house.works, "b") is None
    assert _claim(plant.house.works, "a").name == "one"
