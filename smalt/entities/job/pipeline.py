"""A job made of steps. The steps are kept as given; they are read when the pipeline is run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from smalt.entities.job.base import Job
from smalt.entities.job.inputs import JobInputs


class PipelineJob(Job):
    """`jobs` maps the name of a step to its document; `settings` holds the defaults of all steps."""

    type: Literal["pipeline"] = "pipeline"
    inputs: JobInputs
    settings: dict[str, Any] | None = None  # Any: kept as given
    # Any: a step may be of any type, and its fields may be bindings such as ${{parent.inputs.x}}.
    jobs: Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )
    source_job_id: str | None = None
