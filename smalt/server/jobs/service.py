"""The verbs of jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.server.http import Page
from smalt.server.jobs import lifecycle, outputs, places, store
from smalt.server.jobs.errors import JobAlreadyFinished, JobExists, JobNotFinished, JobNotFound
from smalt.server.jobs.events import CancelRequested, JobChanged
from smalt.server.jobs.store import Filter, JobRecord
from smalt.server.jobs.submit import Submission, check_same
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_FEW = 100

SCHEDULE_PROPERTY = "azureml.scheduleId"
"""The property of a job that names the schedule which submitted it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What may change of a job at any time; None leaves it. A tag or property of value None is removed."""

    display_name: str | None = None
    description: str | None = None
    tags: Mapping[str, str | None] | None = None
    properties: Mapping[str, str | None] | None = None
    archived: bool | None = None


class JobService:
    """Keeps jobs.

    Args:
        submission: Looks at new jobs and accepts them.
        tracking: Keeps their runs.
    """

    def __init__(self, submission: Submission, tracking: TrackingService) -> None:
        self._submission = submission
        self._tracking = tracking

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        """A job.

        Raises:
            JobNotFound: There is none of this name.
        """
        record = self.find(work, workspace, name)
        if record is None:
            raise JobNotFound(f"No job {name!r} in workspace {workspace.name!r}. See `smalt job list`.", target="name")
        return record

    def find(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord | None:
        """A job, or None."""
        record = store.find(work.connection, workspace.id, name)
        return None if record is None or record.deleted else record

    def is_taken(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether a name belongs to a job, be it one that was deleted."""
        return store.find(work.connection, workspace.id, name) is not None

    def finished_since(self, work: Work, workspace: WorkspaceRecord, since: datetime) -> Iterator[JobRecord]:
        """Jobs without a parent that have ended since a moment, in the order of their ends."""
        after: tuple[datetime, str] = (since, "")
        while found := store.finished(work.connection, workspace.id, after=after, limit=_FEW):
            yield from found
            assert found[-1].ended_at is not None
            after = (found[-1].ended_at, found[-1].id)

    def page(
        self, work: Work, workspace: WorkspaceRecord, wanted: Filter, *, after: tuple[datetime, str] | None, limit: int
    ) -> Page[JobRecord]:
        """Jobs, the newest first."""
        found = store.page(work.connection, workspace.id, wanted, after=after, limit=limit + 1)
        if len(found) <= limit:
            return Page(found)
        last = found[limit - 1]
        return Page(found[:limit], (last.created_at, last.id))

    def children(self, work: Work, workspace: WorkspaceRecord, name: str) -> list[JobRecord]:
        """The children of a job, the oldest first."""
        return store.children(work.connection, workspace.id, self.get(work, workspace, name).name)

    def readers(self, work: Work, workspace: WorkspaceRecord, asset: str, *, limit: int = 50) -> list[str]:
        """The jobs at the top of the families that were given an asset, by its id, the latest first."""
        return store.readers(work.connection, workspace.id, asset, limit=limit)

    def put(self, work: Work, workspace: WorkspaceRecord, name: str, job: Job) -> tuple[JobRecord, bool]:
        """Submit a job, or change what may change of one; also whether it is new.

        Raises:
            ValidationFailed: It is wrong; everything that is stands in `details`.
            Unsupported: It cannot run here.
            JobExists: The name belongs to other content, or to a job that was deleted.
        """
        old = store.find(work.connection, workspace.id, name, lock=True)
        if old is not None and old.deleted:
            raise JobExists(f"The name {name!r} belonged to a job that was deleted. Take another one.", target="name")
        draft = self._submission.draft(work, workspace, name, job)
        if old is None:
            return self._submission.accept(work, workspace, name, draft), True
        check_same(old, draft)
        changes = Changes(job.display_name, job.description, job.tags, job.properties, job.is_archived)
        return self.change(work, workspace, name, changes), False

    def change(self, work: Work, workspace: WorkspaceRecord, name: str, changes: Changes) -> JobRecord:
        """Change what may change at any time.

        Raises:
            JobNotFound: There is none of this name.
            JobNotFinished: It is to be archived and still runs.
        """
        record = self._locked(work, workspace, name)
        values: dict[str, Any] = {}  # Any: values of columns
        if changes.display_name is not None and changes.display_name != record.display_name:
            values["display_name"] = changes.display_name
            self._tracking.set_display_name(work, workspace, name, changes.display_name)
        if changes.description is not None and changes.description != record.description:
            values["description"] = changes.description
            self._tracking.set_tags(work, workspace, name, {"mlflow.note.content": changes.description})
        if changes.tags and (merged := _merged(record.tags, changes.tags)) != record.tags:
            values["tags"] = merged
            self._tracking.set_tags(work, workspace, name, merged)
        if changes.properties and (merged := _merged(record.properties, changes.properties)) != record.properties:
            values["properties"] = merged
        if changes.archived is not None and changes.archived != record.archived:
            values["archived"] = self._archive(work, workspace, record, archived=changes.archived)
        if not values:
            return record
        values |= {"modified_at": work.now, "modified_by": work.actor.name, "revision": record.revision + 1}
        store.change(work.connection, record, **values)
        work.publish(JobChanged(workspace.id, name, record.root))
        return replace(record, **values)

    def cancel(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        """Ask for the end of a job and of all its children. Asked again, it changes nothing.

        Raises:
            JobNotFound: There is none of this name.
            JobAlreadyFinished: It has completed or failed.
        """
        record = self._locked(work, workspace, name)
        if record.status in {JobStatus.CANCEL_REQUESTED, JobStatus.CANCELED}:
            return record
        if record.status.is_terminal:
            raise JobAlreadyFinished(
                f"Job {name!r} is {record.status.value} and cannot be canceled. Nothing of it runs any more."
            )
        for child in store.children(work.connection, workspace.id, name):
            if child.active:
                self.cancel(work, workspace, child.name)
        values: dict[str, Any] = {  # Any: values of columns
            "status": lifecycle.move(record.status, JobStatus.CANCEL_REQUESTED),
            "due_at": work.now,
            "modified_at": work.now,
            "modified_by": work.actor.name,
            "revision": record.revision + 1,
        }
        store.change(work.connection, record, **values)
        work.publish(CancelRequested(workspace.id, name, record.root))
        return replace(record, **values)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Remove a job from every list; whether there was one. Its artifacts stay, and its name stays taken.

        Raises:
            JobNotFinished: It still runs.
        """
        record = store.find(work.connection, workspace.id, name, lock=True)
        if record is None or record.deleted:
            return False
        if not record.status.is_terminal:
            raise JobNotFinished(f"Job {name!r} is {record.status.value}. Cancel it before it is deleted.")
        store.change(work.connection, record, deleted=True, modified_at=work.now, modified_by=work.actor.name)
        self._tracking.hide(work, workspace, name)
        return True

    def environments_in_use(self, work: Work) -> set[str]:
        """Keys of the built environments that jobs which are not over run in; a collection must keep them."""
        return store.environments_in_use(work.connection)

    def at_work(self, work: Work) -> tuple[list[tuple[str, str]], datetime | None]:
        """Workspace and name of every job that is not over, and when the first of them was sent."""
        found = store.all_active(work.connection)
        return [(workspace, name) for workspace, name, _ in found], min((at for *_, at in found), default=None)

    def on_this_machine(self, work: Work) -> tuple[int, int]:
        """How many jobs run on this machine, of whatever workspace, and how many wait for a place."""
        return places.counts(work.connection)

    def on_compute(self, work: Work, workspace: WorkspaceRecord, compute: str) -> str | None:
        """What stands in the way of a compute's end: jobs that are not over."""
        if not store.is_busy(work.connection, workspace.id, f"{workspace.scope}/computes/{compute}"):
            return None
        return (
            f"Jobs run on the compute {compute!r}, and this server would hear of them no more. Cancel them, or wait "
            "for their end."
        )

    def cancel_on(self, work: Work, workspace: WorkspaceRecord, compute: str) -> None:
        """Ask for the end of every job that was sent to a compute."""
        for name in store.active_on(work.connection, workspace.id, f"{workspace.scope}/computes/{compute}"):
            self.cancel(work, workspace, name)

    def last_end_on(self, work: Work, workspace: WorkspaceRecord, compute: str) -> datetime | None:
        """When the last job on a compute ended; None where none has."""
        return store.last_end_on(work.connection, workspace.id, f"{workspace.scope}/computes/{compute}")

    def output_uri(self, work: Work, workspace: WorkspaceRecord, job: str, output: str) -> str:
        """The datastore URI of an output (`artifacts` and `default` are the artifact root), without a path below it.

        Raises:
            JobNotFound: There is no such job.
            NotFound: It has no such output.
        """
        return outputs.find_output(self.get(work, workspace, job), output)

    def _locked(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        record = store.find(work.connection, workspace.id, name, lock=True)
        return record if record is not None and not record.deleted else self.get(work, workspace, name)

    def _archive(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, *, archived: bool) -> bool:
        if archived and not record.status.is_terminal:
            raise JobNotFinished(f"Job {record.name!r} is {record.status.value}. Only finished jobs are archived.")
        change = self._tracking.hide if archived else self._tracking.unhide
        change(work, workspace, record.name)
        return archived


def _merged(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in {**old, **new}.items() if value is not None}
