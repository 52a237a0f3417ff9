"""Where requests are scored: in the thread of the loop, in threads of their own, as coroutines, or in batches."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import ctypes
import signal
import threading
import time

from .handler import NOT_BEGUN, Overdue, refusal
from .settings import Batching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from .handler import Handler
    from .http11 import Answer, Request
    from .pulse import Pulse
    from .settings import Settings

    Done = Callable[[Answer], None]

_SPARE = 16
_AHEAD = 3
"""So many requests may lie unread at a worker that scores one after the other: more would not make it quicker."""

_TOGETHER, _TOGETHER_BYTES = 16, 64 << 10
"""Of requests that wait already, where nobody said otherwise: small ones, so that none waits long for another."""


class Desk:
    """Scores at most as many requests at once as the settings say; a few more may wait, the rest is refused.

    Args:
        handler: Routes and failures.
        settings: Of the instance.
        pulse: Told since when this worker has been busy.
        worker: The number of this worker.
        loop: Of this worker.

    Attributes:
        streams: Answers that are still being made, piece by piece.
    """

    def __init__(
        self, handler: Handler, settings: Settings, pulse: Pulse, worker: int, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._handler = handler
        self._loader = handler.loader
        self._timeout = settings.timeout_seconds
        self._limit = settings.concurrency
        self._pulse = pulse
        self._worker = worker
        self._loop = loop
        self.streams = 0
        self._is_near = settings.listen.startswith("unix:")
        self._batching = self._batching_of(settings)
        self._waiting: collections.deque[tuple[Request, Done]] = collections.deque()
        self._running: dict[int, float] = {}
        self._tasks: set[asyncio.Task[Answer]] = set()  # the loop itself would not keep them alive
        self._batch_timer: Any = None  # Any: a handle of the loop
        self.threads = concurrent.futures.ThreadPoolExecutor(max_workers=max(1, settings.concurrency))
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGALRM, _ring)

    def _batching_of(self, settings: Settings) -> Batching | None:
        """How requests are put together: as the settings say, and else those that wait already where rows are rows."""
        if not self._loader.can_batch:
            return None
        if settings.batching is not None:
            return settings.batching
        return Batching(_TOGETHER, 0.0, _TOGETHER_BYTES) if self._loader.is_row_wise else None

    @property
    def concurrency(self) -> int:
        """How many requests are welcome at once."""
        return max(self._limit, self._batching.max_size) if self._batching is not None else self._limit

    @property
    def ahead(self) -> int:
        """How many more may be sent, to be read when it is their turn: only where they can be taken back until then."""
        return _AHEAD if self._scores_here and self._is_near else 0

    @property
    def _scores_here(self) -> bool:
        return self._limit == 1 and self._batching is None and not self._loader.is_async

    def take(self, request: Request, done: Done) -> None:
        """Score a request and call `done` with the answer, now or later, in the thread of the loop."""
        answer = self._handler.shortcut(request)
        if answer is not None:
            done(answer)
        elif self._batching is not None:
            self._wait(request, done)
            self._plan_batch()
        elif self.streams and self.ahead:
            done(refusal(503, "The worker is busy with another request.", NOT_BEGUN, ("retry-after", "1")))
        elif self._scores_here:
            self._score_here(request, done)
        elif len(self._running) < self._limit:
            self._start(request, done)
        else:
            self._wait(request, done)

    def _wait(self, request: Request, done: Done) -> None:
        if len(self._waiting) >= 2 * self.concurrency + _SPARE:
            done(refusal(503, "The worker has more requests than it may hold. Try again.", ("retry-after", "1")))
            return
        self._waiting.append((request, done))

    def _score_here(self, request: Request, done: Done) -> None:
        started = time.monotonic()
        self._pulse.set(self._worker, started)
        try:
            answer = self._in_time(lambda: self._loader.score(request))
        except BaseException as problem:
            answer = self._failed(problem)
        self._pulse.set(self._worker, 0.0)
        done(self._handler.finish(request, answer, started))

    def _in_time(self, score: Callable[[], Any]) -> Any:
        """Call in this thread; what takes too long is interrupted, as far as Python can."""
        try:
            signal.setitimer(signal.ITIMER_REAL, self._timeout)
            return score()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _failed(self, problem: BaseException) -> Answer:
        if isinstance(problem, (KeyboardInterrupt, GeneratorExit)):
            raise problem
        return self._handler.failure(problem)

    def given_up(self, problem: Overdue) -> Answer:
        """The answer to a request that took too long."""
        return self._handler.failure(problem)

    def _start(self, request: Request, done: Done) -> None:
        started = time.monotonic()
        key = id(request)
        self._running[key] = started
        self._beat()

        def end(answer: Answer) -> None:
            self._running.pop(key, None)
            self._beat()
            if self._waiting:
                self._start(*self._waiting.popleft())
            done(self._handler.finish(request, answer, started))

        if self._loader.is_async:
            task = self._loop.create_task(self._score_async(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda ended: end(ended.result()))
        else:
            _InThread(self, request, end)

    async def _score_async(self, request: Request) -> Answer:
        try:
            return await asyncio.wait_for(self._loader.score(request), self._timeout)  # type: ignore[arg-type]  # is_async
        except asyncio.TimeoutError:  # noqa: UP041  (not the built-in one before Python 3.11)
            return self._handler.failure(Overdue())
        except BaseException as problem:
            return self._failed(problem)

    def _beat(self) -> None:
        self._pulse.set(self._worker, min(self._running.values()) if self._running else 0.0)

    def _plan_batch(self) -> None:
        batching = self._batching
        assert batching is not None
        if len(self._waiting) >= batching.max_size and self._batch_timer is not None:
            self._batch_timer.cancel()
            self._batch_timer = None
            self._loop.call_soon(self._score_batch)
        elif self._batch_timer is None and self._waiting:
            # Even without a delay, what has come in the same turn of the loop goes together.
            self._batch_timer = self._loop.call_later(batching.max_delay_seconds, self._score_batch)

    def _score_batch(self) -> None:
        assert self._batching is not None
        self._batch_timer = None
        taken = self._next_batch(self._batching)
        if not taken:
            return
        started = time.monotonic()
        self._pulse.set(self._worker, started)
        found = self._together([request for request, _ in taken])
        self._pulse.set(self._worker, 0.0)
        for (request, done), answer in zip(taken, found):  # noqa: B905  (`strict` is newer than Python 3.8)
            whole = self._failed(answer) if isinstance(answer, BaseException) else answer
            done(self._handler.finish(request, whole, started))
        self._plan_batch()

    def _together(self, requests: list[Request]) -> list[Any]:
        """Answers or refusals, one for each request."""
        if len(requests) == 1:
            return [self._alone(requests[0])]
        try:
            answers: list[Any] = self._in_time(lambda: self._loader.score_many(requests))
        except Overdue as problem:
            return [self._failed(problem)] * len(requests)
        except BaseException:
            # One bad request must not spoil the others: each is scored alone.
            return [self._alone(request) for request in requests]
        return answers

    def _next_batch(self, bounds: Batching) -> list[tuple[Request, Done]]:
        taken: list[tuple[Request, Done]] = []
        size = 0
        while self._waiting and len(taken) < bounds.max_size:
            size += len(self._waiting[0][0].body)
            if taken and size > bounds.most_bytes:
                break
            taken.append(self._waiting.popleft())
        return taken

    def _alone(self, request: Request) -> Any:
        try:
            return self._in_time(lambda: self._loader.score(request))
        except BaseException as problem:
            return self._failed(problem)

    def score_in_thread(self, request: Request) -> Answer:
        """Score where it does not hold up the loop."""
        try:
            return self._loader.score(request)  # type: ignore[return-value]  # not an async loader
        except BaseException as problem:
            return self._failed(problem)

    def note(self, problem: BaseException) -> None:
        """Write a failure to the log, where no answer can tell of it any more."""
        self._handler.failure(problem)

    def later(self, call: Callable[[], None]) -> Any:
        """Have something called when a request has had its time."""
        return self._loop.call_later(self._timeout, call)

    def back(self, call: Callable[..., None], *arguments: Any) -> None:
        """Have something called in the thread of the loop."""
        self._loop.call_soon_threadsafe(call, *arguments)


class _InThread:
    """One request in a thread. When overdue the thread is interrupted, and its place stays taken until it ends."""

    def __init__(self, desk: Desk, request: Request, end: Done) -> None:
        self._desk = desk
        self._request = request
        self._end = end
        self._thread: int | None = None
        self._timer = desk.later(self._interrupt)
        desk.threads.submit(self._run)

    def _run(self) -> None:
        self._thread = threading.get_ident()
        try:
            answer = self._desk.score_in_thread(self._request)
        except Overdue as problem:  # it came in the very moment between two lines
            answer = self._desk.given_up(problem)
        self._thread = None
        self._desk.back(self._ended, answer)

    def _ended(self, answer: Answer) -> None:
        self._timer.cancel()
        self._end(answer)

    def _interrupt(self) -> None:
        if self._thread is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Overdue))


def _ring(number: int, frame: FrameType | None) -> None:
    raise Overdue
