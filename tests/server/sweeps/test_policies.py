"""When a trial is stopped: the rule of each policy, to the letter."""

from __future__ import annotations

import pytest

from smalt.entities.job.sweep import EarlyTermination
from smalt.server.sweeps.policies import Course, Goal, policy_of

NAN = float("nan")


def stopped(settings, histories, *, maximizes=True, interval=1, over=()):
    """The numbers of the trials that a policy is against at an interval."""
    policy = policy_of(EarlyTermination.parse(settings), Goal(maximizes=maximizes))
    courses = [Course(number, reports, is_over=number in over) for number, reports in enumerate(histories)]
    return [course.number for course in courses if policy.verdict(course, courses, interval) is not None]


@pytest.mark.parametrize(
    ("slack", "maximizes", "values", "wanted"),
    [
        ({"slack_factor": 0.2}, True, [0.8, 0.67, 0.66], [2]),
        ({"slack_factor": 0.2}, False, [0.8, 0.95, 0.97], [2]),
        ({"slack_amount": 0.2}, True, [0.8, 0.61, 0.59], [2]),
        ({"slack_amount": 0.2}, False, [0.8, 0.99, 1.01], [2]),
        ({"slack_factor": 0.5}, True, [-2.0, -2.9, -3.1], [2]),
        ({"slack_factor": 1.0}, False, [-2.0, -1.1, -0.9], [2]),
    ],
)
def test_bandit_allows_its_slack_from_the_best(slack, maximizes, values, wanted):
    assert stopped({"type": "bandit", **slack}, [[value] for value in values], maximizes=maximizes) == wanted


def test_bandit_compares_the_best_so_far_at_the_same_interval():
    histories = [[0.5, 0.6, 0.9], [0.58, 0.1], [0.2, 0.3]]

    assert stopped({"type": "bandit", "slack_factor": 0.1}, histories, interval=2) == [2]


def test_median_stopping_compares_the_best_with_running_averages():
    histories = [[0.2, 0.4], [0.1, 0.32], [0.6, 0.8], [0.25, 0.29]]

    # Averages 0.3, 0.21, 0.7, 0.27: the median is 0.285.
    assert stopped({"type": "median_stopping"}, histories, interval=2) == []
    assert stopped({"type": "median_stopping"}, [*histories, [0.9, 0.9]], interval=2) == [3]


def test_truncation_stops_the_worst_share():
    histories = [[value] for value in (5, 1, 4, 2, 3)]
    settings = {"type": "truncation_selection", "truncation_percentage": 40}

    assert stopped(settings, histories) == [1, 3]
    assert stopped(settings, histories, maximizes=False) == [0, 2]
    assert stopped(settings | {"truncation_percentage": 10}, histories) == []


def test_truncation_may_leave_out_what_has_finished():
    histories = [[value] for value in (5, 1, 4, 2, 3)]
    settings = {"type": "truncation_selection", "truncation_percentage": 40, "exclude_finished_jobs": True}

    assert stopped(settings, histories, over={1, 0}) == [1, 3]


@pytest.mark.parametrize("settings", [{"type": "bandit", "slack_amount": 9}, {"type": "median_stopping"}])
def test_a_trial_that_reports_no_number_is_stopped(settings):
    assert stopped(settings, [[1.0], [NAN]]) == [1]


@pytest.mark.parametrize(
    ("settings", "reports", "judged", "wanted"),
    [
        ({}, 3, 0, [1, 2, 3]),
        ({"evaluation_interval": 0}, 2, 1, [2]),
        ({"evaluation_interval": 2}, 7, 2, [4, 6]),
        ({"evaluation_interval": 2, "delay_evaluation": 5}, 7, 0, [6]),
        ({"evaluation_interval": 3, "delay_evaluation": 6}, 5, 0, []),
    ],
)
def test_trials_are_judged_at_multiples_of_the_interval_from_the_delay_on(settings, reports, judged, wanted):
    policy = policy_of(EarlyTermination.parse({"type": "median_stopping", **settings}), Goal(maximizes=True))

    assert policy.due(Course(0, [0.0] * reports), judged=judged) == wanted
