"""The trials of a sweep while it runs: a line for each that has ended, and at the end a table with the best marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

from smalt.entities.job.status import JobStatus
from smalt.entities.text import literal_text
from smalt.sdk.operations.base import JsonObject


class TrialsTable:
    """Prints what is new about trials.

    Args:
        fetch: Asks for the trials.
        out: Where to print.
    """

    def __init__(self, fetch: Callable[[], JsonObject], out: TextIO) -> None:
        self._fetch = fetch
        self._out = out
        self._shown: dict[str, str] = {}
        self._columns: list[int] = []

    def __call__(self) -> bool:
        """Print every trial that has started or ended since the last time; False when none has."""
        found = self._fetch()
        metric = str(found["primaryMetric"])
        news = False
        for trial in found["value"]:
            phase = _phase(trial["status"])
            if phase is None or self._shown.get(trial["name"]) == phase:
                continue
            if not self._columns:
                self._begin(metric, trial)
            self._shown[trial["name"]] = phase
            self._line(_cells(trial, phase))
            news = True
        self._out.flush()
        return news

    def conclude(self) -> None:
        """Print which trial is the best."""
        found = self._fetch()
        best = next((trial for trial in found["value"] if trial["isBest"]), None)
        if best is not None:
            values = ", ".join(f"{name} {_short(value)}" for name, value in best["hyperparameters"].items())
            self._out.write(
                f"\nBest trial: {best['name']}, {found['primaryMetric']} {_short(best['value'])} ({values})\n"
            )
            self._out.flush()

    def _begin(self, metric: str, trial: JsonObject) -> None:
        head = ["trial", "status", metric, *trial["hyperparameters"]]
        widths = [len(trial["name"]) + 3, len(JobStatus.COMPLETED), 12]
        self._columns = [max(len(word), width) for word, width in zip(head, [*widths, *[12] * len(head)], strict=False)]
        self._out.write("\n")
        self._line(head)

    def _line(self, cells: list[str]) -> None:
        padded = (cell.ljust(width) for cell, width in zip(cells, [*self._columns, *[0] * len(cells)], strict=False))
        self._out.write("  ".join(padded).rstrip() + "\n")


def _phase(status: str) -> str | None:
    """Only what a person waits for: that a trial runs, and how it has ended."""
    is_shown = status == JobStatus.RUNNING or JobStatus(status).is_terminal
    return status if is_shown else None


def _cells(trial: JsonObject, phase: str) -> list[str]:
    mark = "*" if trial["isBest"] and phase != JobStatus.RUNNING else ""
    reason = f"({trial['reason']})" if trial["reason"] else ""
    values = [_short(value) for value in trial["hyperparameters"].values()]
    return [trial["name"] + mark, phase, _short(trial["value"]), *values, reason]


def _short(value: Any) -> str:  # Any: JSON
    return f"{value:.6g}" if isinstance(value, float) else literal_text(value)
