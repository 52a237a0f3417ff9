"""Facts about jobs that others may want to hear. A root is the job at the top of those that a job is a part of."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.entities.job.status import JobStatus
from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class JobSubmitted(Event):
    """A job was accepted and waits for the loop."""

    job: str
    root: str


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A job has another state, or another name, tags or place among the archived."""

    job: str
    root: str


@dataclass(frozen=True, slots=True)
class CancelRequested(Event):
    """Somebody wants a job to end."""

    job: str
    root: str


@dataclass(frozen=True, slots=True)
class JobFinished(Event):
    """A job is over."""

    job: str
    root: str
    status: JobStatus
    parent: str | None = None
