"""What makes a schedule fire: a time, a new version of an asset, or an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from smalt.entities.base import Entity, TextMap
from smalt.entities.job.status import JobStatus
from smalt.entities.text import Text, match_enum, normal_form
from smalt.entities.time_zone import TimeZoneField, zone

_CRON_FIELDS = 5


class Frequency(StrEnum):
    """The unit of a recurrence."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class WeekDay(StrEnum):
    """Days of the week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class HappenedKind(StrEnum):
    """Events that a schedule can wait for."""

    JOB_FINISHED = "job_finished"
    MODEL_REGISTERED = "model_registered"
    DATA_REGISTERED = "data_registered"
    MONITOR_BREACHED = "monitor_breached"


def _as_list(value: Any) -> Any:  # Any: raw input of a validator
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _moment(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value[:80]!r} is no time. Write it as 2026-01-31T08:30:00.") from None
    return value


def _cron(expression: str) -> str:
    from cronsim import CronSim, CronSimError

    count = len(expression.split())
    if count != _CRON_FIELDS:
        raise ValueError(
            f"The cron expression {expression[:80]!r} has {count} fields. Write five: minute hour day month weekday, "
            "e.g. '30 8 * * 1-5'."
        )
    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"The cron expression {expression[:80]!r} cannot be read ({error}). Write e.g. '30 8 * * 1-5'."
        ) from None
    return expression


Moment = Annotated[str, BeforeValidator(_moment)]
"""A time as ISO 8601; without an offset it is one of the trigger's time zone."""


class RecurrencePattern(Entity):
    """At which times of a day, and on which days, a recurrence fires."""

    hours: Annotated[list[Annotated[int, Field(ge=0, le=23)]], BeforeValidator(_as_list)] = Field(default_factory=list)
    minutes: Annotated[list[Annotated[int, Field(ge=0, le=59)]], BeforeValidator(_as_list)] = Field(
        default_factory=list
    )
    week_days: Annotated[
        list[Annotated[WeekDay, BeforeValidator(lambda value: match_enum(value, WeekDay))]], BeforeValidator(_as_list)
    ] = Field(default_factory=list)
    month_days: Annotated[list[Annotated[int, Field(ge=1, le=31)]], BeforeValidator(_as_list)] = Field(
        default_factory=list
    )


class TimeTrigger(Entity):
    """Fires at times. `start_time` and `end_time` are of `time_zone`."""

    start_time: Moment | None = None
    end_time: Moment | None = None
    time_zone: TimeZoneField = "UTC"

    @property
    def starts_at(self) -> datetime | None:
        """The start as a moment in UTC."""
        return _in_utc(self.start_time, self.time_zone)

    @property
    def ends_at(self) -> datetime | None:
        """The end as a moment in UTC."""
        return _in_utc(self.end_time, self.time_zone)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> TimeTrigger:
        start, end = self.starts_at, self.ends_at
        if start is not None and end is not None and end <= start:
            raise ValueError(f"end_time {self.end_time} is not after start_time {self.start_time}. Write a later one.")
        return self


class CronTrigger(TimeTrigger):
    """Fires whenever the clock fits `expression`: minute, hour, day of the month, month, day of the week."""

    type: Literal["cron"] = "cron"
    expression: Annotated[Text, AfterValidator(_cron)]


class RecurrenceTrigger(TimeTrigger):
    """Fires every `interval` minutes, hours, days, weeks or months from its start on.

    For days, weeks and months `schedule` says at which times and on which days; what it leaves open is that of the
    start. A month without one of its days is passed over.
    """

    type: Literal["recurrence"] = "recurrence"
    frequency: Annotated[Frequency, BeforeValidator(lambda value: match_enum(value, Frequency))]
    interval: Annotated[int, Field(ge=1, le=1000)]
    schedule: RecurrencePattern | None = None


class AssetTrigger(Entity):
    """Fires for every new version of a data asset or a model, with all of `tags` if there are any."""

    type: Literal["asset"] = "asset"
    asset_type: Annotated[Literal["data", "model"], BeforeValidator(lambda value: _lower(value))] = "data"
    name: Text
    tags: TextMap = Field(default_factory=dict)


class EventTrigger(Entity):
    """Fires whenever something has happened in the workspace.

    For `job_finished`, `status`, `job_type`, `experiment_name` and `tags` choose the jobs; steps of other jobs never
    count. For `model_registered` and `data_registered`, `tags` choose the versions. For `monitor_breached`, `monitor`
    and `signal` choose the monitors and what they found.
    """

    type: Literal["event"] = "event"
    event: Annotated[HappenedKind, BeforeValidator(lambda value: match_enum(value, HappenedKind))]
    status: Annotated[
        list[Annotated[JobStatus, BeforeValidator(lambda value: match_enum(value, JobStatus))]],
        BeforeValidator(_as_list),
    ] = Field(default_factory=list)
    job_type: Text | None = None
    experiment_name: Text | None = None
    tags: TextMap = Field(default_factory=dict)
    monitor: Text | None = None
    signal: Text | None = None

    @model_validator(mode="after")
    def _waits_for_ends(self) -> EventTrigger:
        unending = [status.value for status in self.status if not status.is_terminal]
        if unending:
            raise ValueError(f"A job does not finish as {unending[0]!r}. Write Completed, Failed or Canceled.")
        return self


def _lower(value: Any) -> Any:  # Any: raw input of a validator
    return value.lower() if isinstance(value, str) else value


def _type(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        return {**value, "type": normal_form(value["type"])}
    return value


Trigger = CronTrigger | RecurrenceTrigger | AssetTrigger | EventTrigger
TriggerField = Annotated[Annotated[Trigger, Field(discriminator="type")], BeforeValidator(_type)]


def _in_utc(text: str | None, time_zone: str) -> datetime | None:
    if text is None:
        return None
    given = datetime.fromisoformat(text)
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    return first_moment(given, time_zone)


def first_moment(local: datetime, time_zone: str) -> datetime:
    """The moment in UTC when the clocks of a zone first show a time, or first show a later one if they skip it."""
    here = zone(time_zone)
    early, late = sorted(local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(here).replace(tzinfo=None) == local:
        return early  # If the clocks show it twice, this is the first time.
    # The clocks skip it: find the moment at which they jump, which lies between the two.
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(here).replace(tzinfo=None) < local:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
