"""A job that searches for a good model of one task over one table."""

from __future__ import annotations

import builtins
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from smalt.entities.base import Entity, TextMap
from smalt.entities.job.automl_words import (
    BLOCKABLE_TRANSFORMERS,
    CLASSIFICATION_ALGORITHMS,
    CLASSIFICATION_METRICS,
    FORECASTING_ALGORITHMS,
    REGRESSION_ALGORITHMS,
    REGRESSION_METRICS,
    known_word,
    known_words,
    spelled_keys,
)
from smalt.entities.job.base import Job
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.resources import ResourcesField
from smalt.entities.text import Text, match_enum


class Task(StrEnum):
    """What the model is for."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    FORECASTING = "forecasting"
    IMAGE_CLASSIFICATION = "image_classification"
    IMAGE_CLASSIFICATION_MULTILABEL = "image_classification_multilabel"
    IMAGE_OBJECT_DETECTION = "image_object_detection"
    IMAGE_INSTANCE_SEGMENTATION = "image_instance_segmentation"
    TEXT_CLASSIFICATION = "text_classification"
    TEXT_CLASSIFICATION_MULTILABEL = "text_classification_multilabel"
    TEXT_NER = "text_ner"

    @property
    def is_tabular(self) -> bool:
        """Whether it is about a table of values, rather than images or texts."""
        return self in {Task.CLASSIFICATION, Task.REGRESSION, Task.FORECASTING}


METRICS = {
    Task.CLASSIFICATION: CLASSIFICATION_METRICS,
    Task.REGRESSION: REGRESSION_METRICS,
    Task.FORECASTING: REGRESSION_METRICS,
}
"""Primary metrics by task, the default first."""

ALGORITHMS = {
    Task.CLASSIFICATION: CLASSIFICATION_ALGORITHMS,
    Task.REGRESSION: REGRESSION_ALGORITHMS,
    Task.FORECASTING: (*FORECASTING_ALGORITHMS, *REGRESSION_ALGORITHMS),
}
"""Every algorithm that can be named for a task, whether or not this installation has it."""


def _table(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, str):
        return {"type": "mltable", "path": value}
    return {"type": "mltable", **value} if isinstance(value, dict) else value


def _list(value: Any) -> Any:  # Any: raw input of a validator
    return [value] if isinstance(value, str) else value


def _auto(value: Any) -> Any:  # Any: raw input of a validator
    return value.lower() if isinstance(value, str) else value


Table = Annotated[DataInput, BeforeValidator(_table)]
Columns = Annotated[list[Text], BeforeValidator(_list)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
AutoOrCount = Annotated[Literal["auto"] | Count, BeforeValidator(_auto)]
AutoOrCounts = Annotated[Literal["auto"] | Count | list[Count], BeforeValidator(_auto)]


def _merged(old: Entity | None, given: dict[str, Any]) -> dict[str, Any]:  # Any: values of fields
    values = {**(old.document() if old is not None else {}), **given}
    return {name: value for name, value in values.items() if value is not None}


class AutoMLLimits(Entity):
    """How many trials, how many at a time, and for how long. `timeout_minutes` is for the whole job."""

    max_trials: Count | None = None
    max_concurrent_trials: Count | None = None
    max_cores_per_trial: int | None = None
    max_nodes: Count | None = None
    timeout_minutes: Count | None = None
    trial_timeout_minutes: Count | None = None
    exit_score: float | None = None
    enable_early_termination: bool | None = None


class ColumnTransformer(Entity):
    """Parameters of one transformer for some columns."""

    fields: Columns | None = None
    parameters: dict[str, str | int | float] | None = None


class Featurization(Entity):
    """How columns become numbers."""

    mode: Annotated[Literal["auto", "off", "custom"], BeforeValidator(_auto)] = "auto"
    dataset_language: Text | None = None
    blocked_transformers: Annotated[list[Text] | None, known_words(BLOCKABLE_TRANSFORMERS)] = None
    column_name_and_types: TextMap = Field(default_factory=dict)
    transformer_params: Annotated[dict[str, list[ColumnTransformer]] | None, BeforeValidator(spelled_keys)] = None
    enable_dnn_featurization: bool | None = None


class Training(Entity):
    """Which algorithms are tried, and what is made of them."""

    allowed_training_algorithms: list[Text] | None = None
    blocked_training_algorithms: list[Text] | None = None
    enable_dnn_training: bool | None = None
    enable_model_explainability: bool | None = None
    enable_onnx_compatible_models: bool | None = None
    enable_stack_ensemble: bool | None = None
    enable_vote_ensemble: bool | None = None
    ensemble_model_download_timeout_minutes: int | float | None = None
    stack_ensemble_settings: dict[str, Any] | None = None  # Any: settings are numbers, words or mappings
    training_mode: Text | None = None


class Forecasting(Entity):
    """What a table says about time."""

    time_column_name: Text | None = None
    time_series_id_column_names: Columns | None = None
    forecast_horizon: AutoOrCount | None = None
    frequency: Text | None = None
    target_lags: AutoOrCounts | None = None
    target_rolling_window_size: AutoOrCount | None = None
    seasonality: AutoOrCount | None = None
    cv_step_size: Count | None = None
    country_or_region_for_holidays: Text | None = None
    feature_lags: Text | None = None
    short_series_handling_config: Text | None = None
    target_aggregate_function: Text | None = None
    use_stl: Text | None = None
    features_unknown_at_forecast_time: Columns | None = None


class AutoMLJob(Job):
    """Trials of algorithms and their settings, judged by `primary_metric`; the best model is the output `best_model`.

    Tabular tasks are modelled in full. `sweep`, `training_parameters` and `search_space` belong to image and text
    tasks, whose settings are kept as given.
    """

    type: Literal["automl"] = "automl"
    task: Annotated[Task, BeforeValidator(lambda value: match_enum(value, Task))]
    primary_metric: Text | None = None
    target_column_name: Text | None = Field(default=None, validate_default=True)
    training_data: Table | None = Field(default=None, validate_default=True)
    validation_data: Table | None = None
    validation_data_size: Share | None = None
    n_cross_validations: AutoOrCount | None = None
    cv_split_column_names: Columns | None = None
    test_data: Table | None = None
    test_data_size: Share | None = None
    weight_column_name: Text | None = None
    positive_label: Text | None = None
    log_verbosity: Text | None = None
    limits: AutoMLLimits | None = None
    featurization: Featurization | None = None
    training: Training | None = None
    forecasting: Forecasting | None = Field(default=None, validate_default=True)
    sweep: dict[str, Any] | None = None  # Any: kept as given
    training_parameters: dict[str, Any] | None = None  # Any: kept as given
    search_space: list[dict[str, Any]] | None = None  # Any: kept as given
    environment_variables: TextMap = Field(default_factory=dict)
    resources: ResourcesField = None

    @field_validator("target_column_name", "training_data", mode="after")
    @classmethod
    def _needed(cls, value: Any, info: ValidationInfo) -> Any:  # Any: the value of one of these fields
        task = info.data.get("task")
        if value is None and task is not None and task.is_tabular:
            raise ValueError(f"A {task} job needs {info.field_name}. Add it.")
        return value

    @field_validator("primary_metric", mode="after")
    @classmethod
    def _known_metric(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = METRICS.get(info.data["task"]) if "task" in info.data else None
        return value if value is None or known is None else known_word(value, known, what="primary metric")

    @field_validator("training", mode="after")
    @classmethod
    def _known_algorithms(cls, value: Training | None, info: ValidationInfo) -> Training | None:
        known = ALGORITHMS.get(info.data["task"]) if "task" in info.data else None
        if value is None or known is None:
            return value
        named = {
            field: [known_word(word, known, what=f"algorithm in {field}") for word in words]
            for field in ("allowed_training_algorithms", "blocked_training_algorithms")
            if (words := getattr(value, field)) is not None
        }
        return value.model_copy(update=named)

    @field_validator("forecasting", mode="after")
    @classmethod
    def _knows_time(cls, value: Forecasting | None, info: ValidationInfo) -> Forecasting | None:
        if info.data.get("task") is Task.FORECASTING and not (value and value.time_column_name):
            raise ValueError("A forecasting job needs forecasting.time_column_name. Name the column that holds time.")
        return value

    def set_data(self, **given: Any) -> None:  # Any: values of fields
        """Change fields about data, e.g. `training_data`, `n_cross_validations`, `test_data_size`."""
        self._change(AutoMLJob, given, given)

    def set_limits(self, **given: Any) -> None:  # Any: values of fields
        """Change fields of `limits`, e.g. `max_trials`."""
        self._change(AutoMLLimits, given, {"limits": _merged(self.limits, given)})

    def set_training(self, **given: Any) -> None:  # Any: values of fields
        """Change fields of `training`, e.g. `allowed_training_algorithms`."""
        self._change(Training, given, {"training": _merged(self.training, given)})

    def set_featurization(self, **given: Any) -> None:  # Any: values of fields
        """Change fields of `featurization`, e.g. `blocked_transformers`."""
        self._change(Featurization, given, {"featurization": _merged(self.featurization, given)})

    def set_forecast_settings(self, **given: Any) -> None:  # Any: values of fields
        """Change fields of `forecasting`, e.g. `forecast_horizon`."""
        self._change(Forecasting, given, {"forecasting": _merged(self.forecasting, given)})

    def _change(self, part: builtins.type[Entity], given: dict[str, Any], changes: dict[str, Any]) -> None:
        unknown = sorted(given.keys() - part.model_fields.keys())
        if unknown:
            raise TypeError(f"There is no setting {unknown[0]!r}. There are: {', '.join(part.model_fields)}.")
        fresh = AutoMLJob.parse({**self.document(), **changes})
        for name in AutoMLJob.model_fields:
            setattr(self, name, getattr(fresh, name))

    @property
    def metric(self) -> str:
        """The primary metric of a tabular task, chosen or by default."""
        return self.primary_metric or next(iter(METRICS[self.task]))

    def tables(self) -> dict[str, DataInput]:
        """The tables it reads, by the name of their field."""
        fields = ("training_data", "validation_data", "test_data")
        return {name: table for name in fields if (table := getattr(self, name)) is not None}
