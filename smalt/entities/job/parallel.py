"""A job that runs one task over many mini-batches of one input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from smalt.entities.base import Entity, TextMap
from smalt.entities.job.base import Job
from smalt.entities.job.command import CodeField, EnvironmentField
from smalt.entities.job.inputs import DataInput, JobInputs
from smalt.entities.job.resources import ResourcesField
from smalt.entities.text import Text
from smalt.entities.types import AssetType

_SIZE = re.compile(r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>|b|kb?|mb?|gb?)\s*", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_ONE_BINDING = re.compile(r"\s*\$\{\{\s*(inputs|outputs)\.([^{}\s]+)\s*\}\}\s*")
_TASK_TYPES = ("run_function", "model", "function")
_LONGEST_TIMEOUT_SECONDS = 259_200
_LEVELS = ("DEBUG", "INFO", "WARNING")


def size_of(text: str) -> tuple[float, bool]:
    """The number a mini-batch size says, and whether it is of bytes (`10kb`) rather than plain (`5`).

    Raises:
        ValueError: It is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None or not float(match["number"]):
        raise ValueError(
            f"{text!r} is no mini-batch size. Write a number of files, e.g. 5, or a size, e.g. 10kb or 1 MB."
        )
    unit = match["unit"].lower()
    if not unit and "." in match["number"]:
        raise ValueError(f"{text!r} is no whole number of files. Write e.g. 5, or a size, e.g. 10kb.")
    return float(match["number"]) * _UNITS[unit[:1]], bool(unit)


def bound_name(text: str) -> tuple[str, str] | None:
    """`inputs` or `outputs`, and the name, of a text that is one expression and nothing else."""
    match = _ONE_BINDING.fullmatch(text)
    return (match[1], match[2]) if match else None


class RetrySettings(Entity):
    """How often one mini-batch is tried again, and how many seconds one try may take."""

    max_retries: int = Field(default=2, ge=0)
    timeout: int | float = Field(default=60, gt=0, le=_LONGEST_TIMEOUT_SECONDS)


class ParallelTask(Entity):
    """What is done with a mini-batch: a function of an entry script, or an MLflow model.

    A `run_function` (or `function`) has an `entry_script` below `code`; a `model` is an expression that names a model
    input.
    """

    type: Text = "run_function"
    code: CodeField | None = None
    entry_script: Text | None = None
    program_arguments: Text | None = None
    model: Text | None = None
    append_row_to: Text | None = None
    environment: EnvironmentField | None = None

    @field_validator("type")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.lower() not in _TASK_TYPES:
            raise ValueError(f"A task of type {value!r} is unknown. Write one of: {', '.join(_TASK_TYPES)}.")
        return value.lower()

    @property
    def is_model(self) -> bool:
        """Whether a model is asked, rather than a script."""
        return self.type == "model"


def _level(value: Any) -> Any:  # Any: raw input of a validator
    return value.upper() if isinstance(value, str) else value


class ParallelJob(Job):
    """`task` runs over the mini-batches of the input that `input_data` names.

    Numbers of failures that are tolerated are -1 for any.
    """

    type: Literal["parallel"] = "parallel"
    inputs: JobInputs
    input_data: Text
    task: ParallelTask
    mini_batch_size: Text | None = None
    partition_keys: list[Text] | None = None
    resources: ResourcesField = None
    max_concurrency_per_instance: int | None = Field(default=None, ge=1)
    retry_settings: RetrySettings | None = None
    error_threshold: int | None = Field(default=None, ge=-1)
    mini_batch_error_threshold: int | None = Field(default=None, ge=-1)
    logging_level: Annotated[Literal["DEBUG", "INFO", "WARNING"] | None, BeforeValidator(_level)] = None
    environment_variables: TextMap = Field(default_factory=dict)

    # Rules that concern several fields are checked field by field, so that a person is told of all mistakes at once.

    @field_validator("input_data")
    @classmethod
    def _names_a_data_input(cls, value: str, info: ValidationInfo) -> str:
        found = bound_name(value)
        if found is None or found[0] != "inputs":
            raise ValueError(f"{value!r} names no input. Write ${{{{inputs.<name>}}}}.")
        inputs = info.data.get("inputs")
        if inputs is not None and not isinstance(inputs.get(found[1]), DataInput):
            raise ValueError(f"{value!r} is no data input of this job. {_known_names(inputs)}")
        return value

    @field_validator("task")
    @classmethod
    def _can_run(cls, task: ParallelTask, info: ValidationInfo) -> ParallelTask:
        mistakes = [
            *_source_mistakes(task, info.data.get("inputs")),
            *_append_mistakes(task, info.data.get("outputs")),
        ]
        if mistakes:
            raise ValueError(" ".join(mistakes))
        return task

    @field_validator("mini_batch_size")
    @classmethod
    def _is_a_size(cls, value: str | None) -> str | None:
        if value in (None, "0"):  # The official SDK writes 0 where none is given.
            return None
        size_of(value)
        return value

    @property
    def split_input(self) -> str:
        """The name of the input that is split."""
        found = bound_name(self.input_data)
        assert found is not None
        return found[1]

    @property
    def split_type(self) -> AssetType:
        """The type of the input that is split."""
        split = self.inputs[self.split_input]
        assert isinstance(split, DataInput)
        return split.type


def _source_mistakes(task: ParallelTask, inputs: Mapping[str, object] | None) -> list[str]:
    if not task.is_model:
        return [] if task.entry_script else ["entry_script is missing: name the file that has init() and run()."]
    found = bound_name(task.model or "")
    if found is None or found[0] != "inputs":
        return ["A task of type model needs `model: ${{inputs.<name>}}`, a model input of the job."]
    if inputs is None:
        return []
    given = inputs.get(found[1])
    if not isinstance(given, DataInput):
        return [f"model {task.model!r} is no model input of this job. {_known_names(inputs)}"]
    return []


def _append_mistakes(task: ParallelTask, outputs: Mapping[str, object] | None) -> list[str]:
    if not task.append_row_to or outputs is None:
        return []
    found = bound_name(task.append_row_to)
    if found is None or found[0] != "outputs" or found[1] not in outputs:
        return [f"append_row_to {task.append_row_to!r} is no output of this job. {_known_names(outputs)}"]
    return []


def _known_names(ports: Mapping[str, object]) -> str:
    return f"It has: {', '.join(sorted(ports)) or 'none'}."
