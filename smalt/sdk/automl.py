"""Making AutoML jobs, with the names of the v2 SDK: `smalt.automl.classification(...)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.job.automl import AutoMLJob, Task
from smalt.entities.job.inputs import DataInput

Settings = Any
"""Values of the further fields of an `AutoMLJob`, by name."""


def classification(
    *,
    training_data: DataInput | str,
    target_column_name: str,
    primary_metric: str | None = None,
    enable_model_explainability: bool | None = None,
    **settings: Settings,
) -> AutoMLJob:
    """A search for a model that tells classes apart; it is refined with `set_limits`, `set_training` and the like."""
    return _job(
        Task.CLASSIFICATION, training_data, target_column_name, primary_metric, enable_model_explainability, settings
    )


def regression(
    *,
    training_data: DataInput | str,
    target_column_name: str,
    primary_metric: str | None = None,
    enable_model_explainability: bool | None = None,
    **settings: Settings,
) -> AutoMLJob:
    """A search for a model that predicts a number."""
    return _job(
        Task.REGRESSION, training_data, target_column_name, primary_metric, enable_model_explainability, settings
    )


def forecasting(
    *,
    training_data: DataInput | str,
    target_column_name: str,
    forecasting_settings: Mapping[str, Settings],
    primary_metric: str | None = None,
    enable_model_explainability: bool | None = None,
    **settings: Settings,
) -> AutoMLJob:
    """A search for a model that continues time series; `forecasting_settings` names at least `time_column_name`."""
    given = {**settings, "forecasting": dict(forecasting_settings)}
    return _job(Task.FORECASTING, training_data, target_column_name, primary_metric, enable_model_explainability, given)


def _job(
    task: Task,
    training_data: DataInput | str,
    target: str,
    metric: str | None,
    explain: bool | None,
    settings: Mapping[str, Settings],
) -> AutoMLJob:
    unknown = sorted(settings.keys() - AutoMLJob.model_fields.keys())
    if unknown:
        raise TypeError(f"An AutoML job has no {unknown[0]!r}. It has: {', '.join(AutoMLJob.model_fields)}.")
    given = {
        **settings,
        "task": task,
        "training_data": training_data,
        "target_column_name": target,
        "primary_metric": metric,
    }
    job = AutoMLJob.parse({name: value for name, value in given.items() if value is not None})
    if explain is not None:
        job.set_training(enable_model_explainability=explain)
    return job
