"""What the samplers choose: the right distributions, and the same values for the same seed."""

from __future__ import annotations

import math
from statistics import fmean, stdev

import pytest

from smalt.entities.job.search_space import SearchRange
from smalt.entities.job.sweep import SweepJob
from smalt.errors import MissingExtra
from smalt.server.sweeps import samplers, spaces
from smalt.server.sweeps.samplers import Told, sampler_of
from smalt.wire.expressions import substitute_below

TREE = {"name": "tree", "depth": {"type": "randint", "upper": 5}}
FOREST = {"name": "forest", "size": {"type": "quniform", "min_value": 10, "max_value": 100, "q": 10}}
SPACE = {
    "lr": {"type": "uniform", "min_value": 0, "max_value": 1},
    "model": {"type": "choice", "values": ["linear", TREE, FOREST]},
}


def sweep(space, algorithm="random", **settings):
    objective = {"goal": "minimize", "primary_metric": "loss"}
    given = {"type": algorithm, **settings}
    return SweepJob.parse(
        {"trial": {"command": "x"}, "search_space": space, "objective": objective, "sampling_algorithm": given}
    )


def ask(space, count, algorithm="random", **settings):
    sampler = sampler_of(sweep(space, algorithm, **settings), seed=3)
    return [sampler.ask(number) for number in range(count)]


@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_the_same_seed_gives_the_same_trials_in_any_order(rule):
    sampler = sampler_of(sweep(SPACE, rule=rule, seed=11), seed=0)

    backwards = [sampler.ask(number) for number in reversed(range(9))]

    assert ask(SPACE, 9, rule=rule, seed=11) == backwards[::-1]
    assert ask(SPACE, 9, rule=rule, seed=12) != backwards[::-1]


@pytest.mark.parametrize(
    ("given", "of"),
    [
        ({"type": "uniform", "min_value": 2, "max_value": 4}, lambda value: value),
        ({"type": "loguniform", "min_value": 2, "max_value": 4}, math.log),
    ],
)
def test_bounded_expressions_fill_their_range_evenly(given, of):
    values = [of(found["x"]) for found in ask({"x": given}, 2000)]

    assert 2 <= min(values) < 2.05
    assert 3.95 < max(values) <= 4
    assert fmean(values) == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(("kind", "of"), [("normal", lambda value: value), ("lognormal", math.log)])
def test_bells_have_their_mean_and_width(kind, of):
    values = [of(found["x"]) for found in ask({"x": {"type": kind, "mu": 1, "sigma": 2}}, 2000)]

    assert fmean(values) == pytest.approx(1, abs=0.15)
    assert stdev(values) == pytest.approx(2, abs=0.15)


def test_the_base_of_logarithms_may_be_chosen():
    values = [
        found["x"] for found in ask({"x": {"type": "loguniform", "min_value": -3, "max_value": -1}}, 50, logbase=10)
    ]

    assert all(0.001 <= value <= 0.1 for value in values)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({"type": "quniform", "min_value": 1, "max_value": 9, "q": 2}, {2, 4, 6, 8}),
        ({"type": "quniform", "min_value": 0, "max_value": 0.3, "q": 0.1}, {0.0, 0.1, 0.2, 0.3}),
        ({"type": "randint", "upper": 3}, {0, 1, 2}),
        ({"type": "qloguniform", "min_value": 0, "max_value": 1, "q": 1}, {1, 2, 3}),
    ],
)
def test_stepped_expressions_give_multiples_and_whole_ones_as_integers(given, allowed):
    values = [found["x"] for found in ask({"x": given}, 300)]

    assert set(values) == allowed
    assert {type(value) for value in values} == {type(next(iter(allowed)))}


def test_a_choice_of_a_mapping_draws_what_is_inside_it():
    found = ask(SPACE, 60)

    trees = [values["model"] for values in found if isinstance(values["model"], dict)]
    assert {tree["name"] for tree in trees} == {"tree", "forest"}
    assert all(tree["depth"] in range(5) for tree in trees if tree["name"] == "tree")
    assert "linear" in [values["model"] for values in found]


def test_parts_of_a_choice_have_names_of_their_own_and_groups_vanish_without_them():
    text = "train ${{search_space.model}} $[[--depth ${{search_space.model.depth}}]] $[[--x ${{inputs.x}}]]"

    def fill(model):
        known = {f"search_space.{name}": value for name, value in spaces.texts({"model": model}).items()}
        return substitute_below("search_space", text, known)

    assert fill("linear") == "train linear  $[[--x ${{inputs.x}}]]"
    assert fill({"depth": 3}) == 'train {"depth": 3} --depth 3 $[[--x ${{inputs.x}}]]'


def test_a_grid_has_every_combination_once():
    grid = {
        "a": {"type": "choice", "values": [1, 2]},
        "b": {"type": "choice", "values": ["x", {"c": {"type": "choice", "values": [True, False]}}]},
    }

    found = ask(grid, 8, "grid")

    assert [tuple(values.values()) for values in found[:6]] == [
        (1, "x"), (1, {"c": True}), (1, {"c": False}), (2, "x"), (2, {"c": True}), (2, {"c": False})
    ]  # fmt: skip
    assert found[6:] == [None, None]


def test_bayesian_sampling_comes_closer_than_chance():
    space = {"x": {"type": "uniform", "min_value": -10, "max_value": 10}, "y": SPACE["model"]}
    space["y"] = {
        "type": "choice",
        "values": ["far", {"off": {"type": "quniform", "min_value": 0, "max_value": 4, "q": 2}}],
    }

    def loss(values):
        return (values["x"] - 3) ** 2 + (50 if values["y"] == "far" else values["y"]["off"])

    job = sweep(space, "bayesian", seed=5)
    told = []
    for number in range(40):
        sampler = sampler_of(job, seed=0)
        for trial in told:
            sampler.tell(trial)
        values = sampler.ask(number)
        told.append(Told(number, values, is_over=True, value=loss(values)))

    assert min(trial.value for trial in told) < 1
    assert fmean(trial.value for trial in told[-10:]) < fmean(trial.value for trial in told[:10]) / 3


def test_bayesian_sampling_gives_the_same_for_what_it_was_told():
    job = sweep(SPACE | {"model": {"type": "choice", "values": ["a", "b"]}}, "bayesian", seed=5)
    told = [
        Told(number, {"lr": number / 12, "model": "ab"[number % 2]}, is_over=True, value=number) for number in range(12)
    ]
    told.append(Told(12, {"lr": 0.5, "model": "a"}, is_over=False))

    def answer():
        sampler = sampler_of(job, seed=0)
        for trial in told:
            sampler.tell(trial)
        return sampler.ask(13)

    assert answer() == answer()


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(samplers, "find_spec", lambda name: None)  # as where Optuna is not installed

    with pytest.raises(MissingExtra, match=r"smalt\[tune\]"):
        sampler_of(sweep({"x": SPACE["lr"]}, "bayesian"), seed=0)


def test_steps_are_written_without_noise():
    given = SearchRange.parse({"type": "quniform", "min_value": 0, "max_value": 1, "q": 0.1})

    assert [str(spaces.number_at(given, place)) for place in (0.31, 0.7)] == ["0.3", "0.7"]
