"""Writes what comes by the thousand: at once where nobody else writes, else in a thread that writes for all who wait.

To hand a small write to a thread and to be woken by it costs more than the write does, so the event loop does it itself
while the database is free. Who comes meanwhile is written by the thread, together with all others who wait: a commit
costs about as much as the rows of a small request. The smallest are promised first, where what they need is known: they
are in a file, and come into the database many at once. Nothing is answered before it is committed or promised: what a
client was told is kept, whatever is killed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from smalt.errors import SmaltError, Unavailable
from smalt.server.work import SYSTEM, Actor, MustWait, Work, Works

_log = logging.getLogger(__name__)
_GROUP = 256
_SMALL_BYTES = 64 * 1024
"""What is larger keeps the event loop, and so all others, for longer than the way to the thread takes."""
_PROMISED_BYTES = 4 * 1024
_PROMISED_SECONDS = 0.05
"""After which promises are made when nobody has wanted to read or write."""

T = TypeVar("T")


@dataclass(slots=True)
class _Order:
    actor: Actor
    action: Callable[[Work], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class GroupWriter:
    """Commits writes, those that wait for one another together.

    Args:
        works: Opens the transactions.
    """

    def __init__(self, works: Works) -> None:
        self._works = works
        self._queue: SimpleQueue[_Order | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._promises_wait = False

    async def write(self, actor: Actor, action: Callable[[Work], T], *, size: int) -> T:
        """Run `action` in a transaction, which others may share, and return its result once that is committed.

        An action that raises leaves nothing behind: its group is rolled back and the others are run again.

        Args:
            actor: Who writes.
            action: What is written.
            size: Bytes of the request.
        """
        if size <= _PROMISED_BYTES and not self._closed:
            try:
                with self._works.promise(actor) as work:
                    if work is not None:
                        self._make_soon()
                        return action(work)
            except MustWait:
                pass
        if size <= _SMALL_BYTES and not self._closed:
            with self._works.write_at_once(actor) as work:
                if work is not None:
                    return action(work)
        return await self._in_turn(actor, action)

    async def _in_turn(self, actor: Actor, action: Callable[[Work], T]) -> T:
        loop = asyncio.get_running_loop()
        order = _Order(actor, action, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise Unavailable("The server is stopping and takes no more metrics. Try again when it is back.")
            self._queue.put(order)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tracking-writer", daemon=True)
                self._thread.start()
        return cast(T, await order.answer)

    def _make_soon(self) -> None:
        if not self._promises_wait:
            self._promises_wait = True
            asyncio.get_running_loop().call_later(_PROMISED_SECONDS, self._make)

    def _make(self) -> None:
        self._promises_wait = False
        making = asyncio.ensure_future(self._in_turn(SYSTEM, lambda _: None))
        making.add_done_callback(lambda done: done.cancelled() or done.exception())  # It is in the log.

    def close(self) -> None:
        """Write what is waiting, then stop."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            is_last = False
            while len(group) < _GROUP:
                try:
                    following = self._queue.get_nowait()
                except Empty:
                    break
                if following is None:
                    is_last = True
                    break
                group.append(following)
            self._commit(group)
            if is_last:
                return

    def _commit(self, group: list[_Order]) -> None:
        """All in one transaction; when one fails, each in its own, so that only that one is refused."""
        try:
            results = self._together(group)
        except Exception as error:
            if len(group) > 1:
                for order in group:
                    self._commit([order])
                return
            if not isinstance(error, SmaltError):
                _log.exception("A write of tracking failed.")
            _deliver([group[0]], [error])
            return
        _deliver(group, results)

    def _together(self, group: list[_Order]) -> list[Any]:
        results: list[Any] = []
        with self._works.write(group[0].actor) as work:
            for order in group:
                work.actor = order.actor
                results.append(order.action(work))
        return results


def _deliver(group: list[_Order], results: list[Any]) -> None:
    """Wake each loop once, however many of its callers wait."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Order, Any]]] = {}
    for order, result in zip(group, results, strict=True):
        by_loop.setdefault(order.loop, []).append((order, result))
    for loop, answers in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer, answers)
        except RuntimeError:
            _log.info("%d writes were committed after their callers' loop had closed.", len(answers))


def _answer(answers: list[tuple[_Order, Any]]) -> None:
    for order, result in answers:
        # A caller that has gone away has cancelled its future; its write stands all the same.
        if order.answer.done():
            continue
        if isinstance(result, Exception):
            order.answer.set_exception(result)
        else:
            order.answer.set_result(result)
