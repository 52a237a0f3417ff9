"""Who gets the next place where there are fewer than jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.server.jobs import places, store
from smalt.server.jobs.places import Family, Sort, Waiting
from smalt.server.jobs.store import JobRecord

_PRIORITIES = {"low": 1, "medium": 2, "high": 3}
_USUAL = _PRIORITIES["medium"]
_SHARES = {1: 1, 2: 2, 3: 4}
"""What a family may have beside others, by the priority of whoever waits of it."""
_HEAD_START = timedelta(days=1)


def priority_of(job: Job, parent: JobRecord | None) -> int:
    """The priority that a job asks for (`queue_settings.priority`); one that asks for none has that of its parent."""
    asked = (job.queue_settings.priority or "").lower() if job.queue_settings is not None else ""
    return _PRIORITIES.get(asked, _USUAL if parent is None else parent.priority)


def arrival(priority: int, at: datetime) -> datetime:
    """Since when a job counts as waiting: a high priority is a day ahead, a low one a day behind.

    Whoever waits is thus passed by for a bounded time only, whatever comes after.
    """
    return at - (priority - _USUAL) * _HEAD_START


@dataclass(frozen=True, slots=True)
class Line:
    """The line for places of one sort.

    Next comes a job of the family that has the fewest places for its share. Among those that have none they take turns:
    first comes the family that was given its last place longest ago, or has waited longest for its first. So no family
    keeps others out, and none waits for more than those before it.

    Args:
        connection: In a transaction that writes.
        sort: Which places.
        count: How many there are.
        now: The time.
    """

    connection: Connection
    sort: Sort
    count: int
    now: datetime

    def admits(self, record: JobRecord) -> bool:
        """Whether a job may take a place now. If others come before it, these are called; else it stands in line."""
        taken, is_anyone_waiting = places.taken(self.connection, self.sort, now=self.now)
        if taken < self.count and not is_anyone_waiting:
            return True
        places.join(self.connection, self.sort, (record.workspace_id, record.root), since=record.arrival)
        if taken >= self.count:
            return False
        store.change(self.connection, record, status=JobStatus.QUEUED, site=self.sort.site)
        before, gone = [], set[Family]()
        for waiting in islice(self._in_order(gone), self.count - taken):
            if waiting.id == record.id:
                self._give_place(waiting, gone)
                return True
            before.append(waiting.id)
        places.call(self.connection, before, now=self.now)
        return False

    def call_next(self) -> None:
        """Make those due who may take the places that are free."""
        taken, is_anyone_waiting = places.taken(self.connection, self.sort, now=self.now)
        if is_anyone_waiting and taken < self.count:
            called = [waiting.id for waiting in islice(self._in_order(set()), self.count - taken)]
            places.call(self.connection, called, now=self.now)

    def _give_place(self, waiting: Waiting, gone: Set[Family]) -> None:
        family = waiting.family
        if places.first_of(self.connection, self.sort, family, but=[waiting.id], now=self.now) is None:
            gone = gone | {family}
        else:
            places.move_back(self.connection, self.sort, family, since=arrival(waiting.priority, self.now))
        for each in gone:
            places.leave(self.connection, self.sort, each)

    def _in_order(self, gone: set[Family]) -> Iterator[Waiting]:
        """Those who wait, as they come; `gone` is told which families nobody waits of any more."""
        held = places.families(self.connection, self.sort, now=self.now)
        passed: list[str] = []
        while (found := self._first(held, passed, gone)) is not None:
            yield found
            held[found.family] = held.get(found.family, 0) + 1
            passed.append(found.id)

    def _first(self, held: Mapping[Family, int], passed: Collection[str], gone: set[Family]) -> Waiting | None:
        # Few families have places, as there are few places.
        while (family := places.next_family(self.connection, self.sort, but=[*held, *gone])) is not None:
            first = places.first_of(self.connection, self.sort, family, but=passed, now=self.now)
            if first is not None:
                return first
            gone.add(family)
        firsts = (places.first_of(self.connection, self.sort, family, but=passed, now=self.now) for family in held)
        waiting = [each for each in firsts if each is not None]
        return min(
            waiting, key=lambda each: (held[each.family] / _SHARES[each.priority], each.arrival, each.id), default=None
        )
