"""A burst may wait; under more work than workers there is no point in it."""

from __future__ import annotations

from smalt.gateway.pressure import Pressure


def after(arrivals: int, served: int, *, seconds: float) -> Pressure:
    """What has come and gone, evenly."""
    pressure = Pressure(0.0)
    for _ in range(arrivals):
        pressure.arrived()
    for number in range(served):
        pressure.served(seconds * (number + 1) / served)
    return pressure


def test_a_burst_that_is_worked_off_is_no_overload():
    assert not after(30, 100, seconds=0.2).is_overload(0.2)


def test_more_that_come_than_are_answered_are_an_overload_but_not_at_once():
    pressure = after(100, 50, seconds=0.2)

    assert not pressure.is_overload(0.05)
    assert pressure.is_overload(0.2)


def test_the_wait_is_told_from_how_fast_answers_come():
    assert after(20, 100, seconds=0.2).wait_seconds(49, 0.2) == 0.1
    assert after(20, 2, seconds=0.2).wait_seconds(49, 0.2) is None


def test_only_the_latest_part_counts():
    pressure = after(1000, 100, seconds=0.3)
    for number in range(100):
        pressure.served(0.3 + 0.3 * (number + 1) / 100)

    assert not pressure.is_overload(0.7)
