"""Bayesian sampling by Optuna's TPE, in memory: what it has learnt is told to it anew from our own rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from smalt.entities.job.search_space import SearchRange, inner_ranges
from smalt.server.sweeps import spaces
from smalt.server.sweeps.samplers import Sampler, Told
from smalt.server.sweeps.spaces import Values

optuna.logging.set_verbosity(optuna.logging.WARNING)

# Some time, as trials need one; it has no meaning.
_AT = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_SEEDS = 2**32


class BayesianSampler(Sampler):
    """Learns from the trials that have ended where better values may be, and keeps away from those that run."""

    learns = True

    def __init__(self, space: spaces.Space, *, seed: int, goal: Literal["minimize", "maximize"]) -> None:
        self._space = space
        self._seed = seed
        self._goal: Literal["minimize", "maximize"] = goal
        self._told: list[FrozenTrial] = []

    def tell(self, trial: Told) -> None:
        """See `Sampler.tell`."""
        params: dict[str, Any] = {}  # Any: of Optuna
        distributions: dict[str, BaseDistribution] = {}
        for name, (point, distribution) in _points(self._space, trial.values).items():
            params[name], distributions[name] = point, distribution
        has_value = trial.value is not None and math.isfinite(trial.value)
        state = TrialState.COMPLETE if has_value else TrialState.FAIL if trial.is_over else TrialState.RUNNING
        self._told.append(
            FrozenTrial(
                number=trial.number,
                trial_id=trial.number,
                state=state,
                value=trial.value if has_value else None,
                datetime_start=_AT,
                datetime_complete=None if state is TrialState.RUNNING else _AT,
                params=params,
                distributions=distributions,
                user_attrs={},
                system_attrs={},
                intermediate_values={},
            )
        )

    def ask(self, number: int) -> Values | None:
        """See `Sampler.ask`."""
        # A seed for each trial, so that the answer depends on nothing that was drawn before.
        sampler = optuna.samplers.TPESampler(seed=(self._seed * 1_000_003 + number) % _SEEDS)
        study = optuna.create_study(sampler=sampler, direction=self._goal)
        study.add_trials(self._told)
        return _suggest(study.ask(), self._space)


def _suggest(trial: optuna.Trial, space: spaces.Space, prefix: str = "") -> Values:
    found: Values = {}
    for name, given in space.items():
        place = f"{prefix}{name}"
        point = trial._suggest(place, _distribution(given))
        if given.kind != "choice":
            found[name] = _value(given, point)
            continue
        assert given.values is not None
        choice = given.values[point]
        found[name] = spaces.filled(choice, _suggest(trial, inner_ranges(choice), f"{place}.{point}."))
    return found


def _points(
    space: spaces.Space, values: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, BaseDistribution]]:  # Any: of Optuna
    """Values as Optuna knows them: choices by their index, steps by their number."""
    found: dict[str, tuple[Any, BaseDistribution]] = {}  # Any: of Optuna
    for name, given in space.items():
        place, value = f"{prefix}{name}", values[name]
        if given.kind != "choice":
            point = round(value / given.q) if given.kind == "quniform" and given.q else value
            found[place] = (point, _distribution(given))
            continue
        index = _index(given, value)
        found[place] = (index, _distribution(given))
        assert given.values is not None
        inner = inner_ranges(given.values[index])
        if inner:
            found |= _points(inner, value, f"{place}.{index}.")
    return found


def _index(given: SearchRange, value: Any) -> int:  # Any: see `Values`
    assert given.values is not None
    return next(index for index, choice in enumerate(given.values) if _is_of(choice, value))


def _is_of(choice: Any, value: Any) -> bool:  # Any: see `Values`
    inner = inner_ranges(choice)
    if not inner:
        return type(choice) is type(value) and bool(choice == value)
    if not isinstance(value, dict) or choice.keys() != value.keys():
        return False
    return all(item == value[name] for name, item in choice.items() if name not in inner)


def _distribution(given: SearchRange) -> BaseDistribution:
    if given.kind == "choice":
        assert given.values is not None
        return CategoricalDistribution(tuple(range(len(given.values))))
    assert given.min_value is not None
    assert given.max_value is not None
    if given.kind == "quniform":
        assert given.q is not None
        return IntDistribution(round(given.min_value / given.q), round(given.max_value / given.q))
    return FloatDistribution(given.min_value, given.max_value)


def _value(given: SearchRange, point: float) -> int | float:
    if given.kind != "quniform":
        return float(point)
    assert given.q is not None
    return spaces.stepped(point * given.q, given.q)
