"""A job that trains a base model further."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from smalt.entities.job.base import Job
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.resources import mapping_or_warn
from smalt.entities.text import match_enum

MODEL = "registered_model"
"""The output that every such job has."""


class FineTuningTask(StrEnum):
    """What the model is trained for."""

    CHAT_COMPLETION = "chat_completion"
    TEXT_COMPLETION = "text_completion"
    TEXT_CLASSIFICATION = "text_classification"
    QUESTION_ANSWERING = "question_answering"
    TEXT_SUMMARIZATION = "text_summarization"
    TOKEN_CLASSIFICATION = "token_classification"  # noqa: S105 - a task
    TEXT_TRANSLATION = "text_translation"
    IMAGE_CLASSIFICATION = "image_classification"
    IMAGE_INSTANCE_SEGMENTATION = "image_instance_segmentation"
    IMAGE_OBJECT_DETECTION = "image_object_detection"
    VIDEO_MULTI_OBJECT_TRACKING = "video_multi_object_tracking"


class ModelProvider(StrEnum):
    """Who trains: this server, or a hosted service."""

    CUSTOM = "custom"
    AZURE_OPEN_AI = "azure_open_ai"


def _typed(kind: str) -> BeforeValidator:
    def read(value: Any) -> Any:  # Any: raw input of a validator
        if isinstance(value, str):
            return {"type": kind, "path": value}
        return {"type": kind, **value} if isinstance(value, dict) else value

    return BeforeValidator(read)


def _texts(value: Any) -> Any:  # Any: raw input of a validator
    if not isinstance(value, dict):
        return value if value is not None else {}
    return {str(key): str(item).lower() if isinstance(item, bool) else str(item) for key, item in value.items()
            if item is not None}  # fmt: skip


class FineTuningJob(Job):
    """`model` is trained with the lines of `training_data`; the output `registered_model` is what comes of it.

    Args:
        hyperparameters: Parameters of the pipeline of the task, by their names there.
        resources: Kept as given; instances are processes of this machine.
    """

    type: Literal["finetuning"] = "finetuning"
    task: Annotated[FineTuningTask, BeforeValidator(lambda value: match_enum(value, FineTuningTask))]
    model: Annotated[DataInput, _typed("mlflow_model")]
    model_provider: Annotated[ModelProvider, BeforeValidator(lambda value: match_enum(value, ModelProvider))] = (
        ModelProvider.CUSTOM
    )
    training_data: Annotated[DataInput, _typed("uri_file")]
    validation_data: Annotated[DataInput | None, _typed("uri_file")] = None
    hyperparameters: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(default_factory=dict)
    # Any: kept as given
    resources: Annotated[dict[str, Any] | None, BeforeValidator(mapping_or_warn)] = None

    @model_validator(mode="after")
    def _has_paths(self) -> Self:
        for name in ("model", "training_data", "validation_data"):
            given = getattr(self, name)
            if given is not None and not given.path:
                raise ValueError(f"{name} has no path. Say where it is.")
        return self

    def data(self) -> dict[str, DataInput]:
        """What the job reads, by the name of its field."""
        found = {"model": self.model, "training_data": self.training_data}
        return found if self.validation_data is None else {**found, "validation_data": self.validation_data}
