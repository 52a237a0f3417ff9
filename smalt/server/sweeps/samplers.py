"""What chooses the values of the next trial. The same seed and the same told trials give the same values, always."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from smalt.entities.job.sweep import SamplingAlgorithm, SweepJob
from smalt.entities.job.sweep_rules import log_base
from smalt.entities.text import normal_form
from smalt.errors import MissingExtra
from smalt.server.sweeps import spaces
from smalt.server.sweeps.spaces import Values


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a trial that was asked for.

    Args:
        number: Its place in the order of asking, from 0.
        values: What it is run with.
        is_over: Whether it has ended.
        value: The best it reported of the primary metric, where it reported any.
    """

    number: int
    values: Mapping[str, Any]  # Any: see `Values`
    is_over: bool
    value: float | None = None


class Sampler(ABC):
    """Chooses values."""

    learns: ClassVar[bool] = False
    """Whether what it is told changes what it answers; one that does not learn need not be told anything."""

    @abstractmethod
    def ask(self, number: int) -> Values | None:
        """The values of a trial by its number, or None when there is no further one."""

    def tell(self, trial: Told) -> None:  # noqa: B027 - most samplers do not listen
        """Hear of a trial, before the next `ask`; trials are told in the order of their numbers."""


class GridSampler(Sampler):
    """Every combination of a space of choices, once."""

    def __init__(self, space: spaces.Space) -> None:
        self._space = space
        self._count = spaces.combinations(space)

    def ask(self, number: int) -> Values | None:
        """See `Sampler.ask`."""
        return spaces.combination(self._space, number) if number < self._count else None


class PointSampler(Sampler):
    """Values at points of the unit cube, taken through the distributions; each trial has a point of its own."""

    def __init__(self, space: spaces.Space, *, seed: int, base: float) -> None:
        self._space = space
        self._paths = list(spaces.paths(space))
        self._seed = seed
        self._base = base

    def ask(self, number: int) -> Values | None:
        """See `Sampler.ask`."""
        point = dict(zip(self._paths, self._point(number), strict=True))
        return spaces.at_coordinates(self._space, point, base=self._base)

    @abstractmethod
    def _point(self, number: int) -> list[float]:
        """One coordinate for each place in the space."""


class RandomSampler(PointSampler):
    """Each trial draws from a stream of its own."""

    def _point(self, number: int) -> list[float]:
        stream = random.Random(f"{self._seed}/{number}")  # noqa: S311 - not for secrets
        return [stream.random() for _ in self._paths]


class SobolSampler(PointSampler):
    """A scrambled Sobol sequence: as random, and spread more evenly."""

    def _point(self, number: int) -> list[float]:
        sequence = import_module("scipy.stats.qmc").Sobol(len(self._paths), scramble=True, rng=self._seed)
        if number:
            sequence.fast_forward(number)
        return [float(coordinate) for coordinate in sequence.random(1)[0]]


def sampler_of(job: SweepJob, *, seed: int) -> Sampler:
    """The sampler a sweep asks for.

    Args:
        job: A sweep without mistakes.
        seed: Used where the job names none.

    Raises:
        MissingExtra: It needs a library that is not installed.
    """
    algorithm = job.sampling_algorithm or SamplingAlgorithm()
    seed = seed if algorithm.seed is None else algorithm.seed
    base = log_base(algorithm)
    match normal_form(algorithm.type):
        case "grid":
            return GridSampler(job.search_space)
        case "bayesian":
            _need("optuna", "Bayesian sampling")
            from smalt.server.sweeps.bayesian import BayesianSampler

            return BayesianSampler(job.search_space, seed=seed, goal=job.objective.goal)
    if algorithm.rule is not None and normal_form(algorithm.rule) == "sobol":
        _need("scipy", "The rule sobol")
        return SobolSampler(job.search_space, seed=seed, base=base)
    return RandomSampler(job.search_space, seed=seed, base=base)


def _need(module: str, purpose: str) -> None:
    if find_spec(module) is None:
        raise MissingExtra("tune", purpose)
