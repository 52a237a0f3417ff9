"""A job that searches for good parameter values by running many trials."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, field_validator

from smalt.entities.base import Entity
from smalt.entities.job.base import Job
from smalt.entities.job.command import Trial
from smalt.entities.job.inputs import JobInputs
from smalt.entities.job.limits import SweepJobLimits
from smalt.entities.job.resources import ResourcesField
from smalt.entities.job.search_space import SearchRange
from smalt.entities.text import Text, normal_form

DEFAULT_TOTAL_TRIALS = 1000


class Objective(Entity):
    """The metric to make large or small."""

    goal: Literal["minimize", "maximize"]
    primary_metric: Text

    @field_validator("goal", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:  # Any: raw input of a validator
        return value.lower() if isinstance(value, str) else value


class SamplingAlgorithm(Entity):
    """How the next parameter values are chosen: `random`, `grid` or `bayesian`."""

    type: Text = "random"
    seed: int | None = None
    rule: Text | None = None
    logbase: Any = None  # Any: a number or its name


class EarlyTermination(Entity):
    """When a poor trial is ended: `bandit`, `median_stopping` or `truncation_selection`."""

    type: Text
    evaluation_interval: int | None = None
    delay_evaluation: int | None = None
    slack_factor: int | float | None = None
    slack_amount: int | float | None = None
    truncation_percentage: int | None = None
    exclude_finished_jobs: bool | None = None

    @property
    def kind(self) -> str:
        """The policy in its plain spelling, e.g. `medianstopping`; `none` stops nothing."""
        return normal_form(self.type)


def _typed(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, str):
        return {"type": normal_form(value)}
    return value


class SweepJob(Job):
    """Trials of `trial` over `search_space`, judged by `objective`. `trial` may name a component."""

    type: Literal["sweep"] = "sweep"
    trial: Trial | str
    search_space: dict[str, SearchRange]
    objective: Objective
    sampling_algorithm: Annotated[SamplingAlgorithm | None, BeforeValidator(_typed)] = None
    early_termination: Annotated[EarlyTermination | None, BeforeValidator(_typed)] = None
    limits: SweepJobLimits | None = None
    inputs: JobInputs
    resources: ResourcesField = None

    def set_objective(self, *, goal: str | None = None, primary_metric: str | None = None) -> None:
        """Change what the trials are judged by."""
        changes = {"goal": goal, "primary_metric": primary_metric}
        given = {name: value for name, value in changes.items() if value is not None}
        self.objective = Objective.parse(self.objective.document() | given)

    def set_limits(
        self,
        *,
        max_concurrent_trials: int | None = None,
        max_total_trials: int | None = None,
        timeout: float | None = None,
        trial_timeout: float | None = None,
    ) -> None:
        """Change how many trials there may be, how many at a time, and for how long; None leaves a limit."""
        changes = {
            "max_concurrent_trials": max_concurrent_trials,
            "max_total_trials": max_total_trials,
            "timeout": timeout,
            "trial_timeout": trial_timeout,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        self.limits = SweepJobLimits.parse((self.limits.document() if self.limits else {}) | given)

    @property
    def max_total_trials(self) -> int:
        """How many trials there are at most."""
        asked = self.limits.max_total_trials if self.limits is not None else None
        return asked or DEFAULT_TOTAL_TRIALS

    @property
    def max_concurrent_trials(self) -> int:
        """How many trials there are at a time."""
        asked = self.limits.max_concurrent_trials if self.limits is not None else None
        return min(asked or self.max_total_trials, self.max_total_trials)
