"""A job made of steps."""

from __future__ import annotations

from typing import Literal

from smalt.entities.base import Entity
from smalt.entities.job.base import Job
from smalt.entities.job.inputs import JobInputs
from smalt.entities.job.step import Steps
from smalt.entities.text import Text


class PipelineSettings(Entity):
    """Defaults of all steps, and how the pipeline goes on.

    Attributes:
        continue_on_step_failure: Steps that need nothing of a failed one still run; the default is true.
        force_rerun: No step is reused.
        on_init: The step that runs before all others.
        on_finalize: The step that runs after all others, whatever became of them.
    """

    default_compute: Text | None = None
    default_datastore: Text | None = None
    continue_on_step_failure: bool | None = None
    continue_run_on_failed_optional_input: bool | None = None
    force_rerun: bool | None = None
    on_init: Text | None = None
    on_finalize: Text | None = None


class PipelineJob(Job):
    """`jobs` maps the name of a step to it. With `component` the steps are those of a pipeline component."""

    type: Literal["pipeline"] = "pipeline"
    inputs: JobInputs
    settings: PipelineSettings | None = None
    jobs: Steps
    source_job_id: str | None = None
