"""Sessions: a notebook's kernel is a job of the workspace, submitted, watched, canceled and kept as every other job.

Code in a session has the rights of whoever began it, so nobody else may have it run anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smalt.entities.compute.instance import ComputeInstance
from smalt.entities.compute.ray import RayCompute
from smalt.entities.job.command import CommandJob
from smalt.errors import InvalidRequest, SmaltError, Unsupported
from smalt.kit import ids
from smalt.server.assets import WORKING, DataLocator, small_text
from smalt.server.compute import ComputeService
from smalt.server.jobs import INTERACTIVE, JobRecord, JobService, Submission, artifact_uri
from smalt.server.notebooks import store
from smalt.server.notebooks.errors import NotYourSession, SessionMissing, SessionOver
from smalt.server.notebooks.files import FileService
from smalt.server.notebooks.hosts import Hosts
from smalt.server.notebooks.kernel import with_kernel
from smalt.server.notebooks.store import SessionRecord
from smalt.server.notebooks.tree import checked
from smalt.server.work import JobGrant, Work
from smalt.server.workspaces import WorkspaceRecord

SESSION = "smalt.notebook"
"""The property of a job that names the notebook whose session it is."""

ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
_COMMAND = 'exec python "{{smalt:runtime}}/notebook" host'
_KEPT = "notebook/cells.json"
_FEWEST_MINUTES, _MOST_MINUTES, _USUAL_MINUTES = 1, 3 * 24 * 60, 30
_MOST = 200
_ODD = re.compile(r"[^\w .-]+")


@dataclass(frozen=True, slots=True)
class Session:
    """A session and its job."""

    record: SessionRecord
    job: JobRecord


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a session is begun with.

    Args:
        path: The notebook, among the files of the workspace.
        environment: Where its code runs; ipykernel is added to it.
        compute: A compute instance, or another compute of this machine.
        idle_minutes: How long nothing may run before it ends by itself.
    """

    path: str
    environment: str | None = None
    compute: str | None = None
    idle_minutes: int | None = None


