"""What can be wrong with a sweep, all of it at once: for the client before the upload, for the server at submit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from smalt.entities.job.search_space import SearchRange, inner_ranges, space_mistakes
from smalt.entities.job.sweep import EarlyTermination, SamplingAlgorithm, SweepJob
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest

_SAMPLERS = ("random", "grid", "bayesian")
_RULES = ("random", "sobol")
_POLICIES = ("bandit", "median_stopping", "truncation_selection")
_BAYESIAN = frozenset({"choice", "uniform", "quniform"})
_MOST_TRIALS = 1000
_MOST_CONCURRENT = 100


def mistakes(job: SweepJob) -> list[InvalidRequest]:
    """Everything that is wrong with a sweep by itself, each at its field."""
    return [
        *_trial(job),
        *_space(job),
        *_sampling(job.sampling_algorithm or SamplingAlgorithm(), job),
        *(_early_termination(job.early_termination) if job.early_termination is not None else ()),
        *_limits(job),
    ]


def log_base(algorithm: SamplingAlgorithm | None) -> float:
    """The base of the logarithmic expressions.

    Raises:
        ValueError: It is no number a logarithm can have as its base.
    """
    given = algorithm.logbase if algorithm is not None else None
    if given is None or str(given).lower() == "e":
        return math.e
    base = float(given)
    if not math.isfinite(base) or base <= 0 or base == 1:
        raise ValueError
    return base


def _trial(job: SweepJob) -> Iterator[InvalidRequest]:
    if not isinstance(job.trial, str) and not job.trial.command:
        yield InvalidRequest("The trial has no command. Write 'command:'.", target="trial.command")
    if not job.objective.primary_metric.strip():
        yield InvalidRequest("Name the metric that the trials log.", target="objective.primary_metric")


def _space(job: SweepJob) -> Iterator[InvalidRequest]:
    if not job.search_space:
        yield InvalidRequest("The search space is empty. Name at least one parameter.", target="search_space")
    yield from space_mistakes(job.search_space)


def _sampling(algorithm: SamplingAlgorithm, job: SweepJob) -> Iterator[InvalidRequest]:
    kind, place = normal_form(algorithm.type), "sampling_algorithm"
    if kind not in _SAMPLERS:
        known = ", ".join(_SAMPLERS)
        yield InvalidRequest(f"The algorithm {algorithm.type!r} is unknown. Write one of: {known}.", target=place)
    if algorithm.rule is not None and normal_form(algorithm.rule) not in _RULES:
        text = f"The rule {algorithm.rule!r} is unknown. Write random or sobol."
        yield InvalidRequest(text, target=f"{place}.rule")
    if algorithm.seed is not None and algorithm.seed < 0:
        yield InvalidRequest(f"The seed is {algorithm.seed}. Write 0 or more.", target=f"{place}.seed")
    try:
        base = log_base(algorithm)
    except ValueError:
        text = f"logbase is {algorithm.logbase!r}. Write a positive number other than 1, or e."
        yield InvalidRequest(text, target=f"{place}.logbase")
    else:
        yield from _too_large(job.search_space, base)
    if kind == "grid":
        yield from _only(job.search_space, frozenset({"choice"}), "Grid sampling tries every combination")
    if kind == "bayesian":
        yield from _only(job.search_space, _BAYESIAN, "Bayesian sampling needs a bounded space")
        if job.early_termination is not None and job.early_termination.kind != "none":
            text = "Bayesian sampling learns from whole trials and takes no policy. Remove it, or sample at random."
            yield InvalidRequest(text, target="early_termination")


def _only(space: Mapping[str, SearchRange], known: frozenset[str], why: str) -> Iterator[InvalidRequest]:
    for name, given in _all_ranges(space, "search_space"):
        if given.kind not in known:
            words = ", ".join(sorted(known))
            yield InvalidRequest(f"{why}, and {given.type!r} is none of: {words}.", target=name)


def _too_large(space: Mapping[str, SearchRange], base: float) -> Iterator[InvalidRequest]:
    for name, given in _all_ranges(space, "search_space"):
        # No normal value of interest lies further out than ten sigma.
        highest = {"loguniform": given.max_value, "lognormal": (given.mu or 0) + 10 * (given.sigma or 0)}
        exponent = highest.get(given.kind.removeprefix("q"))
        if exponent is None or not math.isfinite(exponent):
            continue
        if abs(exponent * math.log(base)) > math.log(1e300):
            text = f"The bounds are exponents, and {base:g} to the {exponent:g} is beyond all numbers. Lower them."
            yield InvalidRequest(text, target=name)


def _all_ranges(space: Mapping[str, SearchRange], place: str) -> Iterator[tuple[str, SearchRange]]:
    for name, given in space.items():
        yield f"{place}.{name}", given
        for index, choice in enumerate(given.values or ()):
            try:
                yield from _all_ranges(inner_ranges(choice), f"{place}.{name}.values.{index}")
            except InvalidRequest:
                continue  # `space_mistakes` tells what is wrong with it.


def _early_termination(policy: EarlyTermination) -> Iterator[InvalidRequest]:
    place = "early_termination"
    if policy.kind not in {"none", *map(normal_form, _POLICIES)}:
        known = ", ".join(_POLICIES)
        yield InvalidRequest(f"The policy {policy.type!r} is unknown. Write one of: {known}.", target=place)
    for field in ("evaluation_interval", "delay_evaluation", "slack_factor", "slack_amount"):
        value = getattr(policy, field)
        if value is not None and not 0 <= value < math.inf:
            yield InvalidRequest(f"{field} is {value}. Write 0 or more.", target=f"{place}.{field}")
    # Clients send the one that is not meant as 0.
    if policy.kind == "bandit" and bool(policy.slack_factor) == bool(policy.slack_amount):
        yield InvalidRequest("A bandit needs one of slack_factor and slack_amount, above 0.", target=place)
    if policy.kind == "truncationselection" and not 1 <= (policy.truncation_percentage or 0) <= 99:
        text = f"truncation_percentage is {policy.truncation_percentage}. Write 1 to 99."
        yield InvalidRequest(text, target=f"{place}.truncation_percentage")


def _limits(job: SweepJob) -> Iterator[InvalidRequest]:
    if job.limits is None:
        return
    for field, most in (("max_total_trials", _MOST_TRIALS), ("max_concurrent_trials", _MOST_CONCURRENT)):
        value = getattr(job.limits, field)
        if value is not None and not 1 <= value <= most:
            yield InvalidRequest(f"{field} is {value}. Write 1 to {most}.", target=f"limits.{field}")
    for field in ("timeout", "trial_timeout"):
        if getattr(job.limits, field) == 0:
            yield InvalidRequest(f"{field} is 0, so nothing could run. Write seconds.", target=f"limits.{field}")
