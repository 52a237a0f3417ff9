"""Threads in which tools run that are no coroutines: bounded, reused, and never in the way of the program's end."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

Work = Callable[[], Any]  # Any: what the work answers

# A thread that should take hardly any time and has not finished a job for this long is waiting for something.
_STUCK_SECONDS = 0.005


class Threads:
    """Up to `limit` daemon threads.

    Waking a thread costs more than a short job takes. Jobs that are known to be short are therefore left to a thread
    that is awake already, and what it finished is handed back together; should it turn out to wait, others are woken.

    A job that is given up (its time is over) keeps its thread; another thread takes the place, so that the rest of the
    work goes on. Daemons do not hold up the end of the program.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._jobs: deque[Callable[[], None]] = deque()
        self._tokens: SimpleQueue[bool] = SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._asleep = 0
        self._finished = 0
        self._outboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Outbox] = weakref.WeakKeyDictionary()

    def run(self, work: Work, *, short: bool = False) -> asyncio.Future[Any]:  # Any: what the work answers
        """Run `work` in a thread, in a copy of the caller's context; the future belongs to the running loop.

        Cancelling the future gives the work up: it does not begin any more, or is left to itself and its thread
        replaced.
        """
        import asyncio

        loop = asyncio.get_running_loop()
        outbox = self._outboxes.get(loop)
        if outbox is None:
            outbox = self._outboxes[loop] = _Outbox(loop)
        job = _Job(work, copy_context(), loop.create_future(), outbox)
        job.future.add_done_callback(lambda future: self._replace(job) if future.cancelled() else None)
        self._put(job.run, short=short)
        if short and self._jobs and not outbox.is_watching:
            outbox.is_watching = True
            loop.call_later(_STUCK_SECONDS, self._look, outbox, self._finished)
        return job.future

    def start(self, job: Callable[[], None]) -> None:
        """Run `job`, which must not raise, in a thread."""
        self._put(job, short=False)

    def _replace(self, job: _Job) -> None:
        """The thread of a job that was given up may be stuck: another may take its place."""
        if not job.is_running:
            return
        with self._lock:
            self._count -= 1
            if self._jobs:
                self._wake()

    def close(self) -> None:
        """Let idle threads end."""
        with self._lock:
            for _ in range(self._asleep):
                self._tokens.put(False)
            self._count -= self._asleep
            self._asleep = 0

    def _put(self, job: Callable[[], None], *, short: bool) -> None:
        with self._lock:
            self._jobs.append(job)
            if not short or self._count <= self._asleep:
                self._wake()

    def _wake(self) -> None:
        """Let one more thread look for jobs. The lock is held."""
        if self._asleep:
            self._asleep -= 1
            self._tokens.put(True)
        elif self._count < self.limit:
            self._count += 1
            threading.Thread(target=self._serve, name="smalt-flow", daemon=True).start()

    def _look(self, outbox: _Outbox, finished: int) -> None:
        """Whether the jobs that are left to awake threads get on."""
        with self._lock:
            if self._jobs and self._finished == finished:
                self._wake()
            outbox.is_watching = bool(self._jobs)
        if outbox.is_watching:
            outbox.loop.call_later(_STUCK_SECONDS, self._look, outbox, self._finished)

    def _serve(self) -> None:
        while True:
            with self._lock:
                job = self._jobs.popleft() if self._jobs else None
                if job is None:
                    if self._asleep >= self.limit:
                        self._count -= 1
                        return
                    self._asleep += 1
            if job is None:
                if not self._tokens.get():
                    return
                continue
            job()
            self._finished += 1
            del job


class _Outbox:
    """What threads finished for one loop, handed over in one go."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.is_watching = False
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._is_told = False

    def put(self, future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
        """From a thread: this is finished."""
        self._done.append((future, answer, error))
        if not self._is_told:
            self._is_told = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # Told anew before looking: what is put from here on is delivered by the next call.
        self._is_told = False
        while self._done:
            _settle(*self._done.popleft())


class _Job:
    """A piece of work for a thread."""

    __slots__ = ("_context", "_outbox", "_work", "future", "is_running")

    def __init__(self, work: Work, context: Context, future: asyncio.Future[Any], outbox: _Outbox) -> None:
        self.future = future
        self.is_running = False
        self._work = work
        self._context = context
        self._outbox = outbox

    def run(self) -> None:
        """From a thread: do it, unless it was given up before it began."""
        if self.future.cancelled():
            return
        self.is_running = True
        answer, error = None, None
        try:
            answer = self._context.run(self._work)
        except BaseException as raised:
            error = raised
        self.is_running = False
        self._outbox.put(self.future, answer, error)


def _settle(future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(answer)
    elif isinstance(error, StopIteration):
        future.set_exception(RuntimeError(f"The tool raised StopIteration: {error}"))
    else:
        future.set_exception(error)
