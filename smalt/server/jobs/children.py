"""What kinds that live by children do with them: submit, look at, cancel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.server.jobs import store
from smalt.server.jobs.service import JobService
from smalt.server.jobs.store import ChildState, JobRecord
from smalt.server.jobs.submit import Draft, Submission
from smalt.server.work import Actor, ActorKind, Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Children:
    """The children of jobs.

    Args:
        submission: Looks at jobs and accepts them.
        service: The verbs of jobs.
    """

    submission: Submission
    service: JobService

    def submit(self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, name: str, job: Job) -> JobRecord:
        """Submit a child for whoever submitted its parent, in the parent's experiment unless it names one.

        A child of this name that the parent has already is returned as it is.

        Raises:
            ValidationFailed: It is wrong; everything that is stands in `details`.
            Unsupported: It cannot run here.
            JobExists: The name belongs to a job of somebody else.
        """
        found = store.find(work.connection, workspace.id, name)
        if found is not None and found.parent == parent.name:
            return found
        whole = job.model_copy(
            update={"experiment_name": job.experiment_name or parent.experiment, "parent_job_name": parent.name}
        )
        draft = self.submission.draft(work, workspace, name, whole)
        return self.submission.accept(_as_owner(work, parent), workspace, name, draft)

    def adopt(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        parent: JobRecord,
        name: str,
        *,
        of: JobRecord,
        job: Job,
        properties: Mapping[str, str],
    ) -> JobRecord:
        """Make a child that is completed from the start, as it does what a finished job has done already.

        Args:
            of: The finished job, whose outputs and pins it takes over.
            job: What the child would have run; display name, tags and properties are its own.
            properties: Further properties, e.g. `azureml.reusedrunid`.
        """
        whole = job.model_copy(
            update={
                "experiment_name": job.experiment_name or parent.experiment,
                "parent_job_name": parent.name,
                "properties": {**job.properties, **properties},
            }
        )
        draft = Draft(of.kind, whole, of.pinned)
        return self.submission.accept_finished(_as_owner(work, parent), workspace, name, draft, of=of)

    def states(
        self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, *, names: Collection[str] | None = None
    ) -> dict[str, ChildState]:
        """How far the children of a job are, by name; only some of them if asked."""
        return store.child_states(work.connection, workspace.id, parent.name, names=names)

    def record(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        """One child, whole.

        Raises:
            JobNotFound: It was deleted.
        """
        return self.service.get(work, workspace, name)

    def cancel(self, work: Work, workspace: WorkspaceRecord, parent: JobRecord) -> bool:
        """Ask all children that still run to end; whether there are any."""
        active = [state for state in self.states(work, workspace, parent).values() if state.is_active]
        for state in active:
            if state.status is not JobStatus.CANCEL_REQUESTED:
                self.service.cancel(work, workspace, state.name)
        return bool(active)


def _as_owner(work: Work, parent: JobRecord) -> Work:
    """The same unit of work, in the name of whoever submitted the parent."""
    actor = Actor(id=parent.created_by, name=parent.created_by, kind=ActorKind(parent.created_by_type))
    return replace(work, actor=actor)
