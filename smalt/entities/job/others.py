"""Jobs that are read and kept, and executed by later parts: spark, distillation, import, transfer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from smalt.entities.base import TextMap
from smalt.entities.job.base import Job
from smalt.entities.job.command import CodeField, EnvironmentField
from smalt.entities.job.inputs import JobInputs
from smalt.entities.job.resources import mapping_or_warn
from smalt.entities.text import Text


class DocumentJob(Job):
    """A job whose own fields are kept as given."""

    keeps_any_field = True

    inputs: JobInputs
    environment_variables: TextMap = Field(default_factory=dict)
    # Any: kept as given
    resources: Annotated[dict[str, Any] | None, BeforeValidator(mapping_or_warn)] = None


class SparkJob(DocumentJob):
    """A Spark application: `entry` is a file or a class."""

    type: Literal["spark"] = "spark"
    code: CodeField | None = None
    entry: Any = None  # Any: {file: ..} or {class_name: ..}
    environment: EnvironmentField | None = None
    py_files: list[Text] | None = None
    jars: list[Text] | None = None
    files: list[Text] | None = None
    archives: list[Text] | None = None
    conf: dict[str, Any] | None = None  # Any: Spark settings are numbers, truth values or text
    args: Text | None = None


class DistillationJob(DocumentJob):
    """A small model taught by a large one."""

    type: Literal["distillation"] = "distillation"


class ImportJob(DocumentJob):
    """Data brought in from a database or a file system."""

    type: Literal["import"] = "import"


class DataTransferJob(DocumentJob):
    """Data copied between stores."""

    type: Literal["data_transfer"] = "data_transfer"
