"""Limits of jobs, in seconds."""

from __future__ import annotations

from smalt.entities.base import Entity


class CommandJobLimits(Entity):
    """When `timeout` seconds have passed, the job is canceled."""

    timeout: int | float | None = None


class SweepJobLimits(Entity):
    """How many trials, how many at a time, and for how long."""

    max_concurrent_trials: int | None = None
    max_total_trials: int | None = None
    timeout: int | float | None = None
    trial_timeout: int | float | None = None
