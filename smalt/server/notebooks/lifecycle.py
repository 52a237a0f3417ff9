"""When a compute instance starts and stops by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smalt.entities.compute.instance import ComputeInstance
from smalt.entities.schedule import MissedRuns
from smalt.entities.trigger import CronTrigger, RecurrenceTrigger
from smalt.errors import SmaltError
from smalt.kit import duration
from smalt.server.compute import IDLE, SCHEDULE
from smalt.server.schedules import timetable
from smalt.wire.arm.shape import snake


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done to an instance, and why."""

    starts: bool
    trigger: str


def move(
    entity: ComputeInstance, *, runs: bool, is_busy: bool, changed_at: datetime, active_at: datetime, now: datetime
) -> Move | None:
    """What is due.

    Args:
        entity: The instance.
        runs: Whether it is started.
        is_busy: Whether something runs on it.
        changed_at: When it was started, stopped or changed last.
        active_at: When something ended on it last.
        now: The present moment.
    """
    passed = [(fired, starts) for fired, starts in _fired(entity, changed_at, now) if fired is not None]
    if passed:
        starts = max(passed)[1]
        if starts != runs:
            return Move(starts, SCHEDULE)
    if not runs or is_busy or entity.idle_time_before_shutdown is None:
        return None
    idle = timedelta(seconds=duration.from_iso(entity.idle_time_before_shutdown))
    return Move(starts=False, trigger=IDLE) if now - max(changed_at, active_at) >= idle else None


def _fired(entity: ComputeInstance, since: datetime, now: datetime) -> Iterator[tuple[datetime | None, bool]]:
    """The newest time of each schedule that has passed, and whether it starts the instance."""
    given = {snake(key): value for key, value in (entity.schedules or {}).items()}.get("compute_start_stop")
    for each in given if isinstance(given, list) else ():
        read = {snake(key): value for key, value in each.items()} if isinstance(each, Mapping) else {}
        trigger = _trigger(read)
        if trigger is None or str(read.get("status") or read.get("state") or "enabled").lower() != "enabled":
            continue
        first = timetable.next_after(trigger, since)
        if first is not None and first <= now:
            newest = timetable.due(trigger, first, now, MissedRuns.ONCE).fire_at
            yield newest, str(read.get("action") or "").lower() == "start"


def _trigger(read: Mapping[str, Any]) -> CronTrigger | RecurrenceTrigger | None:  # Any: as somebody sent it
    """The time of a start or stop; None where it is none, since instances take what clients send."""
    for key, model in (("cron", CronTrigger), ("recurrence", RecurrenceTrigger)):
        inner = read.get("trigger") if isinstance(read.get("trigger"), Mapping) else read.get(key)
        if not isinstance(inner, Mapping):
            continue
        fields = {snake(name): value for name, value in inner.items() if value is not None}
        try:
            found = model.parse({**fields, "type": key})
        except SmaltError:
            continue
        assert isinstance(found, CronTrigger | RecurrenceTrigger)
        return found
    return None
