"""Which trial comes next: pure logic over the results so far, the same for the same results in whichever order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VOTING, STACK = "voting_ensemble", "stack_ensemble"

_LANDMARKS = 20
_PATIENCE = 10
_HOPELESS = 3
_MOST_TRIALS = 1000
# How often the best, second and third best learner are refined in turn.
_TURNS = (0, 0, 1, 0, 1, 2)


@dataclass(frozen=True, slots=True)
class Trial:
    """One child: a learner with settings still to be chosen, or an ensemble of earlier trials."""

    number: int
    learner: str

    @property
    def is_ensemble(self) -> bool:
        """Whether it combines models that exist."""
        return self.learner in {VOTING, STACK}


@dataclass(frozen=True, slots=True)
class Result:
    """How a trial ended; without a score it failed or was canceled."""

    number: int
    learner: str
    score: float | None
    params: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a job wants.

    Args:
        learners: In the order in which they are tried first.
        trials: The most trials, ensembles included.
        concurrency: The most trials at a time.
        maximise: Whether a larger score is better.
        ensembles: Which are made at the end.
        exit_score: A score that is good enough.
        early_termination: Stop when the search no longer gets better.
    """

    learners: Sequence[str]
    trials: int = _MOST_TRIALS
    concurrency: int = 1
    maximise: bool = True
    ensembles: Sequence[str] = ()
    exit_score: float | None = None
    early_termination: bool = True

    @property
    def base_trials(self) -> int:
        """Trials that are no ensembles; two are left at least, for there to be something to combine."""
        return max(self.trials - len(self.ensembles), min(self.trials, 2))

    def better(self, score: float, than: float) -> bool:
        """Whether one score is better than another."""
        return score > than if self.maximise else score < than

    def best(self, results: Sequence[Result]) -> Result | None:
        """The best result, the earlier one of equals."""
        return self.ranked(results)[0] if self.ranked(results) else None

    def ranked(self, results: Sequence[Result]) -> list[Result]:
        """Results with a score, the best first."""
        sign = -1.0 if self.maximise else 1.0
        scored = [each for each in results if each.score is not None and math.isfinite(each.score)]
        return sorted(scored, key=lambda each: (sign * (each.score or 0.0), each.number))


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now.

    Args:
        start: Trials to start.
        waits: Whether trials run whose end is to be awaited.
        failure: Why the search cannot succeed.
    """

    start: tuple[Trial, ...] = ()
    waits: bool = False
    failure: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the search has ended with a model."""
        return not self.start and not self.waits and self.failure is None


def next_step(search: Search, started: Sequence[Trial], results: Sequence[Result], *, in_time: bool = True) -> Step:
    """What to do after these results.

    A trial sees the results of all trials but the `concurrency - 1` before it, and starts once these are there, so
    that a search takes the same way however long its trials take.

    Args:
        search: What is wanted.
        started: Every trial that was started.
        results: Those that ended.
        in_time: Whether the job's time is not over.
    """
    ended = {each.number: each for each in results}
    running = len(started) - len(ended)
    if not running and (failure := _hopeless(search, results, in_time=in_time)):
        return Step(failure=failure)
    if not in_time:
        return Step(waits=running > 0)
    if not any(trial.is_ensemble for trial in started):
        fresh = _base(search, started, ended)
        if fresh or running:
            return Step(fresh, waits=running > 0)
    combined = _ensembles(search, started, results)[: search.concurrency - running]
    return Step(tuple(combined), waits=running > 0)


def visible(search: Search, number: int, results: Sequence[Result]) -> list[Result]:
    """The results that a trial of this number may know."""
    return sorted((each for each in results if each.number <= number - search.concurrency), key=lambda one: one.number)


def _base(search: Search, started: Sequence[Trial], ended: Mapping[int, Result]) -> tuple[Trial, ...]:
    fresh: list[Trial] = []
    number = len(started)
    while number < search.base_trials and all(each in ended for each in range(number - search.concurrency + 1)):
        seen = visible(search, number, list(ended.values()))
        if _is_enough(search, seen):
            break
        learner = _learner(search, number, seen)
        if learner is None:
            break
        fresh.append(Trial(number, learner))
        number += 1
    return tuple(fresh)


def _learner(search: Search, number: int, seen: Sequence[Result]) -> str | None:
    if number < len(search.learners):
        return search.learners[number]
    ranked = list(dict.fromkeys(each.learner for each in search.ranked(seen)))
    if not ranked:
        return None
    turn = _TURNS[(number - len(search.learners)) % len(_TURNS)]
    return ranked[min(turn, len(ranked) - 1)]


def _is_enough(search: Search, seen: Sequence[Result]) -> bool:
    best = search.best(seen)
    if best is None or best.score is None:
        return len(seen) >= _HOPELESS
    if search.exit_score is not None and not search.better(search.exit_score, best.score):
        return True
    return search.early_termination and len(seen) >= _LANDMARKS and len(seen) - 1 - best.number >= _PATIENCE


def _ensembles(search: Search, started: Sequence[Trial], results: Sequence[Result]) -> list[Trial]:
    done = {trial.learner for trial in started}
    base = [each for each in results if each.learner not in {VOTING, STACK}]
    best = search.best(base)
    if len(search.ranked(base)) < 2 or best is None or best.score is None:
        return []
    if search.exit_score is not None and not search.better(search.exit_score, best.score):
        return []
    left = [name for name in search.ensembles if name not in done][: max(search.trials - len(started), 0)]
    return [Trial(len(started) + index, name) for index, name in enumerate(left)]


def _hopeless(search: Search, results: Sequence[Result], *, in_time: bool) -> str | None:
    if search.ranked(results):
        return None
    if in_time and len(results) < min(_HOPELESS, search.base_trials, len(search.learners)):
        return None
    reason = next((each.failure for each in results if each.failure), None)
    if not in_time:
        return f"The job's time was over before a trial gave a model.{f' {reason}' if reason else ''}"
    return f"No trial gave a model. {reason or 'See the logs of its children.'}"
