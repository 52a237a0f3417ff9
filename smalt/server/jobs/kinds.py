"""Kinds of jobs. A kind either becomes a command that an executor runs, or lives by what its children do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.status import JobStatus
from smalt.errors import SmaltError
from smalt.server.jobs.store import JobRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Progress:
    """What a turn over children came to: the state the parent should have, and why if that is a failure."""

    status: JobStatus
    error: str | None = None


class JobKind(ABC):
    """One type of job."""

    type: ClassVar[str]
    """As in YAML, e.g. `command`."""

    @abstractmethod
    def expand(self, job: Job) -> CommandJob | None:
        """The command this job runs, or None for a job that runs none itself. Pure; called at submit and at start.

        Raises:
            InvalidRequest: The job can never run.
        """

    def advance(
        self, work: Work, workspace: WorkspaceRecord, job: JobRecord, children: Sequence[JobRecord]
    ) -> Progress:
        """Move a job without a command one step on: submit children that are ready, or tell how it ends.

        Called again whenever a child has ended, and now and then; must do nothing twice.
        """
        raise SmaltError(f"Jobs of type {self.type!r} neither run a command nor have children.")


class CommandKind(JobKind):
    """A command is what it is."""

    type: ClassVar[str] = "command"

    def expand(self, job: Job) -> CommandJob:
        """See `JobKind.expand`."""
        assert isinstance(job, CommandJob)
        return job