class SessionService:
    """Keeps sessions.

    Args:
        files: Where notebooks are.
        jobs: Runs them.
        submission: Accepts their jobs.
        computes: Where they run.
        locator: Finds what ended sessions have left.
        hosts: Speaks with their processes.
        variables: By which clients in a kernel find this server.
    """

    def __init__(
        self,
        files: FileService,
        jobs: JobService,
        submission: Submission,
        computes: ComputeService,
        locator: DataLocator,
        hosts: Hosts,
        variables: Callable[[], Mapping[str, str]],
    ) -> None:
        self._files = files
        self._jobs = jobs
        self._submission = submission
        self._computes = computes
        self._locator = locator
        self.hosts = hosts
        self._variables = variables

    def start(self, work: Work, workspace: WorkspaceRecord, wanted: Wanted) -> tuple[Session, bool]:
        """The session of a notebook for the caller; also whether it is new: there is one at a time.

        Raises:
            FileMissing: There is no such notebook.
            NotYourSession: The compute instance is for somebody else.
            Unsupported: The compute is a cluster, whose machines do not see the files.
            ValidationFailed: Something else is wrong.
        """
        entry = self._files.tree(workspace).get(checked(wanted.path))
        if entry.is_folder:
            raise InvalidRequest(f"{wanted.path!r} is a folder. Name a notebook in it.", target="path")
        mine = self.page(work, workspace, path=wanted.path, owner_id=work.actor.id)
        running = next((each for each in mine if each.job.active and not each.job.status.is_terminal), None)
        if running is not None:
            return running, False
        self._ready(work, workspace, wanted.compute)
        draft = self._submission.draft(work, workspace, name := ids.readable(), self._job(work, wanted))
        job = self._submission.accept(work, workspace, name, with_kernel(draft, parts={INTERACTIVE: "yes"}))
        record = SessionRecord(
            workspace_id=workspace.id,
            job=job.name,
            path=wanted.path,
            owner_id=work.actor.id,
            owner=work.actor.name[:255],
            environment=wanted.environment or ENVIRONMENT,
            compute=wanted.compute,
            started_at=work.now,
        )
        store.add(work.connection, record)
        work.tell(path=wanted.path, job=job.name)
        return Session(record, job), True

    def page(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        *,
        path: str | None = None,
        owner_id: str | None = None,
    ) -> list[Session]:
        """Sessions, the newest first, as far as their jobs are there."""
        found = store.newest(work.connection, workspace.id, path=path, owner_id=owner_id, limit=_MOST)
        jobs = ((each, self._jobs.find(work, workspace, each.job)) for each in found)
        return [Session(each, job) for each, job in jobs if job is not None]

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Session:
        """A session, by the name of its job.

        Raises:
            SessionMissing: There is none.
        """
        record = store.find(work.connection, workspace.id, name)
        job = self._jobs.find(work, workspace, name) if record is not None else None
        if record is None or job is None:
            raise SessionMissing(
                f"No session {name[:200]!r} in workspace {workspace.name!r}. See `smalt notebook session list`.",
                target="session",
            )
        return Session(record, job)

    def mine(self, work: Work, workspace: WorkspaceRecord, name: str) -> Session:
        """A session that the caller may have something done in.

        Raises:
            SessionMissing: There is none.
            NotYourSession: Somebody else began it, and its code has their rights.
            SessionOver: It has ended.
        """
        found = self.get(work, workspace, name)
        if found.record.owner_id != work.actor.id:
            raise NotYourSession(
                f"The session {name!r} was begun by {found.record.owner!r} and runs with their rights. Begin one of "
                "your own for this notebook."
            )
        if not found.job.active or found.job.status.is_terminal:
            raise SessionOver(f"The session {name!r} has ended. Begin a new one; the outputs stay.")
        return found

    def shut_down(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        """End a session: its job completes. One that does not answer is canceled.

        Raises:
            SessionMissing: There is none.
            NotYourSession: It is somebody else's; those who may do so cancel its job.
        """
        found = self.mine(work, workspace, name)
        try:
            self.hosts.ask(found.job.workload, {"do": "shutdown"})
        except SmaltError:
            return self._jobs.cancel(work, workspace, name)
        return found.job

    def left_behind(self, work: Work, workspace: WorkspaceRecord, session: Session) -> str:
        """What the cells of a session that is over have put out, as JSON text."""
        place = self._locator.locate(work, workspace, artifact_uri(session.job.name))
        return small_text(place, _KEPT, most_bytes=32 << 20) or '{"cells": {}}'

    def acts_for(self, work: Work, grant: JobGrant) -> str | None:
        """Whose rights a job has: whoever began the session that it is."""
        record = store.find(work.connection, grant.workspace_id, grant.job)
        return None if record is None else record.owner_id

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every session of a workspace; the files go with its containers."""
        store.remove_all(work.connection, workspace_id)

    def _ready(self, work: Work, workspace: WorkspaceRecord, compute: str | None) -> None:
        found = self._computes.find(work, workspace, compute) if compute else None
        if found is None:
            return
        if isinstance(found.entity, RayCompute):
            raise Unsupported(
                f"Notebooks run on this machine, and {compute!r} is a cluster. Name a compute instance, or none; a "
                "notebook that runs as a job may go there.",
                target="compute",
            )
        if not isinstance(found.entity, ComputeInstance):
            return
        assigned = found.entity.assigned_user
        if assigned is not None and assigned.lower() != work.actor.id.lower():
            raise NotYourSession(
                f"The compute instance {found.name!r} is for somebody else. Make one of your own, or take this machine."
            )
        if not found.is_started:
            self._computes.start(work, workspace, found.name)

    def _job(self, work: Work, wanted: Wanted) -> CommandJob:
        name = wanted.path.rpartition("/")[2]
        minutes = _USUAL_MINUTES if wanted.idle_minutes is None else wanted.idle_minutes
        if not _FEWEST_MINUTES <= minutes <= _MOST_MINUTES:
            raise InvalidRequest(
                f"idleMinutes={minutes} is no number from {_FEWEST_MINUTES} to {_MOST_MINUTES}. Send one.",
                target="idleMinutes",
            )
        return CommandJob.parse(
            {
                "command": _COMMAND,
                "display_name": f"Session of {name}",
                "experiment_name": experiment_of(name),
                "environment": wanted.environment or ENVIRONMENT,
                "compute": wanted.compute,
                "inputs": {"files": {"type": "uri_folder", "mode": "rw_mount", "path": files_uri("")}},
                "environment_variables": {
                    **self._variables(),
                    "SMALT_NOTEBOOK": wanted.path,
                    "SMALT_NOTEBOOK_FILES": "${{inputs.files}}",
                    "SMALT_NOTEBOOK_IDLE_SECONDS": str(minutes * 60),
                    # What is measured of a kernel that waits would fill the run with nothing.
                    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
                },
                "properties": {SESSION: wanted.path},
            }
        )


def experiment_of(name: str) -> str:
    """The experiment that the runs of a notebook belong to."""
    return _ODD.sub("-", name.removesuffix(".ipynb")).strip()[:200] or "Notebooks"


def files_uri(path: str) -> str:
    """The reference of a file or folder of the workspace, as jobs take it."""
    return f"azureml://datastores/{WORKING}/paths/{path}"
