"""From a parallel job to the command that runs it."""

from __future__ import annotations

import json

import pytest

from smalt.entities.job.parallel import ParallelJob
from smalt.errors import ValidationFailed
from smalt.server import jobs

FILES = "azureml://datastores/workspaceblobstore/paths/files"


def test_all_mistakes_of_a_task_are_told_at_once():
    job = ParallelJob.parse(
        {
            "inputs": {"files": {"type": "uri_folder", "path": FILES}},
            "input_data": "${{inputs.files}}",
            "partition_keys": ["a"],
            "task": {"entry_script": "score.py", "program_arguments": "--x ${{inputs.x}}"},
        }
    )

    with pytest.raises(ValidationFailed) as failure:
        jobs.ParallelKind().expand(job)

    targets = [detail.target for detail in failure.value.details]
    assert targets == ["task.environment", "task.program_arguments", "partition_keys"]


def test_a_model_is_handed_to_the_driver():
    job = ParallelJob.parse(
        {
            "inputs": {
                "rows": {"type": "mltable", "path": FILES, "mode": "direct"},
                "model": {"type": "mlflow_model", "path": FILES},
            },
            "input_data": "${{inputs.rows}}",
            "task": {"type": "model", "model": "${{inputs.model}}", "environment": "azureml:plain:1"},
        }
    )

    command = jobs.ParallelKind().expand(job)

    assert command.environment_variables["SMALT_PARALLEL_MODEL"] == "${{inputs.model}}"
    assert json.loads(command.environment_variables["SMALT_PARALLEL"])["is_table"]
    assert command.inputs["rows"].mode == "ro_mount"
