"""The end of a job, in one transaction: outputs registered, run closed, token revoked, state written, others told."""

from __future__ import annotations

import logging
from dataclasses import asdict

from smalt.entities.job.status import JobStatus
from smalt.errors import NotFound, SmaltError
from smalt.executors import Phase, Reason, WorkloadState
from smalt.server.assets import AssetService
from smalt.server.identity import IdentityService
from smalt.server.jobs import lifecycle, outputs, store
from smalt.server.jobs.events import JobFinished
from smalt.server.jobs.store import JobRecord
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_log = logging.getLogger(__name__)

_CODES = {
    Reason.LOST: "JobLost",
    Reason.TIMED_OUT: "JobTimedOut",
    Reason.CANCELED: "JobCanceled",
}


def failed(message: str) -> WorkloadState:
    """The state of a job that failed before its workload was started."""
    return WorkloadState(Phase.ENDED, Reason.FAILED, error=message)


def canceled() -> WorkloadState:
    """The state of a job that was canceled before its workload was started."""
    return WorkloadState(Phase.ENDED, Reason.CANCELED, error="The job was canceled before it started.")


class Finisher:
    """Ends jobs.

    Args:
        assets: Registers outputs.
        tracking: Closes runs.
        tokens: Revokes tokens.
    """

    def __init__(self, assets: AssetService, tracking: TrackingService, tokens: IdentityService) -> None:
        self._assets = assets
        self._tracking = tracking
        self._tokens = tokens

    def finish(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, state: WorkloadState) -> None:
        """Write the end of a job down, which this transaction holds, as it holds the job's parent."""
        status = lifecycle.verdict(state.reason)
        message, code = state.error, _CODES.get(state.reason or Reason.FAILED, "UserError")
        registered: dict[str, str] = {}
        if status is JobStatus.COMPLETED and outputs.are_named(record):
            try:
                # A savepoint, so that a name that cannot be taken leaves none of the others registered.
                with work.connection.begin_nested():
                    job = record.entity()
                    registered = outputs.register(self._assets, work, workspace, record, job=job, state=state)
            except SmaltError as error:
                status, code = JobStatus.FAILED, "OutputNotRegistered"
                message = f"The command succeeded, but an output could not be registered: {error.message}"
        ended_at = state.ended_at or work.now
        run_status = lifecycle.RUN_STATUS[status]
        try:
            self._tracking.close_run(work, workspace, record.name, status=run_status, ended_at=ended_at)
        except NotFound:
            _log.warning("The run of job %r is gone, so it could not be closed.", record.name)
        self._tokens.revoke_job_token(work, workspace.id, record.name)
        store.settle(
            work.connection,
            record,
            due_at=None,
            status=lifecycle.follow(record.status, status),
            active=False,
            started_at=state.started_at or record.started_at,
            ended_at=ended_at,
            error=None if message is None or status is JobStatus.COMPLETED else {"code": code, "message": message},
            registered=registered,
            written={name: asdict(output) for name, output in state.outputs.items()},
            revision=record.revision + 1,
            modified_at=work.now,
        )
        store.call_parent(work.connection, record, now=work.now)
        work.publish(JobFinished(workspace.id, record.name, record.root, status, record.parent))
