"""Fine-tuning jobs are made with the names of the v2 SDK."""

from __future__ import annotations

import pytest

from smalt import finetuning
from smalt.errors import InvalidRequest
from smalt.wire.arm import codec

GIVEN = {"model": "azureml:base@latest", "task": "chatCompletion", "training_data": "train.jsonl"}


def test_a_job_is_made_as_with_the_official_client():
    job = finetuning.create_finetuning_job(
        **GIVEN, output_model_name_prefix="mine", hyperparameters={"apply_lora": True, "lora_r": 4}
    )

    details = codec("jobs").to_arm(job)["properties"]["fineTuningDetails"]
    assert details["taskType"] == "ChatCompletion"
    assert details["hyperParameters"] == {"apply_lora": "true", "lora_r": "4"}
    assert job.outputs["registered_model"].name == "mine"


def test_a_field_that_no_job_has_is_refused():
    with pytest.raises(InvalidRequest, match="lora"):
        finetuning.create_finetuning_job(**GIVEN, output_model_name_prefix="mine", lora=True)
