"""Fine-tuning jobs, with the names of the v2 SDK: `from smalt.finetuning import create_finetuning_job`."""

from __future__ import annotations

from smalt.sdk.finetuning import FineTuningTaskType, create_finetuning_job

__all__ = ["FineTuningTaskType", "create_finetuning_job"]
