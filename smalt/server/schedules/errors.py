"""Failures only schedules have."""

from __future__ import annotations

from smalt.errors import Conflict, NotFound


class ScheduleNotFound(NotFound):
    """No schedule has this name."""


class ScheduleEnabled(Conflict):
    """The schedule may fire at any moment, so it cannot be deleted."""

    code = "ScheduleEnabled"


class ScheduleDisabled(Conflict):
    """The schedule does not fire, so it cannot be triggered."""

    code = "ScheduleDisabled"
