"""Every executor keeps the promises of the interface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smalt.executors import Executor, Handle
from smalt.executors.fake import FakeExecutor, FakeWorld, Script
from smalt.executors.local import LocalExecutor
from smalt.testing import executors as conformance

STD_LOG = "user_logs/std_log.txt"


class TestLocalExecutor(conformance.ExecutorConformance):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "jobs"

    def executor_at(self, place: Path, on_change: Callable[[Handle], None]) -> Executor:
        return LocalExecutor(place, on_change)

    def close(self, executor: LocalExecutor) -> None:
        executor.close()


class TestFakeExecutor(conformance.ExecutorConformance):
    @pytest.fixture
    def place(self) -> FakeWorld:
        return FakeWorld()

    def executor_at(self, place: FakeWorld, on_change: Callable[[Handle], None]) -> Executor:
        scripts = {
            conformance.GREETS: Script(logs={STD_LOG: b"hello\n"}),
            conformance.FAILS: Script(exit_code=3, logs={STD_LOG: b"oops\n"}),
            conformance.WAITS: Script(waits=True, logs={STD_LOG: b"waiting\n"}),
        }
        return FakeExecutor(scripts, world=place, on_change=on_change)

    def close(self, executor: FakeExecutor) -> None:
        return None
