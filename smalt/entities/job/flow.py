"""A job that runs a prompt flow over many lines of data."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from smalt.entities.base import TextMap
from smalt.entities.job.base import Job
from smalt.entities.job.command import CodeField, EnvironmentField
from smalt.entities.job.inputs import DataInput, JobInputs
from smalt.entities.job.limits import CommandJobLimits
from smalt.entities.job.resources import ResourcesField
from smalt.entities.text import Text

_VALUES = "inputs"


class FlowJob(Job):
    """The flow in the folder `code` runs over the lines of the input `data`, or of the outputs of another flow job
    that the input `run` names, or of both. Further inputs are rows as well, or values, under names of their own.

    Args:
        entry_file: The file of the flow in that folder, where it is not found by its name, e.g. a `.prompty`.
        column_mapping: From inputs of the flow to columns: `${data.x}`, `${run.outputs.x}`; of a further input
            `${NAME.x}`, or where it has the files of a run `${NAME.outputs.x}`; `${inputs.NAME}` where it is a value;
            or literals. Where no input has rows, there is one line.
        variant: `${node.variant}`.
        connections: For nodes, another `connection`, `deployment_name` or `model`.
        init: Arguments of the class that is the flow's entry.
        concurrency: Lines in flight.
        node: Only this node runs; a line has what it refers to, such as `inputs.question` or `other.output`.
    """

    type: Literal["flow"] = "flow"
    code: CodeField
    entry_file: Text | None = None
    environment: EnvironmentField | None = None
    inputs: JobInputs
    column_mapping: dict[str, Any] = Field(default_factory=dict)  # Any: literals
    variant: Text | None = None
    connections: dict[str, TextMap] = Field(default_factory=dict)
    init: dict[str, Any] = Field(default_factory=dict)  # Any: arguments of classes
    environment_variables: TextMap = Field(default_factory=dict)
    concurrency: int | None = Field(default=None, ge=1)
    node: Text | None = None
    resources: ResourcesField = None
    limits: CommandJobLimits | None = None

    @model_validator(mode="after")
    def _has_lines(self) -> Self:
        if not self.column_mapping and not any(isinstance(given, DataInput) for given in self.inputs.values()):
            raise ValueError(
                "A flow job needs the input 'data', or 'run' with the outputs of another flow job, or a column_mapping "
                "of literals for one line."
            )
        if _VALUES in self.inputs:
            raise ValueError(f"No input of a flow job is called {_VALUES!r}: ${{inputs.NAME}} is the value of one.")
        return self
