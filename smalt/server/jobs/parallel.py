"""Parallel jobs: one command that splits an input into mini-batches and hands them to worker processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import yaml as pyyaml

from smalt.entities.base import ASSET_NAME
from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.parallel import ParallelJob, RetrySettings, bound_name, size_of
from smalt.entities.job.resources import JobResources
from smalt.entities.types import AssetType, Mode
from smalt.errors import InvalidRequest, ValidationFailed
from smalt.server.jobs.kinds import CommandLike
from smalt.wire import expressions

RESUME_FROM = "smalt_resume_from"
"""Property that names an earlier parallel job: the mini-batches it finished are not done again."""

_RESUMED = "smalt_resumed"
_COMMAND = 'exec python "{{smalt:runtime}}/parallel"'
_VARIABLE = "SMALT_PARALLEL"


class ParallelKind(CommandLike):
    """The driver of `smalt/runtime/parallel` is the command; what it needs to know are its variables."""

    type: ClassVar[str] = "parallel"

    def expand(self, job: Job) -> CommandJob:
        """See `CommandLike.expand`."""
        assert isinstance(job, ParallelJob)
        mistakes = list(_mistakes(job))
        if mistakes:
            listed = "; ".join(f"{each.target}: {each.message}" for each in mistakes)
            raise ValidationFailed(f"The parallel job is not valid. {listed}", details=mistakes)
        resources = job.resources or JobResources()
        shared = {name: getattr(job, name) for name in Job.model_fields if name != "type"}
        return CommandJob(
            **shared,
            command=_COMMAND,
            code=job.task.code,
            environment=job.task.environment,
            environment_variables={**job.environment_variables, **_variables(job)},
            inputs=_inputs(job),
            # The workers are processes of the one driver, however many instances were asked for.
            resources=resources.model_copy(update={"instance_count": None}),
        )


def _mistakes(job: ParallelJob) -> Iterator[InvalidRequest]:
    if job.task.environment is None:
        yield InvalidRequest("A task needs an environment. Write azureml:<name>@latest.", target="task.environment")
    known = {f"inputs.{name}" for name in job.inputs} | {f"outputs.{name}" for name in job.outputs}
    for expression in expressions.find(job.task.program_arguments or ""):
        if expression.name not in known:
            yield InvalidRequest(
                f"${{{{{expression.name}}}}} names nothing of this job. Known names: {', '.join(sorted(known))}.",
                target="task.program_arguments",
            )
    if job.partition_keys is not None and job.split_type is not AssetType.MLTABLE:
        yield InvalidRequest(
            f"Only a table can be split by keys; input {job.split_input!r} is {job.split_type}. Give an mltable, or "
            "leave partition_keys out.",
            target="partition_keys",
        )
    yield from _resume_mistakes(job)


def _resume_mistakes(job: ParallelJob) -> Iterator[InvalidRequest]:
    earlier = job.properties.get(RESUME_FROM)
    if earlier is None:
        return
    if not ASSET_NAME.fullmatch(earlier):
        yield InvalidRequest(f"{earlier!r} is no job name.", target=f"properties.{RESUME_FROM}")
    appended = bound_name(job.task.append_row_to or "")
    lost = [name for name, output in job.outputs.items() if not output.path and ("outputs", name) != appended]
    if lost:
        yield InvalidRequest(
            f"Job {earlier!r} cannot be resumed: what its finished mini-batches wrote to {', '.join(lost)} would be "
            "missing. Give those outputs the path that the earlier job wrote to.",
            target=f"properties.{RESUME_FROM}",
        )


def _inputs(job: ParallelJob) -> dict[str, Any]:  # Any: an input of any kind
    inputs = dict(job.inputs)
    split = inputs[job.split_input]
    assert isinstance(split, DataInput)
    if split.mode not in {Mode.DOWNLOAD, Mode.EVAL_DOWNLOAD}:
        # The driver reads it, so it has to be here even if the script would be content with a URI.
        inputs[job.split_input] = split.model_copy(update={"mode": Mode.RO_MOUNT})
    if RESUME_FROM in job.properties:
        path = f"azureml://jobs/{job.properties[RESUME_FROM]}/outputs/artifacts"
        inputs[_RESUMED] = DataInput(path=path, mode=Mode.RO_MOUNT)
    return inputs


def _variables(job: ParallelJob) -> dict[str, str]:
    retry = job.retry_settings or RetrySettings()
    resources = job.resources or JobResources()
    size, in_bytes = size_of(job.mini_batch_size) if job.mini_batch_size else (None, False)
    settings = {
        "task": job.task.type,
        "entry_script": job.task.entry_script,
        "input_name": job.split_input,
        "is_table": job.split_type is AssetType.MLTABLE,
        "size": size,
        "size_in_bytes": in_bytes,
        "partition_keys": job.partition_keys,
        "instances": resources.instance_count or 1,
        "concurrency": job.max_concurrency_per_instance,
        "max_retries": retry.max_retries,
        "timeout": retry.timeout,
        "error_threshold": job.error_threshold,
        "mini_batch_error_threshold": job.mini_batch_error_threshold,
        "logging_level": job.logging_level,
        # MLTable files are YAML, and not every environment has a reader for it.
        "yaml": str(Path(pyyaml.__file__).parent),
    }
    return {
        _VARIABLE: json.dumps(settings),
        f"{_VARIABLE}_INPUT": job.input_data,
        f"{_VARIABLE}_ARGUMENTS": job.task.program_arguments or "",
        f"{_VARIABLE}_OUTPUT": job.task.append_row_to or "",
        f"{_VARIABLE}_MODEL": (job.task.model or "") if job.task.is_model else "",
        f"{_VARIABLE}_RESUMED": f"${{{{inputs.{_RESUMED}}}}}" if RESUME_FROM in job.properties else "",
    }
