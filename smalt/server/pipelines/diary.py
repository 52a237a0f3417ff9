"""The log of a pipeline: a line for every step that begins or ends, where the official clients look for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from smalt.kit import clock
from smalt.server.pipelines.store import StepKey
from smalt.server.work import Work

LOG = "logs/azureml/executionlogs.txt"


class Diary:
    """Lines of one turn, written once the turn is committed.

    Args:
        work: The unit of work.
        artifacts: The pipeline's folder of artifacts; None where it is not on this machine.
        is_loop: Whether a step runs again and again, so that its runs are numbered.
    """

    def __init__(self, work: Work, artifacts: Path | None, *, is_loop: Callable[[str], bool]) -> None:
        self._time = clock.to_text(work.now)
        self._lines: list[str] = []
        self._artifacts = artifacts
        self._is_loop = is_loop
        work.after_commit(self._write)

    def note(self, key: StepKey, what: str, more: str | None = None) -> None:
        """Add a line about one run of a step."""
        which = f"[{key.iteration}]" if self._is_loop(key.step) else ""
        which += f" (attempt {key.attempt})" if key.attempt > 1 else ""
        rest = f": {' '.join(more.split())[:500]}" if more else ""
        self._lines.append(f"[{self._time}] step {key.step}{which} {what}{rest}\n")

    def _write(self) -> None:
        if not self._lines or self._artifacts is None:
            return
        path = self._artifacts / LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="replace") as stream:
            stream.writelines(self._lines)
