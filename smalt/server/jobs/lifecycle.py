"""The life of a job, as pure logic: which state may follow which, and what an executor's word means for it."""

from __future__ import annotations

from smalt.entities.job.status import JobStatus
from smalt.errors import SmaltError
from smalt.executors import Phase, Reason

_ORDER = (
    JobStatus.NOT_STARTED,
    JobStatus.STARTING,
    JobStatus.PROVISIONING,
    JobStatus.PREPARING,
    JobStatus.QUEUED,
    JobStatus.RUNNING,
    JobStatus.FINALIZING,
)
_ENDS = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED})
_PHASES = {
    Phase.RUNNING: JobStatus.RUNNING,
    Phase.FINALIZING: JobStatus.FINALIZING,
}
_VERDICTS = {
    Reason.COMPLETED: JobStatus.COMPLETED,
    Reason.FAILED: JobStatus.FAILED,
    Reason.LOST: JobStatus.FAILED,
    Reason.CANCELED: JobStatus.CANCELED,
    Reason.TIMED_OUT: JobStatus.CANCELED,
}
RUN_STATUS = {
    JobStatus.COMPLETED: "FINISHED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELED: "KILLED",
}
"""How the run of a job ends in the words of MLflow."""


def may_move(current: JobStatus, to: JobStatus) -> bool:
    """Whether a job in one state may go to another. Staying is no move."""
    if current.is_terminal or current == to:
        return False
    if to in _ENDS:
        return True
    if to is JobStatus.CANCEL_REQUESTED:
        return True
    if current is JobStatus.CANCEL_REQUESTED:
        return False
    # The environment of a queued job may have been collected; it is then built once more.
    if (current, to) == (JobStatus.QUEUED, JobStatus.PREPARING):
        return True
    return to in _ORDER and current in _ORDER and _ORDER.index(to) > _ORDER.index(current)


def move(current: JobStatus, to: JobStatus) -> JobStatus:
    """The state after a move that somebody decided.

    Raises:
        SmaltError: The move is not allowed: a mistake in this program.
    """
    if not may_move(current, to):
        raise SmaltError(f"A job cannot go from {current} to {to}.")
    return to


def follow(current: JobStatus, observed: JobStatus) -> JobStatus:
    """The state after something was observed: a cancel that was asked for is not forgotten, and nothing goes back."""
    return observed if may_move(current, observed) else current


def status_of(phase: Phase) -> JobStatus:
    """The state of a job whose workload was started. Until its command runs it counts as starting."""
    return _PHASES.get(phase, JobStatus.STARTING)


def verdict(reason: Reason | None) -> JobStatus:
    """How a job ends whose workload is over."""
    return JobStatus.FAILED if reason is None else _VERDICTS[reason]
