"""What kinds that live by children do with them: submit, look at, cancel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.server.jobs import store
from smalt.server.jobs.service import JobService
from smalt.server.jobs.store import ChildState, JobRecord, Result
from smalt.server.jobs.submit import Draft, Submission
from smalt.server.work import Actor, ActorKind, Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Children:
    """The children of jobs. They belong to whoever submitted the parent, and to the parent's experiment.

    Args:
        submission: Looks at jobs and accepts them.
        service: The verbs of jobs.
    """

    submission: Submission
    service: JobService

    def submit(self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, name: str, job: Job) -> JobRecord:
        """Submit a child; one of this name that the parent has already is returned as it is.

        Raises:
            ValidationFailed: It is wrong; everything that is stands in `details`.
            Unsupported: It cannot run here.
            JobExists: The name belongs to a job of somebody else.
        """
        found = store.find(work.connection, workspace.id, name)
        if found is not None and found.parent == parent.name:
            return found
        return self.accept(work, workspace, parent, name, self.draft(work, workspace, parent, name, job))

    def draft(self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, name: str, job: Job) -> Draft:
        """Look at a child that may be submitted or adopted; nothing is written.

        Raises:
            ValidationFailed: It is wrong; everything that is stands in `details`.
            Unsupported: It cannot run here.
        """
        experiment = job.experiment_name or parent.experiment
        whole = job.model_copy(update={"experiment_name": experiment, "parent_job_name": None})
        draft = self.submission.draft(work, workspace, name, whole)
        return replace(draft, job=draft.job.model_copy(update={"parent_job_name": parent.name}))

    def is_free(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether no job, not even a deleted one, has this name."""
        return store.find_id(work.connection, workspace.id, name) is None

    def accept(self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, name: str, draft: Draft) -> JobRecord:
        """Submit a child that was looked at.

        Raises:
            JobExists: The name is taken.
        """
        return self.submission.accept(_as_owner(work, parent), workspace, name, draft, parent=parent)

    def adopt(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        parent: JobRecord,
        name: str,
        draft: Draft,
        *,
        of: JobRecord,
        properties: Mapping[str, str],
    ) -> JobRecord:
        """Make a child that is completed from the start, since a finished job has done its work.

        Args:
            of: That job, whose outputs, logs and metrics it shows.
            properties: Further properties, e.g. `azureml.reusedrunid`.
        """
        job = draft.job.model_copy(update={"properties": {**draft.job.properties, **properties}})
        return self.submission.accept_finished(
            _as_owner(work, parent), workspace, name, replace(draft, job=job), parent=parent, of=of
        )

    def states(
        self, work: Work, workspace: WorkspaceRecord, parent: JobRecord, *, names: Collection[str] | None = None
    ) -> dict[str, ChildState]:
        """How far the children of a job are, by name; only some of them if asked."""
        return store.child_states(work.connection, workspace.id, parent.name, names=names)

    def results(self, work: Work, workspace: WorkspaceRecord, names: Collection[str]) -> dict[str, Result]:
        """What jobs have left behind, by name."""
        return store.results(work.connection, workspace.id, names)

    def find(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord | None:
        """A job, whole, or None when there is none or it was deleted."""
        return self.service.find(work, workspace, name)

    def move_outputs(self, work: Work, parent: JobRecord, outputs: Mapping[str, str]) -> None:
        """Say that outputs of a parent are elsewhere: where the job lies whose work was taken over."""
        pinned = {**parent.pinned, "outputs": {**parent.pinned["outputs"], **outputs}}
        store.change(work.connection, parent, pinned=pinned)

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
