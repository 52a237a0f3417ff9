"""What the jobs of schedules are called, and how they are known."""

from __future__ import annotations

import hashlib

from smalt.entities.job.base import Job
from smalt.server.jobs import SCHEDULE_PROPERTY, JobService
from smalt.server.schedules.occasion import Occasion
from smalt.server.schedules.store import ScheduleRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

SCHEDULE_TIME = "azureml.scheduleTime"
_LONGEST_NAME = 230


def name_of(
    jobs: JobService, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, occasion: Occasion
) -> str:
    """A name that the same occasion always gets, and no other job has."""
    name = f"{record.name[:_LONGEST_NAME]}-{occasion.stamp}"
    if len(record.name) <= _LONGEST_NAME and not jobs.is_taken(work, workspace, name):
        return name
    mark = hashlib.sha256(f"{record.id} {occasion.cause}".encode()).hexdigest()[:8]
    return f"{name[: 255 - 1 - len(mark)]}-{mark}" if len(name) + 9 > 255 else f"{name}-{mark}"


def marked(job: Job, record: ScheduleRecord, occasion: Occasion) -> Job:
    """The job, with the schedule and the time it stands for."""
    moment = occasion.all_values()["creation_context.trigger_time"]
    return job.model_copy(
        update={
            "display_name": f"{record.name}-{occasion.stamp}",
            "properties": {**job.properties, SCHEDULE_PROPERTY: record.name, SCHEDULE_TIME: moment},
        }
    )
