"""Limits of jobs, in seconds."""

from __future__ import annotations

from smalt.entities.base import Entity
from smalt.entities.text import Seconds


class CommandJobLimits(Entity):
    """When `timeout` seconds have passed, the job is canceled."""

    timeout: Seconds | None = None


class SweepJobLimits(Entity):
    """How many trials, how many at a time, and for how long."""

    max_concurrent_trials: int | None = None
    max_total_trials: int | None = None
    timeout: Seconds | None = None
    trial_timeout: Seconds | None = None
