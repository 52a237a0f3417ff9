"""Which running trials are stopped early. Pure: histories in, reasons out.

An interval is one report of the primary metric. A trial is judged at every multiple of `evaluation_interval` from
`delay_evaluation` on, against what the others had reported by the same interval.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from smalt.entities.job.sweep import EarlyTermination


@dataclass(frozen=True, slots=True)
class Course:
    """What a trial has reported so far.

    Args:
        number: Of the trial.
        reports: Values of the primary metric in the order they were reported; NaN where it reported none.
        is_over: Whether it has ended.
    """

    number: int
    reports: Sequence[float]
    is_over: bool = False

    def until(self, interval: int) -> list[float]:
        """The numbers reported in the intervals up to one."""
        return [value for value in self.reports[:interval] if not math.isnan(value)]


@dataclass(frozen=True, slots=True)
class Goal:
    """Which way the metric is better."""

    maximizes: bool

    def best(self, values: Sequence[float]) -> float | None:
        """The best of some values, NaN left out; None of none."""
        known = [value for value in values if not math.isnan(value)]
        if not known:
            return None
        return max(known) if self.maximizes else min(known)

    def is_worse(self, value: float, than: float) -> bool:
        """Whether one value is worse than another."""
        return value < than if self.maximizes else value > than


class Policy(ABC):
    """Judges trials.

    Args:
        settings: As submitted.
        goal: Which way the metric is better.
    """

    def __init__(self, settings: EarlyTermination, goal: Goal) -> None:
        self._settings = settings
        self._goal = goal
        # Clients that leave the interval out send 0.
        self._interval = settings.evaluation_interval or 1
        self._delay = settings.delay_evaluation or 0

    def due(self, course: Course, *, judged: int) -> list[int]:
        """The intervals a trial has come to since it was judged last."""
        step = self._interval
        first = max(judged // step + 1, math.ceil(self._delay / step), 1)
        return list(range(first * step, len(course.reports) + 1, step))

    @abstractmethod
    def verdict(self, course: Course, everyone: Sequence[Course], interval: int) -> str | None:
        """Why a trial is stopped at an interval, or None when it goes on. `everyone` has the trial itself in it."""


class Bandit(Policy):
    """Stops what is further from the best than the slack allows."""

    def verdict(self, course: Course, everyone: Sequence[Course], interval: int) -> str | None:
        """See `Policy.verdict`."""
        best = self._goal.best([value for other in everyone for value in other.until(interval)])
        if best is None:
            return None
        limit = self._limit(best)
        own = self._goal.best(course.until(interval))
        if own is not None and not self._goal.is_worse(own, limit):
            return None
        side = "below" if self._goal.maximizes else "above"
        return f"bandit: its best by interval {interval} is {_shown(own)}, {side} {_shown(limit)} (best {_shown(best)})"

    def _limit(self, best: float) -> float:
        if self._settings.slack_amount:
            slack = self._settings.slack_amount
            return best - slack if self._goal.maximizes else best + slack
        factor = 1 + (self._settings.slack_factor or 0)
        # Mirrored below 0, where the same step would come out better than the best and stop even that.
        return best / factor if self._goal.maximizes == (best >= 0) else best * factor


class MedianStopping(Policy):
    """Stops what is worse than the median of the running averages of all trials."""

    def verdict(self, course: Course, everyone: Sequence[Course], interval: int) -> str | None:
        """See `Policy.verdict`."""
        averages = [fmean(values) for other in everyone if (values := other.until(interval))]
        if not averages:
            return None
        middle = median(averages)
        own = self._goal.best(course.until(interval))
        if own is not None and not self._goal.is_worse(own, middle):
            return None
        return f"median_stopping: its best by interval {interval} is {_shown(own)}, worse than {_shown(middle)}"


class TruncationSelection(Policy):
    """Stops the worst share of trials."""

    def verdict(self, course: Course, everyone: Sequence[Course], interval: int) -> str | None:
        """See `Policy.verdict`."""
        excludes = bool(self._settings.exclude_finished_jobs)
        there = [
            other
            for other in everyone
            if len(other.reports) >= interval and (other.number == course.number or not (excludes and other.is_over))
        ]
        share = self._settings.truncation_percentage or 0
        count = len(there) * share // 100
        worst = sorted(there, key=lambda other: self._order(other, interval))[:count]
        if course.number not in {other.number for other in worst}:
            return None
        own = course.reports[interval - 1]
        return f"truncation_selection: {_shown(own)} at interval {interval} is in the worst {share} % of {len(there)}"

    def _order(self, course: Course, interval: int) -> tuple[float, int]:
        """The worst first; of equals the one that was asked for last."""
        value = course.reports[interval - 1]
        if math.isnan(value):
            return -math.inf, -course.number
        return (value if self._goal.maximizes else -value), -course.number


_POLICIES: dict[str, type[Policy]] = {
    "bandit": Bandit,
    "medianstopping": MedianStopping,
    "truncationselection": TruncationSelection,
}


def policy_of(settings: EarlyTermination | None, goal: Goal) -> Policy | None:
    """The policy that settings ask for, if any."""
    found = _POLICIES.get(settings.kind) if settings is not None else None
    return found(settings, goal) if found is not None and settings is not None else None


def _shown(value: float | None) -> str:
    return "no number" if value is None else f"{value:.6g}"
