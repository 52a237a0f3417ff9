"""Failures only jobs have."""

from __future__ import annotations

from smalt.errors import Conflict, NotFound


class JobNotFound(NotFound):
    """No job has this name."""


class JobExists(Conflict):
    """The name belongs to a job that says something else."""

    code = "JobAlreadyExists"


class JobAlreadyFinished(Conflict):
    """The job is over, so it cannot be canceled."""

    code = "JobAlreadyFinished"


class JobNotFinished(Conflict):
    """The job is not over yet, so it can be neither archived nor deleted."""

    code = "JobNotFinished"


class LeaseLost(Conflict):
    """Another worker has taken the job up since; what this one found is of no use any more."""
