"""Metrics against known values, against scipy, and for what must hold of any samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from smalt.runtime.monitoring import attribution, drift, performance
from smalt.runtime.monitoring.quality import Bounds, Rates
from smalt.runtime.monitoring.result import Row
from smalt.runtime.monitoring.sample import Sample

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60).map(np.array)
WORDS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=40).map(pd.Series)
DISTANCES = [drift.jensen_shannon_distance, drift.population_stability_index]


@settings(max_examples=150, deadline=None)
@given(NUMBERS, NUMBERS)
def test_it_does_not_matter_which_sample_of_numbers_is_which(one, other):
    there, back = drift.count_numbers(one, other), drift.count_numbers(other, one)

    for distance in DISTANCES:
        assert distance(there) == pytest.approx(distance(back), abs=1e-9)
    assert there.reference.sum() == len(one)
    assert there.production.sum() == len(other)


@settings(max_examples=100, deadline=None)
@given(NUMBERS, WORDS)
def test_a_sample_is_not_apart_from_itself(numbers, words):
    for counts in (drift.count_numbers(numbers, numbers), drift.count_words(words, words)):
        assert [distance(counts) for distance in DISTANCES] == pytest.approx([0, 0], abs=1e-7)
        assert drift.pearsons_chi_squared_test(counts) == pytest.approx(1)
    assert drift.normalized_wasserstein_distance(numbers, numbers) == 0
    assert drift.two_sample_kolmogorov_smirnov_test(numbers, numbers) == pytest.approx(1)


def test_samples_with_nothing_in_common_are_one_apart():
    counts = drift.count_words(pd.Series(["a"] * 9), pd.Series(["b"] * 5))

    assert drift.jensen_shannon_distance(counts) == pytest.approx(1)
    assert drift.population_stability_index(counts) == pytest.approx(2 * (1 - 1e-4) * np.log(1e4))


def test_shares_of_two_categories_give_the_values_of_the_books():
    counts = drift.count_words(pd.Series(["a"] * 50 + ["b"] * 50), pd.Series(["a"] * 80 + ["b"] * 20))

    assert drift.population_stability_index(counts) == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))
    assert drift.pearsons_chi_squared_test(counts) == pytest.approx(
        stats.chi2.sf(200 * (50 * 20 - 50 * 80) ** 2 / (100 * 100 * 130 * 70), 1)
    )


def test_values_that_all_moved_by_two_spreads_are_two_apart():
    values = np.random.default_rng(1).normal(3, 0.5, 4000)

    moved = drift.normalized_wasserstein_distance(values, values + 2 * values.std())

    assert moved == pytest.approx(2)


def test_numbers_fall_into_bins_that_hold_as_many_of_both_together():
    random = np.random.default_rng(2)
    one, other = random.normal(size=50_000), random.normal(1, 1, size=20_000)

    counts = drift.count_numbers(one, other)

    shares = counts.reference / len(one) / 2 + counts.production / len(other) / 2
    assert shares == pytest.approx([0.1] * 10, abs=0.001)
    assert 0.35 < drift.jensen_shannon_distance(counts) < 0.45


def test_few_different_numbers_are_a_bin_each():
    counts = drift.count_numbers(np.array([0, 0, 1]), np.array([1, 2, 2]))

    assert counts.labels == ["0", "1", "2"]
    assert [counts.reference.tolist(), counts.production.tolist()] == [[2, 1, 0], [0, 1, 2]]


def test_many_categories_are_shown_as_the_most_frequent_and_the_rest():
    words = pd.Series([f"w{number}" for number in range(80)] * 2 + ["often"] * 9)

    shown = drift.count_words(words, words).shown()

    assert (len(shown["labels"]), shown["labels"][0], shown["labels"][-1]) == (51, "often", "…")
    assert sum(shown["reference"]) == len(words)


def test_quality_counts_what_is_missing_wrong_and_beyond():
    bounds = Bounds("numerical")
    bounds.learn(pd.Series([1.0, 5.0, None]))
    rates = Rates(bounds)

    rates.add(pd.Series([2, None, "x", 9, "3", 0], dtype=object))
    rates.add_missing(4)

    assert rates.shares() == {"null_value_rate": 0.5, "data_type_error_rate": 0.1, "out_of_bounds_rate": 0.2}


def test_quality_of_categories_knows_new_ones_and_other_types():
    bounds = Bounds("categorical")
    bounds.learn(pd.Series(["red", "blue"]))
    rates = Rates(bounds)

    rates.add(pd.Series(["red", "green", 7, None], dtype=object))

    assert rates.shares() == {"null_value_rate": 0.25, "data_type_error_rate": 0.25, "out_of_bounds_rate": 0.25}


def test_an_order_that_is_kept_has_the_full_gain():
    trained = {"a": 3.0, "b": 2.0, "c": 0.0}

    assert attribution.normalized_discounted_cumulative_gain(trained, {"a": 9, "b": 1, "c": 0.5}) == 1
    turned = attribution.normalized_discounted_cumulative_gain(trained, {"a": 0, "b": 1, "c": 2})
    assert turned == pytest.approx((2 / np.log2(3) + 3 / 2) / (3 + 2 / np.log2(3)))


def test_classes_and_numbers_are_judged_as_usual():
    truth, answers = np.array(["a", "a", "b", "c"]), np.array(["a", "b", "b", "b"])

    assert performance.of_classes(truth, answers) == pytest.approx(
        {"accuracy": 0.5, "precision": (1 + 1 / 3 + 0) / 3, "recall": (1 / 2 + 1 + 0) / 3}
    )
    found = performance.of_numbers(np.array([1.0, 2.0]), np.array([2.0, 5.0]))
    assert found == pytest.approx({"mae": 2, "mse": 5, "rmse": 5**0.5})


@pytest.mark.parametrize(
    ("metric", "value", "is_breached"),
    [
        ("jensen_shannon_distance", 0.2, True),
        ("jensen_shannon_distance", 0.1, False),
        ("pearsons_chi_squared_test", 0.2, False),
        ("pearsons_chi_squared_test", 0.01, True),
        ("accuracy", 0.05, True),
        ("rmse", None, False),
    ],
)
def test_probabilities_and_hits_are_breached_below_and_distances_above(metric, value, is_breached):
    assert Row("", metric, value, 0.1).is_breached is is_breached


def test_a_sample_of_many_rows_is_even_and_no_larger_than_asked():
    sample = Sample(size=2_000)
    for start in range(0, 1_000_000, 50_000):
        sample.add(pd.DataFrame({"n": np.arange(start, start + 50_000)}))

    assert (sample.rows_seen, len(sample.frame)) == (1_000_000, 2_000)
    assert stats.kstest(sample.frame["n"] / 1_000_000, "uniform").pvalue > 0.001
