"""Making sweeps from commands, with the names of the v2 SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from smalt.entities.identity import JobIdentity
from smalt.entities.job.command import CommandJob
from smalt.entities.job.resources import QueueSettings
from smalt.entities.job.search_space import SearchRange
from smalt.entities.job.sweep import EarlyTermination, SamplingAlgorithm, SweepJob


class Choice(SearchRange):
    """One of some values; a mapping may hold further expressions."""

    def __init__(self, values: Sequence[Any] | None = None, **given: Any) -> None:  # Any: choices of any kind
        plain = [_plain(value) for value in values or ()]
        super().__init__(**{"type": "choice", "values": plain, **given})


class Randint(SearchRange):
    """A whole number from 0 to below `upper`."""

    def __init__(self, upper: int | None = None, **given: Any) -> None:  # Any: further fields, kept
        super().__init__(**{"type": "randint", "upper": upper, **given})


class _Bounded(SearchRange):
    """Between two bounds."""

    def __init__(
        self, min_value: float | None = None, max_value: float | None = None, **given: Any
    ) -> None:  # Any: further fields, kept
        kind = type(self).__name__.lower()
        super().__init__(**{"type": kind, "min_value": min_value, "max_value": max_value, **given})


class Uniform(_Bounded):
    """Evenly between two bounds."""


class LogUniform(_Bounded):
    """Its logarithm evenly between two bounds."""


class _SteppedBounded(_Bounded):
    """Between two bounds in steps of `q`."""

    def __init__(
        self,
        min_value: float | None = None,
        max_value: float | None = None,
        q: float | None = None,
        **given: Any,  # Any: further fields, kept
    ) -> None:
        super().__init__(min_value, max_value, **{"q": q, **given})


class QUniform(_SteppedBounded):
    """Evenly between two bounds, in steps of `q`."""


class QLogUniform(_SteppedBounded):
    """Its logarithm evenly between two bounds, in steps of `q`."""


class _Bell(SearchRange):
    """On a bell."""

    def __init__(self, mu: float | None = None, sigma: float | None = None, **given: Any) -> None:
        super().__init__(**{"type": type(self).__name__.lower(), "mu": mu, "sigma": sigma, **given})


class Normal(_Bell):
    """Normally distributed."""


class LogNormal(_Bell):
    """Its logarithm normally distributed."""


class _SteppedBell(_Bell):
    """On a bell in steps of `q`."""

    def __init__(
        self,
        mu: float | None = None,
        sigma: float | None = None,
        q: float | None = None,
        **given: Any,  # Any: further fields, kept
    ) -> None:
        super().__init__(mu, sigma, **{"q": q, **given})


class QNormal(_SteppedBell):
    """Normally distributed, in steps of `q`."""


class QLogNormal(_SteppedBell):
    """Its logarithm normally distributed, in steps of `q`."""


def BanditPolicy(  # noqa: N802 - the name of the v2 SDK
    *,
    delay_evaluation: int = 0,
    evaluation_interval: int = 0,
    slack_amount: float = 0,
    slack_factor: float = 0,
) -> EarlyTermination:
    """Stops a trial that is further from the best than the slack allows."""
    return EarlyTermination(
        type="bandit",
        delay_evaluation=delay_evaluation,
        evaluation_interval=evaluation_interval,
        slack_amount=slack_amount,
        slack_factor=slack_factor,
    )


def MedianStoppingPolicy(  # noqa: N802 - the name of the v2 SDK
    *, delay_evaluation: int = 0, evaluation_interval: int = 1
) -> EarlyTermination:
    """Stops a trial that is worse than the median of the running averages."""
    return EarlyTermination(
        type="median_stopping", delay_evaluation=delay_evaluation, evaluation_interval=evaluation_interval
    )


def TruncationSelectionPolicy(  # noqa: N802 - the name of the v2 SDK
    *,
    delay_evaluation: int = 0,
    evaluation_interval: int = 0,
    truncation_percentage: int = 0,
    exclude_finished_jobs: bool | None = None,
) -> EarlyTermination:
    """Stops the worst share of the trials."""
    return EarlyTermination(
        type="truncation_selection",
        delay_evaluation=delay_evaluation,
        evaluation_interval=evaluation_interval,
        truncation_percentage=truncation_percentage,
        exclude_finished_jobs=exclude_finished_jobs,
    )


def RandomSamplingAlgorithm(  # noqa: N802 - the name of the v2 SDK
    *, rule: str | None = None, seed: int | None = None, logbase: float | str | None = None
) -> SamplingAlgorithm:
    """Draws by the distributions of the search space."""
    return SamplingAlgorithm(type="random", rule=rule, seed=seed, logbase=logbase)


def GridSamplingAlgorithm() -> SamplingAlgorithm:  # noqa: N802 - the name of the v2 SDK
    """Tries every combination of choices."""
    return SamplingAlgorithm(type="grid")


def BayesianSamplingAlgorithm() -> SamplingAlgorithm:  # noqa: N802 - the name of the v2 SDK
    """Learns from the trials where better values may be."""
    return SamplingAlgorithm(type="bayesian")


class Command(CommandJob):
    """A command that can be called with other inputs, and made a sweep of."""

    def __call__(self, **inputs: Any) -> Self:  # Any: an input, its document, a plain value or a search range
        """The same command with some inputs replaced, e.g. by expressions such as `Uniform(0, 1)`."""
        ranges = {name: value for name, value in inputs.items() if isinstance(value, SearchRange)}
        plain = {name: value for name, value in inputs.items() if name not in ranges}
        kept = {name: value for name, value in self.inputs.items() if name not in inputs}
        whole = type(self).parse({**self.document(), "inputs": {**kept, **plain}})
        return whole.model_copy(update={"inputs": {**whole.inputs, **ranges}})

    def sweep(
        self,
        *,
        primary_metric: str,
        goal: str,
        sampling_algorithm: str | SamplingAlgorithm = "random",
        compute: str | None = None,
        max_concurrent_trials: int | None = None,
        max_total_trials: int | None = None,
        timeout: float | None = None,
        trial_timeout: float | None = None,
        early_termination_policy: EarlyTermination | str | None = None,
        search_space: Mapping[str, SearchRange] | None = None,
        identity: JobIdentity | None = None,
        queue_settings: QueueSettings | None = None,
        job_tier: str | None = None,
        priority: str | None = None,
    ) -> SweepJob:
        """A sweep with this command as its trial, over the inputs that are search ranges."""
        ranges = {name: value for name, value in self.inputs.items() if isinstance(value, SearchRange)}
        space = {**ranges, **(search_space or {})}
        queue = {**(queue_settings.document() if queue_settings else {}), "job_tier": job_tier, "priority": priority}
        given_queue = {key: value for key, value in queue.items() if value is not None}
        limits = {
            "max_concurrent_trials": max_concurrent_trials,
            "max_total_trials": max_total_trials,
            "timeout": timeout,
            "trial_timeout": trial_timeout,
        }
        document = self.model_copy(
            update={"inputs": {name: value for name, value in self.inputs.items() if name not in space}}
        ).document()
        fields = ("code", "environment", "environment_variables", "distribution", "resources")
        trial = {field: document.pop(field) for field in fields if field in document}
        trial["command"] = _over_space(document.pop("command"), space)
        for own in ("type", "limits", "parameters", "component"):
            document.pop(own, None)
        return SweepJob.parse(
            {
                **document,
                "trial": trial,
                "search_space": {name: _plain(value) for name, value in space.items()},
                "objective": {"goal": goal, "primary_metric": primary_metric},
                "sampling_algorithm": sampling_algorithm,
                "early_termination": early_termination_policy,
                "limits": {key: value for key, value in limits.items() if value is not None} or None,
                "compute": compute or self.compute,
                "identity": identity or self.identity,
                "queue_settings": given_queue or document.get("queue_settings"),
            }
        )


def _over_space(command: str, space: Mapping[str, object]) -> str:
    """`${{inputs.lr}}` is `${{search_space.lr}}` once `lr` is searched."""
    for name in space:
        command = command.replace(f"${{{{inputs.{name}}}}}", f"${{{{search_space.{name}}}}}")
    return command


def _plain(value: Any) -> Any:  # Any: choices of any kind
    if isinstance(value, SearchRange):
        return {key: _plain(item) for key, item in value.document().items()}
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value
