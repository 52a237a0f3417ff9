"""When a schedule fires, as pure logic: the moments of a trigger, in UTC, in order, each once.

Clocks that are put forward or back are answered as Debian's cron answers them: a time that the clocks skip comes at
the moment they jump, and a time that they show twice comes the first time only.
"""

from __future__ import annotations

import calendar
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, takewhile

from cronsim import CronSim

from smalt.entities.schedule import MissedRuns
from smalt.entities.time_zone import zone
from smalt.entities.trigger import CronTrigger, Frequency, RecurrencePattern, RecurrenceTrigger, WeekDay, first_moment

MOST_MISSED = 100
"""How many missed runs are made up for at most."""

LATE = timedelta(seconds=60)
"""A run that begins later than this was missed."""

_SPANS = (timedelta(days=1), timedelta(days=32), timedelta(days=400))
_TICK = timedelta(microseconds=1)
# A recurrence that finds no day in so many periods (the 30th of February) has none.
_MOST_EMPTY_PERIODS = 4000
_WEEK_DAYS = list(WeekDay)


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule whose time has come should do.

    Args:
        fire_at: The time to run for, or None for none.
        since: The first time that was missed, if some were.
        next_at: When it fires next.
    """

    fire_at: datetime | None
    since: datetime | None
    next_at: datetime | None


def first(trigger: CronTrigger | RecurrenceTrigger, now: datetime) -> datetime | None:
    """When a new schedule fires first: at once without a start, else at the first time that is not past."""
    start = trigger.starts_at
    if start is None:
        return now
    return next_after(trigger, max(now, start - _TICK))


def next_after(trigger: CronTrigger | RecurrenceTrigger, moment: datetime) -> datetime | None:
    """The first time after a moment, or None when there is none any more."""
    return next(_moments(trigger, moment), None)


def due(trigger: CronTrigger | RecurrenceTrigger, next_at: datetime, now: datetime, policy: MissedRuns) -> Due:
    """What to do about every time from `next_at` until now."""
    waiting = _recent(trigger, next_at, now, limit=MOST_MISSED if policy is MissedRuns.ALL else 1)
    if policy is MissedRuns.ALL:
        following = waiting[1] if len(waiting) > 1 else next_after(trigger, now)
        return Due(waiting[0], next_at if waiting[0] != next_at else None, following)
    newest = waiting[-1]
    following = next_after(trigger, now)
    if policy is MissedRuns.SKIP and now - newest > LATE:
        return Due(None, next_at, following)
    return Due(newest, next_at if newest != next_at else None, following)


def _recent(
    trigger: CronTrigger | RecurrenceTrigger, next_at: datetime, now: datetime, *, limit: int
) -> list[datetime]:
    """The newest times from `next_at` until now. Looked for in growing spans, as there may be millions."""
    for span in (*_SPANS, now - next_at):
        after = max(next_at, now - span)
        found = deque(takewhile(lambda moment: moment <= now, _moments(trigger, after)), maxlen=limit)
        if len(found) == limit or after == next_at:
            break
    return [next_at, *found] if len(found) < limit else list(found)


def _moments(trigger: CronTrigger | RecurrenceTrigger, after: datetime) -> Iterator[datetime]:
    """The times after a moment, not before the start and not after the end."""
    start, end = trigger.starts_at, trigger.ends_at
    lower = after if start is None else max(after, start - _TICK)
    found = _cron(trigger, lower) if isinstance(trigger, CronTrigger) else _recurrence(trigger, lower)
    return found if end is None else takewhile(lambda moment: moment <= end, found)


def _cron(trigger: CronTrigger, after: datetime) -> Iterator[datetime]:
    return (moment.astimezone(UTC) for moment in CronSim(trigger.expression, after.astimezone(zone(trigger.time_zone))))


def _recurrence(trigger: RecurrenceTrigger, after: datetime) -> Iterator[datetime]:
    start = trigger.starts_at or after
    if trigger.frequency in {Frequency.MINUTE, Frequency.HOUR}:
        step = timedelta(minutes=1) if trigger.frequency is Frequency.MINUTE else timedelta(hours=1)
        yield from _steps(start, step * trigger.interval, after)
        return
    local = start.astimezone(zone(trigger.time_zone)).replace(tzinfo=None)
    last, empty, end = after, 0, _last_period(trigger, local)
    # One period early, as the day of a moment may differ from the day of the zone.
    for number in count(max(_periods_until(trigger, local, after) - 1, 0)):
        days = _days(trigger, local, number)
        empty = 0 if days else empty + 1
        if empty > _MOST_EMPTY_PERIODS or number > end:
            return
        # Two times that the clocks skip come at one moment.
        for moment in sorted({first_moment(each, trigger.time_zone) for each in _times(trigger, local, days)}):
            if moment > last:
                last = moment
                yield moment


def _steps(start: datetime, step: timedelta, after: datetime) -> Iterator[datetime]:
    """Minutes and hours are spans of real time, whatever the clocks do."""
    done = max((after - start) // step + 1, 0)
    for number in count(done):
        try:
            yield start + number * step
        except OverflowError:
            return


def _periods_until(trigger: RecurrenceTrigger, local: datetime, after: datetime) -> int:
    """The number of the period in which a moment lies."""
    day = after.astimezone(zone(trigger.time_zone)).date()
    if trigger.frequency is Frequency.MONTH:
        months = (day.year - local.year) * 12 + day.month - local.month
        return months // trigger.interval
    length = 7 if trigger.frequency is Frequency.WEEK else 1
    return (day - _begin(trigger, local)).days // (length * trigger.interval)


def _last_period(trigger: RecurrenceTrigger, local: datetime) -> int:
    """The last period that the calendar has."""
    return max(_periods_until(trigger, local, datetime(9990, 1, 1, tzinfo=UTC)), 0)


def _begin(trigger: RecurrenceTrigger, local: datetime) -> date:
    """The first day of the first period."""
    day = local.date()
    return day - timedelta(days=day.weekday()) if trigger.frequency is Frequency.WEEK else day


def _days(trigger: RecurrenceTrigger, local: datetime, number: int) -> list[date]:
    """The days of a period on which it fires."""
    pattern = trigger.schedule or RecurrencePattern()
    week_days = {_WEEK_DAYS.index(day) for day in pattern.week_days}
    month_days = set(pattern.month_days)
    if trigger.frequency is Frequency.MONTH:
        if not week_days and not month_days:
            month_days = {local.day}
        year, month = divmod(local.year * 12 + local.month - 1 + number * trigger.interval, 12)
        length = calendar.monthrange(year, month + 1)[1]
        found = [date(year, month + 1, day) for day in range(1, length + 1)]
    elif trigger.frequency is Frequency.WEEK:
        if not week_days and not month_days:
            week_days = {local.weekday()}
        monday = _begin(trigger, local) + timedelta(weeks=number * trigger.interval)
        found = [monday + timedelta(days=day) for day in range(7)]
    else:
        found = [local.date() + timedelta(days=number * trigger.interval)]
    return [
        day
        for day in found
        if (not week_days or day.weekday() in week_days) and (not month_days or day.day in month_days)
    ]


def _times(trigger: RecurrenceTrigger, local: datetime, days: list[date]) -> Iterator[datetime]:
    """The times of those days; what the pattern leaves open is that of the start."""
    pattern = trigger.schedule or RecurrencePattern()
    hours = pattern.hours or [local.hour]
    minutes = pattern.minutes or ([0] if pattern.hours else [local.minute])
    second = 0 if pattern.hours or pattern.minutes else local.second
    for day in days:
        for hour in hours:
            for minute in minutes:
                yield datetime.combine(day, time(hour, minute, second))
