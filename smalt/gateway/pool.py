"""The workers of one deployment, the requests in their hands, and the bounded queue before them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import Any, Protocol

from smalt.gateway.link import Carried, Link, connect
from smalt.gateway.pressure import Pressure
from smalt.gateway.refusal import Refusal, retry_after
from smalt.gateway.table import DeploymentEntry
from smalt.gateway.tally import Tally
from smalt.gateway.worker import Worker

_log = logging.getLogger(__name__)

_TURN_SECONDS = 0.02
_CONNECT_SECONDS = 5.0
_START_SECONDS = 60.0
_WANTED_SECONDS = 30.0
_QUEUE = 1000
_HURRIED = 0.1
_SHORTEST_WAIT_SECONDS = 0.02


class Waiting(Carried, Protocol):
    """A request that wants a worker, as a pool sees it."""

    is_copy: bool
    is_over: bool
    is_waiting: bool
    queued_at: float
    sent_at: float
    moved_at: float

    @property
    def may_lie(self) -> bool:
        """Whether it may wait at a worker: it is whole and small, so that it can be sent again."""

    def withdraw(self, worker: Worker) -> bool:
        """Leave a worker that has not begun with it; whether that is so."""

    def attach(self, link: Link) -> None:
        """Go to a worker over a connection."""

    def refuse(self, refusal: Refusal) -> None:
        """Answer without a worker."""

    def give_up(self, limit_seconds: float) -> None:
        """The worker takes too long."""

    def go_elsewhere(self) -> None:
        """The deployment has gone before it had this: look again where a new request would go."""


class Pool:
    """Hands requests to workers that have room; holds those for which there is none, for a while.

    Args:
        entry: The deployment.
        tally: Its counters, which outlive changes of the table.
    """

    def __init__(self, entry: DeploymentEntry, tally: Tally) -> None:
        self.entry = entry
        self.tally = tally
        self.queue: deque[Waiting] = deque()
        self.in_flight: dict[Waiting, None] = {}
        self.asked_at = float("-inf")
        self.is_closed = False
        self._workers: dict[str, Worker] = {}
        self._order: list[Worker] = []
        self._turn = 0
        self._pressure: Pressure | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: Any = None  # Any: of the loop
        self._tasks: set[asyncio.Task[None]] = set()
        self.update(entry)

    def update(self, entry: DeploymentEntry) -> None:
        """Take a new state of the deployment. Requests in flight on workers that are gone are finished there."""
        self.entry = entry
        wanted = {each.address: each for each in entry.workers}
        for address in [each for each in self._workers if each not in wanted]:
            worker = self._workers.pop(address)
            worker.is_gone = True
            for link in list(worker.idle):
                link.close()
        for address, each in wanted.items():
            if address in self._workers:
                self._workers[address].entry = each
            else:
                self._workers[address] = Worker(self, each)
        self._order = list(self._workers.values())
        self.pump()

    def close(self) -> None:
        """The deployment is no more: what waits is refused, what is in flight is finished."""
        self.is_closed = True
        for exchange in self.take_queue():
            exchange.refuse(Refusal(404, "EndpointNotFound", "The endpoint was just deleted."))
        self.update(DeploymentEntry())

    def take_queue(self) -> list[Waiting]:
        """What waits, which does so no longer."""
        waiting = list(self.queue)
        for exchange in waiting:
            exchange.is_waiting = False
        self.queue.clear()
        return waiting

    @property
    def capacity(self) -> int:
        """How many requests all workers take at once."""
        return sum(each.entry.concurrency for each in self._order)

    @property
    def waiting(self) -> int:
        """How many requests wait: here, and at workers for their turn."""
        return len(self.queue) + self._lying

    @property
    def scoring(self) -> int:
        """How many requests are in the works."""
        return max(0, len(self.in_flight) - self._lying)

    @property
    def _lying(self) -> int:
        return sum(each.lying for each in self._order)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody asks for a deployment that has no workers."""
        recently = time.monotonic() - self.asked_at < _WANTED_SECONDS
        return not self._order and (bool(self.queue) or recently)

    def submit(self, exchange: Waiting) -> None:
        """Send a request, or hold it, or refuse it."""
        self.asked_at = time.monotonic()
        if not self.queue:
            worker = self._free()
            if worker is not None:
                self._give(worker, exchange)
                return
        problem = self._problem(self.asked_at)
        if problem is not None:
            exchange.refuse(problem)
            return
        exchange.queued_at = self.asked_at
        worker = None if self.queue else self._quick(exchange)
        if worker is not None:
            self._give(worker, exchange)
            return
        exchange.is_waiting = True
        self.queue.append(exchange)
        self._watch()

    def submit_copy(self, exchange: Waiting) -> bool:
        """Send a copy if there is room this very moment."""
        self.asked_at = time.monotonic()
        worker = None if self.queue else self._free()
        if worker is None:
            return False
        self._give(worker, exchange)
        return True

    def forget(self, exchange: Waiting) -> None:
        """Take a request out of the queue: nobody waits for its answer any more."""
        if exchange.is_waiting:
            exchange.is_waiting = False
            self.queue.remove(exchange)

    def take_back(self, exchange: Waiting) -> None:
        """A request came back unread: it is the first to go to another worker."""
        self.in_flight.pop(exchange, None)
        if exchange.is_copy:
            exchange.refuse(Refusal(503, "NoInstances", "The copy found no worker."))
            return
        if self.is_closed:
            exchange.go_elsewhere()
            return
        exchange.queued_at = exchange.queued_at or time.monotonic()
        exchange.is_waiting = True
        self.queue.appendleft(exchange)
        # The place of the lost connection is given back first.
        self._loop.call_soon(self.pump)
        self._watch()

    def pump(self) -> None:
        """Send what waits, as far as there is room."""
        while self.queue:
            worker = self._free() or self._quick(self.queue[0])
            if worker is None:
                self._watch()
                return
            self._give(worker, self._next())

    def on_released(self, worker: Worker, link: Link, *, is_reusable: bool) -> None:
        """A request has been answered."""
        worker.in_flight -= 1
        worker.answered(time.monotonic())
        if is_reusable and not worker.is_gone:
            worker.idle.append(link)
        else:
            link.close()
        if self.queue:
            if self._pressure is not None:
                self._pressure.served(time.monotonic(), len(self.queue))
            self.pump()

    def on_closed(self, worker: Worker, link: Link, *, was_busy: bool) -> None:
        """A connection is gone."""
        if link in worker.idle:
            worker.idle.remove(link)
        if was_busy:
            worker.in_flight -= 1
            self.pump()

    def done(self, exchange: Waiting) -> None:
        """A request is no longer in the works, as far as its caller is concerned."""
        self.in_flight.pop(exchange, None)

    def _next(self) -> Waiting:
        exchange = self.queue.popleft()
        exchange.is_waiting = False
        return exchange

    def _problem(self, now: float) -> Refusal | None:
        """Why a request cannot be held, if that is so."""
        if not self._order and not self.entry.scale_to_zero:
            message = "The deployment has no running instance at the moment. Try again."
            return Refusal(503, "NoInstances", message, retry_after(1))
        most = self.entry.max_queue if self.entry.max_queue is not None else _QUEUE
        if self.waiting >= most:
            self.tally.refusals["QueueFull"] += 1
            message = f"{self.waiting} requests wait already. Try again, or add instances."
            return Refusal(429, "TooManyRequests", message, retry_after(self.entry.max_queue_wait_ms / 1000))
        if not self.queue or self._pressure is None:
            self._pressure = Pressure(now)
        self._pressure.arrived()
        expected = self._pressure.wait_seconds(len(self.queue))
        if self._order and expected is not None and expected > self._patience():
            # It would be refused later all the same; told now it holds no connection meanwhile.
            self.tally.refusals["TooLate"] += 1
            return self._waited()
        return None

    def _free(self) -> Worker | None:
        """The worker with the most room, each in turn where they have the same."""
        count = len(self._order)
        if not count:
            return None
        now = time.monotonic()
        best: Worker | None = None
        least = 1.0
        self._turn += 1
        for offset in range(count):
            worker = self._order[(self._turn + offset) % count]
            if worker.in_flight < worker.entry.concurrency and worker.down_until <= now:
                load = worker.in_flight / worker.entry.concurrency
                if load < least:
                    best, least = worker, load
                    if not load:
                        break
        return best

    def _quick(self, exchange: Waiting) -> Worker | None:
        """A busy worker at which a request may lie until it is its turn: the one with the fewest there.

        It is begun with as soon as the one before it is done, without a turn of this process in between. A worker that
        is not put to sleep and woken for each request takes two thirds of the time for one.
        """
        if not exchange.may_lie:
            return None
        now = time.monotonic()
        return min((each for each in self._order if each.has_place(now)), key=_in_flight, default=None)

    def _give(self, worker: Worker, exchange: Waiting) -> None:
        if not worker.in_flight:
            worker.moved_at = time.monotonic()
        worker.in_flight += 1
        self.in_flight[exchange] = None
        self._watch()
        while worker.idle:
            link = worker.idle.pop()
            if link.is_open:
                exchange.attach(link)
                return
        task = self._loop.create_task(self._carry(worker, exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, worker: Worker, exchange: Waiting) -> None:
        """Send a request over a new connection. A defect of ours is told, and its caller is not left waiting."""
        try:
            await self._connect(worker, exchange)
        except Exception:
            _log.exception("A request could not be sent to %s.", worker.entry.address)
            exchange.refuse(Refusal(500, "GatewayFailed", "The gateway failed at this request. See its log."))

    async def _connect(self, worker: Worker, exchange: Waiting) -> None:
        try:
            link = await asyncio.wait_for(connect(worker), _CONNECT_SECONDS)
        except OSError:  # also of a timeout
            self._on_refused(worker, exchange)
            return
        if not link.is_open:  # It was lost before it was used, as when the worker is killed right then.
            self._on_refused(worker, exchange)
            return
        worker.is_there()
        if exchange.is_over:  # Its caller went while we connected.
            self.on_released(worker, link, is_reusable=True)
            return
        exchange.attach(link)

    def _on_refused(self, worker: Worker, exchange: Waiting) -> None:
        """Nothing was sent, so that another worker may have the request, or this one when it is back."""
        worker.in_flight -= 1
        worker.is_missed(time.monotonic())
        self.in_flight.pop(exchange, None)
        if not exchange.is_over:
            self.take_back(exchange)
        self.pump()

    def _watch(self) -> None:
        if self._timer is None and (self.queue or self.in_flight):
            self._timer = self._loop.call_later(_TURN_SECONDS, self._look)

    def _look(self) -> None:
        """Refuse what has waited too long, give up what takes too long, try workers again that were away."""
        self._timer = None
        try:
            self._turn_over(time.monotonic())
        finally:
            self._watch()

    def _turn_over(self, now: float) -> None:
        for worker in self._order:
            if worker.lying and worker.hangs(now):
                self._withdraw(worker)
        wait = self._patience()
        while self.queue and now - self.queue[0].queued_at > wait:
            self._next().refuse(self._waited())
        limit = self.entry.request_timeout_ms / 1000
        for exchange in list(self.in_flight):
            if now - exchange.sent_at <= limit:
                break  # Those behind it were sent later.
            if now - exchange.moved_at > limit:
                exchange.give_up(limit)
        self.pump()

    def _withdraw(self, worker: Worker) -> None:
        """Take back what lies at a worker that hangs, so that another one can have it."""
        for exchange in reversed([each for each in self.in_flight if each.withdraw(worker)]):
            self.take_back(exchange)

    def _patience(self) -> float:
        """How long a request may wait. A burst may wait as long as the deployment says; but when there is more work
        than workers, waiting longer would only make everybody late.
        """
        wait = self.entry.max_queue_wait_ms / 1000
        if self.entry.scale_to_zero and not self._order:
            return max(wait, _START_SECONDS)
        hurried = min(wait, max(_HURRIED * wait, _SHORTEST_WAIT_SECONDS))
        is_overload = self._pressure is not None and self._pressure.is_overload(hurried)
        return hurried if is_overload and not all(each.is_away for each in self._order) else wait

    def _waited(self) -> Refusal:
        if all(each.is_away for each in self._order):
            message = "No instance of the deployment answers at the moment. Try again."
            return Refusal(503, "NoInstances", message, retry_after(1))
        message = f"No worker was free within {self.entry.max_queue_wait_ms:g} ms. Try again, or add instances."
        return Refusal(429, "TooManyRequests", message, retry_after(1))


def _in_flight(worker: Worker) -> int:
    return worker.in_flight
