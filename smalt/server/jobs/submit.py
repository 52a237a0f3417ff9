"""Accepting a job: everything it names is looked up and pinned, its run is opened, and it waits for the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from smalt.entities.job.base import Job
from smalt.entities.job.status import JobStatus
from smalt.errors import Unsupported
from smalt.kit import ids
from smalt.server.jobs import line, outputs, policy, store
from smalt.server.jobs.errors import JobExists
from smalt.server.jobs.events import JobSubmitted
from smalt.server.jobs.kinds import CommandLike, JobKind, ParentLike, check_kind
from smalt.server.jobs.pinning import Pinner, with_pins
from smalt.server.jobs.problems import Problems
from smalt.server.jobs.store import JobRecord
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

DEFAULT_EXPERIMENT = "Default"
CHANGEABLE = frozenset(
    {
        "name", "id", "display_name", "description", "tags", "properties", "experiment_name", "status",
        "creation_context", "is_archived", "parent_job_name", "error",
    }
)  # fmt: skip
"""Fields that are kept beside the document, as they may change or are no content."""

_SYSTEM_SERVICES = frozenset({"Studio", "Tracking"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that was looked at and may be accepted."""

    kind: str
    job: Job
    pinned: Mapping[str, Any]  # Any: JSON

    def with_pinned(self, pinned: Mapping[str, Any]) -> Draft:  # Any: JSON
        """The draft with more pinned to it."""
        return replace(self, pinned=pinned)

    def document(self) -> dict[str, Any]:  # Any: the entity as plain values
        """What is stored of the entity."""
        document = {key: value for key, value in self.job.document().items() if key not in CHANGEABLE}
        services = document.get("services") or {}
        kept = {name: service for name, service in services.items() if name not in _SYSTEM_SERVICES}
        return {**document, "services": kept}


