from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalt.entities.schedule import MissedRuns
from smalt.entities.time_zone import zone
from smalt.entities.trigger import CronTrigger, RecurrenceTrigger, first_moment
from smalt.server.schedules import timetable

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
ZONES = ["UTC", "Pacific Standard Time", "W. Europe Standard Time", "Lord Howe Standard Time", "Asia/Kolkata",
         "Samoa Standard Time", "Africa/Casablanca"]  # fmt: skip


def cron(expression, **fields):
    return CronTrigger.parse({"type": "cron", "expression": expression, **fields})


def recurrence(frequency, interval=1, **fields):
    return RecurrenceTrigger.parse({"type": "recurrence", "frequency": frequency, "interval": interval, **fields})


def run(trigger, after, count):
    """The next times in the trigger's own zone, as the clock on the wall shows them."""
    found = []
    for _ in range(count):
        after = timetable.next_after(trigger, after)
        found.append(after.astimezone(zone(trigger.time_zone)).strftime("%m-%d %H:%M"))
    return found


def test_an_hourly_cron_fires_on_the_hour_of_its_zone():
    trigger = cron("0 * * * *", start_time="2022-07-10T10:00:00", time_zone="Asia/Kolkata")

    assert timetable.first(trigger, NOW) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_without_a_start_the_first_run_is_now_and_with_a_past_start_it_is_the_next_computed_time():
    assert timetable.first(cron("0 8 * * *"), NOW) == NOW
    assert timetable.first(recurrence("day", start_time="2022-07-10T10:00:00"), NOW) == datetime(
        2026, 3, 2, 10, tzinfo=UTC
    )


def test_a_future_start_is_itself_the_first_time_of_a_recurrence():
    trigger = recurrence("day", start_time="2026-05-01T09:15:00", time_zone="Pacific Standard Time")

    assert timetable.first(trigger, NOW) == datetime(2026, 5, 1, 16, 15, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_comes_when_they_jump():
    before = datetime(2026, 3, 7, 20, tzinfo=UTC)

    assert run(cron("30 2 * * *", time_zone="Eastern Standard Time"), before, 2) == ["03-08 03:00", "03-09 02:30"]
    daily = recurrence("day", start_time="2026-03-01T02:30:00", time_zone="Eastern Standard Time")
    assert run(daily, before, 2) == ["03-08 03:00", "03-09 02:30"]


def test_a_time_that_the_clocks_show_twice_comes_once():
    before = datetime(2026, 10, 31, 20, tzinfo=UTC)

    assert run(cron("30 1 * * *", time_zone="Eastern Standard Time"), before, 2) == ["11-01 01:30", "11-02 01:30"]
    daily = recurrence("day", start_time="2026-10-01T01:30:00", time_zone="Eastern Standard Time")
    assert run(daily, before, 2) == ["11-01 01:30", "11-02 01:30"]


def test_days_follow_the_clock_and_hours_follow_real_time():
    before = datetime(2026, 3, 7, 20, tzinfo=UTC)
    hourly = recurrence("hour", 12, start_time="2026-03-01T06:00:00", time_zone="Eastern Standard Time")

    assert run(hourly, before, 3) == ["03-07 18:00", "03-08 07:00", "03-08 19:00"]


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (recurrence("day", schedule={"hours": [4, 10], "minutes": [0, 30]}, start_time="2026-01-01T00:00:00"),
         ["03-02 04:00", "03-02 04:30", "03-02 10:00"]),
        (recurrence("day", 2, start_time="2026-01-01T09:00:00"), ["03-02 09:00", "03-04 09:00", "03-06 09:00"]),
        (recurrence("week", 2, schedule={"hours": 8, "minutes": 0, "week_days": ["Monday", "friday"]},
                    start_time="2026-01-07T00:00:00"), ["03-02 08:00", "03-06 08:00", "03-16 08:00"]),
        (recurrence("week", start_time="2026-01-07T09:30:00"), ["03-04 09:30", "03-11 09:30", "03-18 09:30"]),
        (recurrence("month", schedule={"hours": 8, "minutes": 15, "month_days": [31]},
                    start_time="2026-01-01T00:00:00"),
         ["03-31 08:15", "05-31 08:15", "07-31 08:15"]),
        (recurrence("month", 3, start_time="2026-01-15T08:15:00"), ["04-15 08:15", "07-15 08:15", "10-15 08:15"]),
        (recurrence("month", schedule={"hours": 8, "minutes": 0, "week_days": "monday"},
                    start_time="2026-01-01T00:00:00"),
         ["03-02 08:00", "03-09 08:00", "03-16 08:00"]),
        (recurrence("minute", 7, start_time="2026-03-01T12:00:00"), ["03-01 12:07", "03-01 12:14", "03-01 12:21"]),
        (recurrence("hour", schedule={"hours": [], "minutes": []}, start_time="2026-03-01T00:10:00"),
         ["03-01 12:10", "03-01 13:10", "03-01 14:10"]),
    ],
)  # fmt: skip
def test_recurrences(trigger, expected):
    assert run(trigger, NOW, 3) == expected


