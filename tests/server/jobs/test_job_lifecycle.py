"""The life of a job, as a table."""

from __future__ import annotations

import pytest

from smalt.entities.job.status import JobStatus
from smalt.errors import SmaltError
from smalt.executors import Reason
from smalt.server.jobs import lifecycle

S = JobStatus


@pytest.mark.parametrize(
    ("current", "to"),
    [
        (S.STARTING, S.PREPARING),
        (S.STARTING, S.RUNNING),
        (S.PREPARING, S.QUEUED),
        (S.QUEUED, S.PREPARING),
        (S.QUEUED, S.RUNNING),
        (S.RUNNING, S.FINALIZING),
        (S.FINALIZING, S.COMPLETED),
        (S.RUNNING, S.CANCEL_REQUESTED),
        (S.CANCEL_REQUESTED, S.CANCELED),
        (S.CANCEL_REQUESTED, S.COMPLETED),
        (S.STARTING, S.FAILED),
    ],
)
def test_a_job_may_go(current, to):
    assert lifecycle.move(current, to) is to


@pytest.mark.parametrize(
    ("current", "to"),
    [
        (S.RUNNING, S.STARTING),
        (S.FINALIZING, S.RUNNING),
        (S.CANCEL_REQUESTED, S.RUNNING),
        (S.CANCEL_REQUESTED, S.CANCEL_REQUESTED),
        (S.COMPLETED, S.RUNNING),
        (S.COMPLETED, S.FAILED),
        (S.CANCELED, S.CANCEL_REQUESTED),
    ],
)
def test_a_job_may_not_go(current, to):
    with pytest.raises(SmaltError, match="cannot go"):
        lifecycle.move(current, to)
    assert lifecycle.follow(current, to) is current


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.COMPLETED, S.COMPLETED),
        (Reason.FAILED, S.FAILED),
        (Reason.LOST, S.FAILED),
        (Reason.CANCELED, S.CANCELED),
        (Reason.TIMED_OUT, S.CANCELED),
        (None, S.FAILED),
    ],
)
def test_how_a_job_ends(reason, status):
    assert lifecycle.verdict(reason) is status
    assert status in lifecycle.RUN_STATUS
