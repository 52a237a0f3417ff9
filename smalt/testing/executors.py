"""The promises of an executor as tests: derive, give the fixtures, and every one is checked.

```python
class TestMyExecutor(ExecutorConformance):
    @pytest.fixture
    def place(self, tmp_path): ...

    def executor_at(self, place, on_change): ...
```
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smalt.errors import NotFound
from smalt.executors import Executor, Handle, Plan, Reason, Workload, WorkloadState

GREETS = "echo hello"
"""A command that prints `hello` and succeeds."""
FAILS = "echo oops; exit 3"
"""A command that prints `oops` and exits with code 3."""
WAITS = "echo waiting; sleep 600"
"""A command that prints `waiting` and stays until it is stopped."""

_PATIENCE_SECONDS = 60.0


class Changes:
    """Hears an executor's changes, and lets a test wait for one without sleeping."""

    def __init__(self) -> None:
        self._heard = threading.Condition()
        self._count = 0

    def __call__(self, handle: Handle) -> None:
        """The listener to hand to an executor."""
        with self._heard:
            self._count += 1
            self._heard.notify_all()

    def until(self, is_true: Callable[[], bool], *, timeout_seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until a condition holds, looking after every change.

        Raises:
            TimeoutError: It never did.
        """
        while True:
            with self._heard:
                seen = self._count
            if is_true():
                return
            self._wait_beyond(seen, timeout_seconds)

    def end_of(self, executor: Executor, handle: Handle) -> WorkloadState:
        """Wait for the end of a workload."""
        self.until(lambda: executor.state(handle).is_over)
        return executor.state(handle)

    def _wait_beyond(self, count: int, timeout_seconds: float) -> None:
        with self._heard:
            if not self._heard.wait_for(lambda: self._count > count, timeout_seconds):
                raise TimeoutError("No change was heard, and the condition does not hold.")


class ExecutorConformance(ABC):
    """What every executor promises."""

    @pytest.fixture
    @abstractmethod
    def place(self, tmp_path: Path) -> Any:  # Any: each executor's own notion of a place
        """Where workloads live, for `executor_at`."""

    @abstractmethod
    def executor_at(self, place: Any, on_change: Callable[[Handle], None]) -> Executor:
        """An executor at a place; called again it gives one that finds the same workloads."""

    @abstractmethod
    def close(self, executor: Executor) -> None:
        """Let go of an executor at the end of a test."""

    @pytest.fixture
    def changes(self) -> Changes:
        """Hears the executor."""
        return Changes()

    @pytest.fixture
    def executor(self, place: Any, changes: Changes) -> Iterator[Executor]:
        """The executor under test."""
        executor = self.executor_at(place, changes)
        yield executor
        self.close(executor)

    @pytest.fixture
    def workload(self, tmp_path: Path) -> Callable[..., Workload]:
        """Makes workloads that need nothing but a command."""

        def make(command: str, *, name: str = "job", **more: Any) -> Workload:  # Any: fields of a workload
            return Workload(name=name, command=command, artifacts=tmp_path / "artifacts" / name, **more)

        return make

    def test_a_command_that_succeeds_is_completed(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """Exit code 0, its log, and its moments in order."""
        handle = executor.start(executor.plan(workload(GREETS)))

        state = changes.end_of(executor, handle)

        assert (state.reason, state.exit_code, state.error) == (Reason.COMPLETED, 0, None)
        assert executor.logs(handle) == b"hello\n"
        assert state.started_at is not None
        assert state.ended_at is not None
        assert state.started_at <= state.ended_at

    def test_a_command_that_fails_is_failed_with_its_exit_code(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """The code, and a sentence for people."""
        handle = executor.start(executor.plan(workload(FAILS)))

        state = changes.end_of(executor, handle)

        assert (state.reason, state.exit_code) == (Reason.FAILED, 3)
        assert "code 3" in (state.error or "")

    def test_two_concurrent_starts_run_it_once(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """A server that died before it stored the handle may start again."""
        plan = executor.plan(workload(GREETS))

        with ThreadPoolExecutor(4) as pool:
            handles = set(pool.map(executor.start, [plan] * 4))
        (handle,) = handles
        changes.end_of(executor, handle)
        executor.start(plan)

        assert changes.end_of(executor, handle).reason is Reason.COMPLETED
        assert executor.logs(handle) == b"hello\n"

    def test_a_stopped_command_is_canceled(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """Stop returns at once, and the end follows."""
        handle = executor.start(executor.plan(workload(WAITS)))

        executor.stop(handle, grace_seconds=1)

        assert changes.end_of(executor, handle).reason is Reason.CANCELED

    def test_stopping_what_is_over_changes_nothing(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """The first end is the end."""
        handle = executor.start(executor.plan(workload(GREETS)))
        before = changes.end_of(executor, handle)

        executor.stop(handle)

        assert executor.state(handle) == before

    def test_a_later_executor_finds_and_stops_what_runs(
        self, executor: Executor, place: Any, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """Nothing about a workload lives only in the process that started it."""
        executor.start(executor.plan(workload(WAITS)))
        later = self.executor_at(place, changes)

        handle = later.find("job")
        assert handle is not None
        running = later.state(handle)
        later.stop(handle, grace_seconds=1)
        ended = changes.end_of(later, handle)
        self.close(later)

        assert not running.is_over
        assert ended.reason is Reason.CANCELED

    def test_a_log_is_read_in_pieces(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload]
    ) -> None:
        """By offset and limit; nothing beyond the end."""
        handle = executor.start(executor.plan(workload(GREETS)))
        changes.end_of(executor, handle)

        assert executor.logs(handle, offset=1, limit=3) == b"ell"
        assert executor.logs(handle, offset=99) == b""
        assert executor.logs(handle, "user_logs/none.txt") == b""

    @pytest.mark.parametrize("name", ["../secret", "user_logs/../../secret", "/etc/passwd", "user_logs//x", ""])
    def test_a_log_name_leads_nowhere_else(
        self, executor: Executor, changes: Changes, workload: Callable[..., Workload], name: str
    ) -> None:
        """Only files below the artifact root."""
        handle = executor.start(executor.plan(workload(GREETS)))
        changes.end_of(executor, handle)

        with pytest.raises(NotFound):
            executor.logs(handle, name)

    def test_what_was_never_started_is_not_found(self, executor: Executor) -> None:
        """By any verb."""
        unknown = Handle("unknown")

        assert executor.find("unknown") is None
        for ask in (executor.state, executor.logs, executor.stop):
            with pytest.raises(NotFound):
                ask(unknown)

    def test_a_plan_is_pure_storable_and_shows_no_secret(
        self, executor: Executor, workload: Callable[..., Workload]
    ) -> None:
        """Equal workloads have equal plans, before and after storage."""
        asked = workload(GREETS, environment_variables={"KEY": "s3cret-value"}, token="s3cret-token")  # noqa: S106  (made up)

        plan = executor.plan(asked)

        assert plan == executor.plan(asked)
        assert Plan.from_json(plan.to_json()) == plan
        assert "s3cret" not in repr(plan)
