"""Making fine-tuning jobs, with the names of the v2 SDK: `smalt.finetuning.create_finetuning_job(...)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalt.entities.job.finetuning import MODEL, FineTuningJob
from smalt.entities.job.finetuning import FineTuningTask as FineTuningTaskType
from smalt.errors import InvalidRequest

__all__ = ["FineTuningTaskType", "create_finetuning_job"]


def create_finetuning_job(
    *,
    model: str,
    task: str,
    training_data: str,
    output_model_name_prefix: str,
    validation_data: str | None = None,
    hyperparameters: Mapping[str, Any] | None = None,  # Any: numbers, words and truth values
    compute: str | None = None,
    instance_types: Sequence[str] | None = None,
    job_tier: str | None = None,
    **further: Any,  # Any: values of fields of a job
) -> FineTuningJob:
    """A job that trains a model further and registers what comes of it.

    Args:
        model: The base model: of a registry, of the catalog, or of the workspace.
        task: What it is trained for, e.g. `chat_completion`.
        training_data: Lines of JSON: a path here, an asset or an address.
        output_model_name_prefix: The name that the result is registered under.
        validation_data: Lines that are not trained with, to see how well it goes.
        hyperparameters: Parameters of the pipeline of the task.
        compute: Where it runs.
        instance_types: Kept as given.
        job_tier: Kept as given.
        further: Further fields, such as `display_name` or `tags`.

    Raises:
        InvalidRequest: A field is unknown.
    """
    unknown = sorted(further.keys() - FineTuningJob.model_fields.keys())
    if unknown:
        raise InvalidRequest(f"A fine-tuning job has no {unknown[0]!r}. Leave it out.")
    given = {
        **further,
        "task": task,
        "model": model,
        "training_data": training_data,
        "validation_data": validation_data,
        "hyperparameters": hyperparameters,
        "compute": compute,
        "resources": {"instance_types": list(instance_types)} if instance_types else None,
        "queue_settings": {"job_tier": job_tier} if job_tier else None,
        "outputs": {MODEL: {"type": "mlflow_model", "name": output_model_name_prefix}},
    }
    return FineTuningJob.parse({name: value for name, value in given.items() if value is not None})
