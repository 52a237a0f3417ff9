"""Which trial comes next."""

import random

import pytest

from smalt.server.automl.search import STACK, VOTING, Result, Search, Trial, next_step

LEARNERS = ["light_gbm", "elastic_net", "knn"]


def play(search, score, *, order=None, in_time=lambda count: True):
    """Every trial of a search whose scores are known, with trials ending in any order."""
    started, results, running = [], [], []
    while True:
        step = next_step(search, started, results, in_time=in_time(len(results)))
        started += step.start
        running += step.start
        assert len(running) <= search.concurrency
        if not running:
            return started, step
        ended = running.pop(order.randrange(len(running)) if order else 0)
        results.append(Result(ended.number, ended.learner, score(ended)))


def test_every_learner_is_tried_before_any_is_refined():
    started, _ = play(Search(LEARNERS, trials=5), lambda trial: trial.number / 10)

    assert [trial.learner for trial in started] == [*LEARNERS, "knn", "knn"]


def test_ensembles_are_the_last_trials_and_count_among_them():
    started, step = play(Search(LEARNERS, trials=4, ensembles=[VOTING, STACK]), lambda trial: 0.5)

    assert [trial.learner for trial in started] == ["light_gbm", "elastic_net", VOTING, STACK]
    assert step.is_over


@pytest.mark.parametrize("seed", range(20))
def test_the_order_in_which_trials_end_changes_nothing(seed):
    search = Search(LEARNERS, trials=12, concurrency=3, ensembles=[VOTING])

    started, _ = play(search, lambda trial: (trial.number * 7) % 5, order=random.Random(seed))

    assert started == play(search, lambda trial: (trial.number * 7) % 5)[0]


@pytest.mark.parametrize(("maximise", "target"), [(True, 0.9), (False, 0.1)])
def test_a_score_that_is_good_enough_ends_the_search_without_ensembles(maximise, target):
    search = Search(LEARNERS, trials=9, maximise=maximise, ensembles=[VOTING], exit_score=target)

    started, step = play(search, lambda trial: target if trial.number == 1 else 0.5)

    assert [trial.number for trial in started] == [0, 1]
    assert step.is_over


def test_early_termination_ends_a_search_that_gets_no_better():
    started, _ = play(Search(LEARNERS, trials=100), lambda trial: min(trial.number, 15))

    assert len(started) == 26


def test_without_early_termination_all_trials_are_made():
    started, _ = play(Search(LEARNERS, trials=40, early_termination=False), lambda trial: 1.0)

    assert len(started) == 40


def test_a_search_out_of_time_ends_with_what_it_has():
    started, step = play(Search(LEARNERS, trials=9), lambda trial: 1.0, in_time=lambda count: count < 2)

    assert len(started) == 2
    assert step.is_over


def test_a_search_whose_first_trials_all_fail_fails_with_the_reason():
    results = [Result(each, LEARNERS[each], None, failure="Trial a_0: no column 'y'") for each in range(3)]

    step = next_step(Search(LEARNERS, trials=40), [Trial(each, LEARNERS[each]) for each in range(3)], results)

    assert step.failure == "No trial gave a model. Trial a_0: no column 'y'"


def test_a_trial_that_fails_is_passed_over():
    started, step = play(Search(LEARNERS, trials=4), lambda trial: None if trial.number == 0 else 0.5)

    assert [trial.number for trial in started] == [0, 1, 2, 3]
    assert step.is_over
