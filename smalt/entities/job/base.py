"""What every job has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from smalt.entities.base import Named
from smalt.entities.identity import JobIdentity
from smalt.entities.job.outputs import JobOutputs
from smalt.entities.job.resources import QueueSettings
from smalt.entities.job.services import Services
from smalt.entities.job.status import JobStatus
from smalt.entities.text import Text, match_enum


class Job(Named):
    """A job of any type. `status`, `creation_context` and `id` are written by the server only."""

    type: str
    display_name: Text | None = None
    experiment_name: Text | None = None
    compute: Text | None = None
    component: str | dict[str, Any] | None = None  # Any: an inline component is kept as given
    identity: JobIdentity | None = None
    services: Services
    outputs: JobOutputs
    queue_settings: QueueSettings | None = None
    notification_setting: dict[str, Any] | None = None  # Any: kept as given
    parent_job_name: Text | None = None
    is_archived: bool = False
    status: Annotated[JobStatus | None, BeforeValidator(lambda value: match_enum(value, JobStatus))] = None
