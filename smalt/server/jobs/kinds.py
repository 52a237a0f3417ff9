"""Kinds of jobs. A kind either becomes a command that an executor runs, or lives by what its children do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.status import JobStatus
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.executors import OutputState
from smalt.server.connections import ConnectionService
from smalt.server.jobs.pinning import Pinned
from smalt.server.jobs.problems import Problems
from smalt.server.jobs.store import JobRecord
from smalt.server.jobs.workload import CONNECTIONS
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Progress:
    """What a turn over children came to.

    Args:
        status: The state the parent should have.
        error: Why, if that is a failure.
        outputs: What was written to the parent's own outputs, once it is completed.
        has_more: The next turn should follow at once.
        look_again: When to look again if nothing calls before.
    """

    status: JobStatus
    error: str | None = None
    outputs: Mapping[str, OutputState] = field(default_factory=dict)
    has_more: bool = False
    look_again: timedelta = timedelta(seconds=10)


class JobKind(ABC):
    """One type of job: a `CommandLike` or a `ParentLike` one."""

    type: ClassVar[str]
    """As in YAML, e.g. `command`."""


class CommandLike(JobKind):
    """A kind that becomes one command."""

    @abstractmethod
    def expand(self, job: Job) -> CommandJob:
        """The command this job runs. Pure; called at submit and at every turn of the loop.

        Its text may hold `{{smalt:runtime}}`, the folder of `smalt/runtime` where the command runs.

        Raises:
            InvalidRequest: The job can never run.
        """

    def pin_more(self, work: Work, workspace: WorkspaceRecord, job: Job, pinned: Pinned, problems: Problems) -> None:
        """Look up what only this kind names; what is wrong goes to `problems`.

        Under `CONNECTIONS` in `pinned.parts` stand the connections whose secrets the job's token opens.
        """


class ParentLike(JobKind):
    """A kind that lives by its children, which are ordinary jobs."""

    def refusals(self, job: Job) -> Iterable[InvalidRequest]:
        """Why a job can never run here, whatever it is given, each at its field.

        Pure, so that a pipeline asks before it starts.
        """
        return ()

    @abstractmethod
    def pin(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: Job, problems: Problems
    ) -> tuple[Job, Pinned]:
        """Look up everything the job and its children name; what is wrong goes to `problems`.

        Returns:
            The job as it is kept, and what its references came to; `Pinned.parts` holds what `advance` needs.
        """

    @abstractmethod
    def advance(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Progress:
        """Move a job one step on: submit children that are ready, or tell how it ends.

        Called after every end of a child, now and then, and after a restart; it must do nothing twice. A parent
        must not end while a child of it is active.
        """


CONNECTIONS_VARIABLE = "SMALT_CONNECTIONS"
"""The environment variable of a command that names the connections whose secrets its token opens, with commas."""


_NEEDS = {
    "spark": "a Spark cluster, which this server does not start. Run the script as a command with pyspark in its "
    "environment",
    "import": "a connection to the database and its driver. Read the data in a command instead",
    "datatransfer": "a data mover between stores. Copy in a command with an input and an output instead",
}


def check_kind(kind: str, known: Iterable[str], *, what: str) -> None:
    """Refuse what no part of this server runs.

    Args:
        kind: The type of a job, of a step, or of what a step runs.
        known: The types that are run.
        what: `Jobs` or `Steps`.

    Raises:
        Unsupported: The message says what it needs.
    """
    need = _NEEDS.get(normal_form(kind))
    if need is not None:
        raise Unsupported(f"{what} of type {kind!r} need {need}.", target="type")
    if normal_form(kind) not in map(normal_form, known):
        runs = ", ".join(sorted(known))
        raise Unsupported(f"{what} of type {kind!r} are not run by this server. It runs: {runs}.", target="type")


class CommandKind(CommandLike):
    """A command is what it is.

    Args:
        connections: Knows the connections that a command names.
    """

    type: ClassVar[str] = "command"

    def __init__(self, connections: ConnectionService) -> None:
        self._connections = connections

    def expand(self, job: Job) -> CommandJob:
        """See `CommandLike.expand`."""
        assert isinstance(job, CommandJob)
        return job

    def pin_more(self, work: Work, workspace: WorkspaceRecord, job: Job, pinned: Pinned, problems: Problems) -> None:
        """See `CommandLike.pin_more`."""
        assert isinstance(job, CommandJob)
        wanted = {each.strip() for each in job.environment_variables.get(CONNECTIONS_VARIABLE, "").split(",")} - {""}
        if not wanted:
            return
        with problems.at(f"environment_variables.{CONNECTIONS_VARIABLE}"):
            found = self._connections.named(work, workspace, wanted)
            missing = wanted - set(found)
            if missing:
                raise NotFound(
                    f"There is no connection {', '.join(sorted(missing))} in workspace {workspace.name!r}. See "
                    "`smalt connection list`."
                )
            pinned.parts[CONNECTIONS] = found
