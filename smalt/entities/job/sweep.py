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
from smalt.entities.text import Text, normal_form


class Objective(Entity):
    """The metric to make large or small."""

    goal: Literal["minimize", "maximize"]
    primary_metric: Text

    @field_validator("goal", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:  # Any: raw input of a validator
        return value.lower() if isinstance(value, str) else value


class SamplingAlgorithm(Entity):
    """How the next parameter values are chosen."""

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


class SearchRange(Entity):
    """The values one parameter may take."""

    type: Text
    values: list[Any] | None = None  # Any: choices of any kind
    upper: int | None = None
    min_value: int | float | None = None
    max_value: int | float | None = None
    mu: int | float | None = None
    sigma: int | float | None = None
    q: int | float | None = None


def _sampling(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, str):
        return {"type": normal_form(value)}
    return value


class SweepJob(Job):
    """Trials of `trial` over `search_space`, judged by `objective`. `trial` may name a component."""

    type: Literal["sweep"] = "sweep"
    trial: Trial | str
    search_space: dict[str, SearchRange]
    objective: Objective
    sampling_algorithm: Annotated[SamplingAlgorithm | None, BeforeValidator(_sampling)] = None
    early_termination: EarlyTermination | None = None
    limits: SweepJobLimits | None = None
    inputs: JobInputs
    resources: ResourcesField = None
