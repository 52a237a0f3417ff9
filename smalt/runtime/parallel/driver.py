"""The driver: hands mini-batches to workers, accepts each result once, and decides how the job ends."""

from __future__ import annotations

import collections
import ctypes
import os
import selectors
import signal
import sys
import time

from ..tables import TableError
from .batches import split
from .crew import Hand
from .journal import PLACE, Journal
from .progress import Progress
from .report import Report
from .settings import Settings
from .tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .batches import MiniBatch, Split
    from .report import WorkerLogs

_PR_SET_PDEATHSIG = 1
_UNUSABLE_IN_A_ROW = 3
_OVERVIEW_SECONDS = 10.0
_SYNC_SECONDS = 1.0


class _Stopped(BaseException):
    """Somebody asked for the end of the job."""


class _GivenUp(Exception):
    """The job cannot succeed; the message says why."""


def drive(entry: str) -> int:
    """Run a parallel job; its exit code.

    Args:
        entry: The script that workers start with.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(sys.argv[2]):  # The keeper died before the line above.
        return 137
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = Settings(os.environ)
    except ValueError as failure:
        print(f"The parallel job cannot start: {failure}", flush=True)
        return 1
    report = Report(settings.artifacts, settings.logging_level)
    for note in settings.notes:
        report.warn(note)
    try:
        return _Driver(entry, settings, report, _split(settings)).run()
    except (TableError, OSError) as failure:
        print(f"The parallel job cannot start: {failure}", flush=True)
        return 1
    except _Stopped:
        return 128 + signal.SIGTERM


def _split(settings: Settings) -> Split:
    def late(number: int, frame: FrameType | None) -> None:
        raise TableError(
            f"it took longer than {settings.creation_seconds:g} seconds. Raise --first_task_creation_timeout."
        )

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, settings.creation_seconds)
    try:
        return split(settings)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


class _Driver:
    def __init__(self, entry: str, settings: Settings, report: Report, found: Split) -> None:
        self._entry = entry
        self._settings = settings
        self._report = report
        self._split = found
        self._tally = Tally(len(found.batches), settings)
        self._waiting: collections.deque[MiniBatch] = collections.deque()
        self._tries: dict[int, int] = collections.defaultdict(int)
        self._hands: dict[int, Hand] = {}
        self._free_numbers = list(reversed(range(settings.workers)))
        self._unusable = 0
        self._selector = selectors.DefaultSelector()
        self._journal = Journal(os.path.join(settings.artifacts, PLACE))
        self._output: int | None = None
        self._last_end = time.monotonic()
        self._next_overview = 0.0
        self._next_sync = 0.0
        self._next_usage = time.monotonic()

    def run(self) -> int:
        """All of it."""
        progress = Progress(self._tally, self._settings.metrics_prefix)
        error: str | None = None
        is_stopped = False
        try:
            self._go_on()
            progress.start()
            self._serve()
            error = self._tally.verdict()
            self._dismiss()
        except _GivenUp as reason:
            error = str(reason)
        except OSError as failure:
            error = f"results cannot be written, or workers not started: {failure}."
        except _Stopped:
            error, is_stopped = "it was canceled.", True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for hand in list(self._hands.values()):
            hand.kill()
        if self._output is not None:
            os.close(self._output)
        progress.end()
        self._report.progress(self._tally)
        self._report.end(self._tally, error, self._settings.output_path)
        self._journal.sync()
        self._journal.close()
        if is_stopped:
            return 128 + signal.SIGTERM
        return 0 if error is None else 1

    def _go_on(self) -> None:
        """Take up what was finished before: by this job, whose driver was killed, or by the one it resumes."""
        keys = {batch.key for batch in self._split.batches}
        if self._settings.resumed_path:
            count = self._journal.take_over(os.path.join(self._settings.resumed_path, PLACE), keys)
            self._report.info(f"{count} mini-batches were finished by the job that this one resumes.")
        done = 0
        for batch in self._split.batches:
            record = self._journal.records.get(batch.key)
            if record is None:
                self._waiting.append(batch)
            else:
                done += 1
                self._tally.note_result(record["items"], record["count"])
        if self._settings.output_path:
            self._journal.assemble(self._settings.output_path, keys)
            self._output = os.open(self._settings.output_path, os.O_WRONLY | os.O_APPEND)
        begun = f"{len(self._split.batches)} mini-batches for up to {self._settings.workers} worker processes"
        self._report.info(f"{begun}; {done} are finished already." if done else f"{begun}.")
        self._check()

    def _serve(self) -> None:
        while self._tally.remaining_batches:
            self._hand_out()
            for key, _ in self._selector.select(self._pause()):
                self._listen(key.data)
            self._on_time()

    def _hand_out(self) -> None:
        idle = [hand for hand in self._hands.values() if hand.is_ready and hand.batch is None]
        starting = sum(not hand.is_ready for hand in self._hands.values())
        for hand in idle:
            if not self._waiting:
                return
            self._give(hand, self._waiting.popleft())
        for _ in range(min(len(self._waiting) - starting, len(self._free_numbers))):
            self._hire()

    def _hire(self) -> None:
        logs = self._report.worker(self._free_numbers.pop())
        settings, table = self._settings, self._split.table
        rows = table is not None and table.has_rows
        greeting = {
            "kind": "begin",
            "name": logs.name,
            "task": settings.task,
            "script": settings.entry_script,
            "arguments": settings.arguments,
            "model": settings.model_path,
            "table": settings.input_path,
            "input_name": settings.input_name,
            "sources": [[each.path, each.shown] for each in table.sources] if table is not None and rows else None,
            "yaml": settings.yaml_package,
            "separator": settings.separator,
            "log": logs.script,
            "logging_level": settings.logging_level,
        }
        hand = Hand(self._entry, logs, greeting)
        self._hands[hand.inbox.pipe] = hand
        self._selector.register(hand.inbox.pipe, selectors.EVENT_READ, hand)

    def _give(self, hand: Hand, batch: MiniBatch) -> None:
        self._tries[batch.index] += 1
        hand.batch = batch
        hand.deadline = time.monotonic() + self._settings.overhead_seconds
        hand.tell(
            {
                "kind": "score",
                "index": batch.index,
                "content": batch.content,
                "partition": batch.partition,
                "try": self._tries[batch.index],
            }
        )

    def _listen(self, hand: Hand) -> None:
        if not hand.inbox.read():
            self._bury(hand)
            return
        for message, payload in hand.inbox.messages():
            kind = message["kind"]
            if kind == "ready":
                hand.is_ready, self._unusable = True, 0
            elif kind == "unusable":
                self._on_unusable(hand.logs, message["error"])
            elif kind == "loaded":
                hand.deadline = time.monotonic() + self._settings.timeout_seconds
                if hand.batch is not None:
                    hand.batch.items = message["items"]
            elif hand.batch is not None:
                batch, hand.batch, hand.deadline = hand.batch, None, None
                if kind == "scored":
                    self._accept(hand.logs, batch, message, payload)
                else:
                    self._on_failure(hand.logs, batch, message["error"])

    def _accept(self, logs: WorkerLogs, batch: MiniBatch, message: dict[str, Any], rows: bytes) -> None:
        items, count = message["items"], message["rows"]
        record = {"key": batch.key, "index": batch.index, "items": items, "count": count}
        if not self._journal.accept(record, rows):
            # Two mini-batches of equal content: the files of one were named twice.
            self._report.debug(f"Mini-batch {batch.index} repeats another one; its rows are kept once.")
        elif self._output is not None:
            _write(self._output, rows)
        if self._tally.note_result(items, count):
            self._report.warn(f"Mini-batch {batch.index} returned {count} rows for {items} items.")
        self._report.batch(logs, f"mini-batch {batch.index}: {items} items, {count} rows, {message['seconds']:.3f} s")
        self._ended()

    def _on_failure(self, logs: WorkerLogs, batch: MiniBatch, trace: str) -> None:
        tries = self._tries[batch.index]
        what = f"Mini-batch {batch.index}, try {tries} of {self._settings.max_tries}"
        self._report.error(logs, what, trace)
        self._report.batch(logs, f"{what} failed")
        last = (trace.strip().splitlines() or [""])[-1]
        self._report.warn(f"{what} failed: {last}")
        if tries < self._settings.max_tries:
            self._waiting.append(batch)
            return
        self._tally.note_failure(batch.items or 1)
        self._ended()

    def _on_unusable(self, logs: WorkerLogs, trace: str) -> None:
        self._unusable += 1
        self._report.error(logs, "The scorer could not be started", trace)
        if self._unusable >= _UNUSABLE_IN_A_ROW:
            raise _GivenUp(f"the scorer could not be started {self._unusable} times in a row.\n{trace.rstrip()}")

    def _bury(self, hand: Hand) -> None:
        """A worker is gone: because it cannot be used, because it was killed, or because its code crashed."""
        batch, logs, was_ready = hand.batch, hand.logs, hand.is_ready
        self._forget(hand)
        how = hand.close()
        if batch is not None:
            self._on_failure(logs, batch, how)
        elif not was_ready and not how.endswith("code 0"):
            self._on_unusable(logs, f"{how} before it was ready. See {logs.stderr}.")

    def _forget(self, hand: Hand) -> None:
        self._selector.unregister(hand.inbox.pipe)
        del self._hands[hand.inbox.pipe]
        self._free_numbers.append(hand.logs.number)

    def _on_time(self) -> None:
        now = time.monotonic()
        for hand in list(self._hands.values()):
            if hand.deadline is not None and now >= hand.deadline and hand.batch is not None:
                batch = hand.batch
                self._forget(hand)
                hand.kill()
                limits = f"timeout {self._settings.timeout_seconds:g}, loading {self._settings.overhead_seconds:g}"
                self._on_failure(hand.logs, batch, f"it took too long ({limits} seconds); its worker was ended")
        if self._settings.progress_seconds is not None and now - self._last_end > self._settings.progress_seconds:
            raise _GivenUp(f"no mini-batch ended within {self._settings.progress_seconds:g} seconds.")
        if now >= self._next_overview:
            self._next_overview = now + _OVERVIEW_SECONDS
            self._report.progress(self._tally)
        if now >= self._next_sync:
            self._next_sync = now + _SYNC_SECONDS
            self._journal.sync()
        if self._settings.monitor_seconds and now >= self._next_usage:
            self._next_usage = now + self._settings.monitor_seconds
            self._report.usage()

    def _pause(self) -> float:
        """How long nothing has to be done."""
        moments = [hand.deadline for hand in self._hands.values() if hand.deadline is not None]
        if self._settings.progress_seconds is not None:
            moments.append(self._last_end + self._settings.progress_seconds)
        moments += [self._next_overview, self._next_sync]
        return max(0.0, min(moments) - time.monotonic())

    def _ended(self) -> None:
        self._last_end = time.monotonic()
        self._check()

    def _check(self) -> None:
        """Stop as soon as the job cannot succeed any more."""
        reason = self._tally.verdict()
        if reason is not None:
            raise _GivenUp(reason)

    def _dismiss(self) -> None:
        """Let every worker call its `shutdown`."""
        until = time.monotonic() + self._settings.timeout_seconds
        for hand in list(self._hands.values()):
            if hand.is_ready and hand.batch is None:
                hand.tell({"kind": "stop"})
            else:
                self._forget(hand)
                hand.kill()
        while self._hands and time.monotonic() < until:
            for key, _ in self._selector.select(max(0.0, until - time.monotonic())):
                hand = key.data
                if hand.inbox.read():
                    for message, _ in hand.inbox.messages():
                        if message.get("error"):
                            self._report.error(hand.logs, "shutdown()", message["error"])
                            self._report.warn(f"shutdown() of {hand.logs.name} failed. See logs/user/error.txt.")
                    continue
                self._forget(hand)
                hand.close()
        for hand in list(self._hands.values()):
            self._report.warn(f"shutdown() of {hand.logs.name} took too long; its process was ended.")


def _write(output: int, rows: bytes) -> None:
    left = memoryview(rows)
    while left:
        left = left[os.write(output, left) :]