def test_nothing_comes_after_the_end():
    trigger = cron("0 * * * *", start_time="2026-01-01T00:00:00", end_time="2026-03-01T13:00:00")

    last = timetable.next_after(trigger, NOW)

    assert last == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert timetable.next_after(trigger, last) is None


def test_a_day_that_no_month_has_never_comes():
    trigger = recurrence(
        "month", 12, start_time="2026-02-01T00:00:00", schedule={"hours": 1, "minutes": 0, "month_days": 30}
    )

    assert timetable.next_after(trigger, NOW) is None


def test_one_run_stands_for_all_that_were_missed():
    next_at = datetime(2026, 2, 1, tzinfo=UTC)

    found = timetable.due(cron("*/5 * * * *"), next_at, NOW, MissedRuns.ONCE)

    newest, following = datetime(2026, 3, 1, 12, 0, tzinfo=UTC), datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    assert found == timetable.Due(newest, next_at, following)


def test_missed_runs_are_skipped_on_demand_and_a_punctual_one_is_not():
    hourly = cron("0 * * * *")
    late = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)

    missed = timetable.due(hourly, datetime(2026, 3, 1, 9, tzinfo=UTC), late, MissedRuns.SKIP)
    punctual = timetable.due(hourly, datetime(2026, 3, 1, 12, tzinfo=UTC), NOW, MissedRuns.SKIP)

    assert (missed.fire_at, missed.next_at) == (None, datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert punctual.fire_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_missed_run_is_made_up_for_in_order_and_at_most_a_hundred():
    hourly, next_at, made = cron("0 * * * *"), datetime(2026, 1, 1, tzinfo=UTC), []

    while next_at <= NOW:
        found = timetable.due(hourly, next_at, NOW, MissedRuns.ALL)
        made.append(found.fire_at)
        next_at = found.next_at

    assert len(made) == timetable.MOST_MISSED
    assert made == [datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(hours=back) for back in reversed(range(100))]


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
patterns = st.fixed_dictionaries(
    {
        "hours": st.lists(st.integers(0, 23), max_size=3),
        "minutes": st.lists(st.integers(0, 59), max_size=3),
        "week_days": st.lists(st.sampled_from(["monday", "wednesday", "sunday"]), max_size=2),
        "month_days": st.lists(st.integers(1, 31), max_size=2),
    }
)
recurrences = st.builds(
    lambda frequency, interval, pattern, start, place: recurrence(
        frequency, interval, schedule=pattern, start_time=start.replace(microsecond=0).isoformat(), time_zone=place
    ),
    st.sampled_from(["minute", "hour", "day", "week", "month"]),
    st.integers(1, 9),
    patterns,
    st.datetimes(datetime(2019, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(ZONES),
)
crons = st.builds(
    lambda minute, hour, day, place: cron(f"{minute} {hour} * * {day}", time_zone=place),
    st.sampled_from(["*", "0", "30", "*/20", "5,59"]),
    st.sampled_from(["*", "0", "1", "2", "*/3", "23"]),
    st.sampled_from(["*", "1-5", "SUN"]),
    st.sampled_from(ZONES),
)


@settings(max_examples=150, deadline=None)
@given(recurrences | crons, moments)
def test_times_rise_and_none_is_passed_over(trigger, after):
    found = list(islice(timetable._moments(trigger, after), 6))

    assert all(early < late for early, late in zip([after, *found], found, strict=False))
    for early, late in pairwise(found):
        assert timetable.next_after(trigger, early) == late
        assert timetable.next_after(trigger, late - timedelta(microseconds=1)) == late
        assert timetable.next_after(trigger, early + (late - early) / 2) == late


@settings(max_examples=150, deadline=None)
@given(recurrences, moments)
def test_a_recurrence_comes_at_a_time_of_its_pattern_unless_the_clocks_skipped_that(trigger, after):
    found = timetable.next_after(trigger, after)

    if found is None or trigger.frequency in {"minute", "hour"} or not trigger.schedule.hours:
        return
    wall = found.astimezone(zone(trigger.time_zone)).replace(tzinfo=None)
    hours, minutes = trigger.schedule.hours, trigger.schedule.minutes or [0]
    fits = wall.hour in hours and wall.minute in minutes
    skipped = first_moment(wall - timedelta(minutes=1), trigger.time_zone) == found
    assert fits or skipped


@settings(max_examples=150, deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(ZONES))
def test_a_wall_clock_time_is_the_first_moment_that_shows_it_or_the_jump(local, place):
    found = first_moment(local.replace(microsecond=0), place)

    assert found.astimezone(zone(place)).replace(tzinfo=None) >= local.replace(microsecond=0)
    before = (found - timedelta(seconds=1)).astimezone(zone(place)).replace(tzinfo=None)
    assert before < local
