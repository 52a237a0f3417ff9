"""A burst may wait; under more work than workers there is no point in it."""

from __future__ import annotations

from smalt.gateway.pressure import Pressure


class Course:
    """Time that passes with so many requests coming and so many answered, evenly."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pressure = Pressure(self.now)

    def goes_on(self, seconds: float, *, arrivals: int, served: int, waiting: int = 1) -> Pressure:
        for _ in range(arrivals):
            self.pressure.arrived()
        for _ in range(served):
            self.now += seconds / served
            self.pressure.served(self.now, waiting)
        self.now += 0 if served else seconds
        return self.pressure


def test_a_burst_that_is_worked_off_is_no_overload():
    assert not Course().goes_on(0.4, arrivals=300, served=400).is_overload(0.05)


def test_what_has_piled_up_while_workers_hung_is_no_overload():
    course = Course()
    course.goes_on(0.3, arrivals=90, served=0)

    assert not course.goes_on(0.2, arrivals=60, served=160).is_overload(0.05)


def test_more_that_come_than_are_answered_are_an_overload_but_not_at_once():
    course = Course()

    assert not course.goes_on(0.11, arrivals=200, served=100).is_overload(0.05)
    assert course.goes_on(0.11, arrivals=200, served=100).is_overload(0.05)
    assert not course.goes_on(0.11, arrivals=50, served=100).is_overload(0.05)


def test_the_wait_is_told_from_how_fast_answers_come():
    course = Course()
    course.goes_on(0.25, arrivals=20, served=125)

    assert course.pressure.wait_seconds(49) is not None
    assert abs(float(course.pressure.wait_seconds(49) or 0) - 0.1) < 0.01
    assert Course().goes_on(0.25, arrivals=20, served=2).wait_seconds(49) is None


def test_callers_who_wait_before_they_ask_again_are_an_overload_when_the_queue_stays_long():
    standing, short, worked_off = Course(), Course(), Course()
    for _ in range(2):
        standing.goes_on(0.11, arrivals=100, served=110, waiting=200)
        short.goes_on(0.11, arrivals=100, served=110, waiting=20)
        worked_off.goes_on(0.11, arrivals=40, served=110, waiting=200)

    assert [each.pressure.is_overload(0.05) for each in (standing, short, worked_off)] == [True, False, False]