class Submission:
    """Looks at jobs and accepts them.

    Args:
        kinds: Kinds by type. The mapping may be filled later, as kinds with children use this very submission.
        pinner: Looks references up.
        tracking: Keeps runs.
        machine: What this machine has.
        strict: Refuse what would be lost here.
    """

    def __init__(
        self,
        kinds: Mapping[str, JobKind],
        pinner: Pinner,
        tracking: TrackingService,
        *,
        machine: policy.Machine | None = None,
        strict: bool = False,
    ) -> None:
        self._kinds = kinds
        self._pinner = pinner
        self._tracking = tracking
        self._machine = machine or policy.Machine.here()
        self._strict = strict

    def draft(self, work: Work, workspace: WorkspaceRecord, name: str, job: Job) -> Draft:
        """Check a job and pin what it names; nothing is written.

        Raises:
            Unsupported: No part of this server runs such jobs, or this machine cannot.
            ValidationFailed: Something is wrong; everything that is stands in `details`.
        """
        kind = self._kinds.get(job.type)
        if kind is None:
            check_kind(job.type, self._kinds, what="Jobs")
            raise AssertionError(job.type)
        problems = Problems()
        if job.parent_job_name:
            with problems.at("parent_job_name"):
                self._parent(work, workspace, job.parent_job_name)
        if isinstance(kind, ParentLike):
            whole, pinned = kind.pin(work, workspace, name, job, problems)
            problems.raise_any()
            return Draft(job.type, whole, pinned.document())
        assert isinstance(kind, CommandLike)
        command = kind.expand(job)
        pinned = self._pinner.pin(work, workspace, name, command, problems)
        kind.pin_more(work, workspace, job, pinned, problems)
        with problems.at("resources"):
            in_container = pinned.recipe is not None and pinned.recipe.image is not None
            found = policy.remarks(command, machine=self._machine, in_container=in_container)
            policy.check(found, strict=self._strict)
        problems.raise_any()
        return Draft(job.type, with_pins(job, pinned), pinned.document())

    def accept(
        self, work: Work, workspace: WorkspaceRecord, name: str, draft: Draft, *, parent: JobRecord | None = None
    ) -> JobRecord:
        """Write a new job down, open its run, and tell the loop once that is committed."""
        if parent is None and draft.job.parent_job_name:
            parent = self._parent(work, workspace, draft.job.parent_job_name)
        record = self._record(work, workspace, name, draft, parent)
        self._add(work, workspace, record)
        work.publish(JobSubmitted(workspace.id, name, record.root))
        return record

    def accept_finished(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        name: str,
        draft: Draft,
        *,
        parent: JobRecord,
        of: JobRecord,
    ) -> JobRecord:
        """Write down a job that is completed from the start, since another one has done its work."""
        record = replace(
            self._record(work, workspace, name, draft, parent),
            pinned={**of.pinned, outputs.ARTIFACTS_OF: outputs.artifacts_of(of)},
            status=JobStatus.COMPLETED,
            started_at=work.now,
            ended_at=work.now,
            registered=of.registered,
            written=of.written,
            active=False,
            due_at=None,
        )
        self._add(work, workspace, record, takes_over=outputs.artifacts_of(of))
        return record

    def _record(
        self, work: Work, workspace: WorkspaceRecord, name: str, draft: Draft, parent: JobRecord | None
    ) -> JobRecord:
        job = draft.job
        # Children that are made in one turn have one `created_at`: their ids keep them in the order of their making.
        job_id = ids.ordered()
        priority = line.priority_of(job, parent)
        return JobRecord(
            id=job_id,
            workspace_id=workspace.id,
            name=name,
            kind=draft.kind,
            status=JobStatus.STARTING,
            document=draft.document(),
            pinned=draft.pinned,
            display_name=job.display_name or name,
            description=job.description,
            experiment=job.experiment_name or DEFAULT_EXPERIMENT,
            tags=job.tags,
            properties=job.properties,
            parent=parent.name if parent else None,
            root=parent.root if parent else name,
            archived=False,
            deleted=False,
            created_at=work.now,
            created_by=work.actor.name,
            created_by_type=work.actor.kind.value,
            modified_at=work.now,
            modified_by=work.actor.name,
            revision=1,
            started_at=None,
            ended_at=None,
            error=None,
            registered={},
            written={},
            active=True,
            # Unique among all workspaces, as they share this machine's folder of jobs.
            workload=f"{name[:200]}-{job_id[-12:]}",
            handle=None,
            worker=None,
            site=None,
            environment_key=None,
            attempts=0,
            due_at=work.now,
            lease=None,
            lease_until=None,
            priority=priority,
            arrival=line.arrival(priority, work.now),
        )

    def _add(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, *, takes_over: str | None = None) -> None:
        store.add(work.connection, record)
        self._tracking.start_run(
            work,
            workspace,
            run_id=record.name,
            experiment_name=record.experiment,
            display_name=record.display_name,
            user=record.created_by,
            started_at=work.now,
            tags={**record.tags, "mlflow.source.type": "JOB", "mlflow.rootRunId": record.root},
            properties=record.properties,
            parent_run_id=record.parent,
            takes_over=takes_over,
        )

    def _parent(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        parent = store.find(work.connection, workspace.id, name)
        if parent is None or parent.deleted:
            raise Unsupported(f"The parent job {name!r} does not exist. Submit it first.", target="parent_job_name")
        return parent


def check_same(record: JobRecord, draft: Draft) -> None:
    """Refuse other content under the name of a job that exists.

    Raises:
        JobExists: A field differs; the message names every one.
    """
    new, old = draft.document(), record.document
    differing = sorted(key for key in new.keys() | old.keys() if new.get(key) != old.get(key))
    if draft.kind != record.kind:
        differing.insert(0, "type")
    if differing:
        raise JobExists(
            f"Job {record.name!r} exists with other content ({', '.join(differing)}). A submitted job cannot be "
            "changed there; submit it under another name.",
            target=differing[0],
        )
