"""A job that runs one command."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity, TextMap
from smalt.entities.environment import Environment
from smalt.entities.job.base import Job
from smalt.entities.job.distribution import Distribution
from smalt.entities.job.inputs import JobInputs
from smalt.entities.job.limits import CommandJobLimits
from smalt.entities.job.resources import ResourcesField
from smalt.entities.text import Text


def _code(value: Any) -> Any:  # Any: raw input of a validator
    return value.get("path", value) if isinstance(value, dict) else value


EnvironmentField = str | Environment
CodeField = Annotated[Text, BeforeValidator(_code)]


class CommandJob(Job):
    """`command` runs in `environment`, with `code` as its working folder."""

    type: Literal["command"] = "command"
    command: Text = Field(min_length=1)
    code: CodeField | None = None
    environment: EnvironmentField | None = None
    environment_variables: TextMap = Field(default_factory=dict)
    inputs: JobInputs
    distribution: Distribution | None = None
    resources: ResourcesField = None
    limits: CommandJobLimits | None = None
    parameters: dict[str, Any] | None = None  # Any: kept as given


class Trial(Entity):
    """The command of one trial of a sweep."""

    type: Literal["command"] = "command"
    command: Text | None = None
    code: CodeField | None = None
    environment: EnvironmentField | None = None
    environment_variables: TextMap = Field(default_factory=dict)
    distribution: Distribution | None = None
    resources: ResourcesField = None
