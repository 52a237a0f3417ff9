"""How a sweep ends: which trial is the best, or why there is none. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from smalt.entities.job.status import JobStatus
from smalt.server.sweeps.policies import Goal
from smalt.server.sweeps.store import Trial

BEST = "best_child_run_id"
"""The property of a sweep that names its best trial."""


def best_of(trials: Sequence[Trial], goal: Goal) -> Trial | None:
    """The completed trial with the best value, the first of equals; one that was stopped only if none completed."""
    for outcome in (JobStatus.COMPLETED, JobStatus.CANCELED):
        known = [trial for trial in trials if trial.outcome == outcome and trial.value is not None]
        best = goal.best([trial.value for trial in known if trial.value is not None])
        if best is not None:
            return next(trial for trial in known if trial.value == best)
    return None


def failure(trials: Sequence[Trial], metric: str, logged: Collection[str]) -> str:
    """Why there is no best trial."""
    completed = [trial for trial in trials if trial.outcome == JobStatus.COMPLETED]
    if completed:
        others = f"They logged: {', '.join(logged)}" if logged else "They logged no metric at all"
        return (
            f"{len(completed)} of {len(trials)} trials completed, and none has logged the metric {metric!r}. {others}. "
            "Write the metric's name in objective.primary_metric, or log it with mlflow.log_metric."
        )
    first = next((trial for trial in trials if trial.outcome == JobStatus.FAILED), None)
    if first is None:
        return f"None of the {len(trials)} trials has completed: all were canceled."
    count = sum(trial.outcome == JobStatus.FAILED for trial in trials)
    ended = f"All {count} trials failed" if count == len(trials) else f"No trial completed, {count} of them failed"
    return f"{ended}. The first was {first.job}: {first.reason or 'no reason is known.'}"
