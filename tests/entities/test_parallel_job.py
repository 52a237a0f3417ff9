"""Parallel jobs as people write them, and every mistake at once."""

from __future__ import annotations

import pytest

from smalt.entities.job.parallel import ParallelJob, size_of
from smalt.errors import ValidationFailed
from smalt.wire.yaml import load_entity

TEXT = """
type: parallel
inputs:
  files: {type: uri_folder, path: azureml://datastores/x/paths/y/}
  depth: 3
outputs:
  rows: {type: uri_file}
input_data: ${{inputs.files}}
mini_batch_size: "5"
resources: {instance_count: 2}
max_concurrency_per_instance: 2
error_threshold: -1
mini_batch_error_threshold: 5
logging_level: debug
retry_settings: {max_retries: 2, timeout: 60}
task:
  type: run_function
  code: ./src
  entry_script: score.py
  environment: azureml:env@latest
  program_arguments: --depth ${{inputs.depth}}
  append_row_to: ${{outputs.rows}}
"""


def mistakes(changes):
    loaded = load_entity("job", TEXT).entity.document()
    with pytest.raises(ValidationFailed) as failure:
        ParallelJob.parse({**loaded, **changes})
    return {detail.target: detail.message for detail in failure.value.details}


def test_a_parallel_job_is_read_whole():
    loaded = load_entity("job", TEXT)

    job = loaded.entity
    assert isinstance(job, ParallelJob)
    assert loaded.warnings == []
    assert (job.split_input, job.logging_level, job.retry_settings.timeout) == ("files", "DEBUG", 60)
    assert ParallelJob.parse(job.document()) == job


@pytest.mark.parametrize(
    ("text", "size"),
    [("5", (5, False)), ("10kb", (10240, True)), ("1 MB", (1 << 20, True)), ("1.5k", (1536, True)), ("7b", (7, True))],
)
def test_a_mini_batch_size_counts_files_or_bytes(text, size):
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "0", "many", "-1", "1.5", "10 parsecs"])
def test_other_sizes_are_refused(text):
    with pytest.raises(ValueError, match="Write"):
        size_of(text)


def test_the_size_that_the_official_client_writes_where_none_is_given_is_none():
    loaded = load_entity("job", TEXT).entity.document()

    assert ParallelJob.parse({**loaded, "mini_batch_size": 0}).mini_batch_size is None


def test_all_mistakes_are_told_at_once():
    found = mistakes(
        {
            "input_data": "${{inputs.nothing}}",
            "mini_batch_size": "many",
            "retry_settings": {"timeout": 0},
            "logging_level": "LOUD",
            "error_threshold": -2,
            "task": {"type": "run_function", "append_row_to": "${{outputs.nothing}}"},
        }
    )

    assert set(found) == {
        "input_data", "mini_batch_size", "retry_settings.timeout", "logging_level", "error_threshold", "task",
    }  # fmt: skip
    assert "It has: depth, files." in found["input_data"]
    assert "entry_script is missing" in found["task"]
    assert "It has: rows." in found["task"]


@pytest.mark.parametrize(
    "task", [{"type": "model"}, {"type": "model", "model": "${{inputs.depth}}"}, {"type": "dance"}]
)
def test_a_model_task_names_its_model(task):
    assert {target.split(".")[0] for target in mistakes({"task": task})} == {"task"}
