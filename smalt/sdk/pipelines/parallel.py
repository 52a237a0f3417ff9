"""`parallel_run_function(..)`: a task over many mini-batches, called inside a pipeline function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalt.entities.job.parallel import ParallelTask as RunFunction
from smalt.sdk.pipelines.command import declared_input, declared_output
from smalt.sdk.pipelines.nodes import Node, call
from smalt.sdk.pipelines.ports import plain

JsonObject = dict[str, Any]  # Any: JSON


class ParallelFunction:
    """A task over mini-batches; called, it is a step."""

    def __init__(self, component: JsonObject, settings: JsonObject, given: Mapping[str, Any]) -> None:
        # Any: what a caller gives
        self._component = component
        self._settings = settings
        self._given = given

    def __call__(self, **inputs: Any) -> Node:  # Any: what a caller gives
        """A step that runs the task with these inputs, and those of the function for the rest."""
        given = {name: value for name, value in self._given.items() if name not in inputs}
        return call("parallel", self._component, self._component, given | inputs, **self._settings)


def parallel_run_function(
    *,
    task: RunFunction | Mapping[str, Any],  # Any: a task's document
    input_data: str,
    inputs: Mapping[str, Any] | None = None,  # Any: an input or a plain value
    outputs: Mapping[str, Any] | None = None,  # Any: an output
    name: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    experiment_name: str | None = None,
    compute: str | None = None,
    retry_settings: Any = None,  # Any: an entity or its document
    environment_variables: Mapping[str, str] | None = None,
    logging_level: str | None = None,
    max_concurrency_per_instance: int | None = None,
    error_threshold: int | None = None,
    mini_batch_error_threshold: int | None = None,
    mini_batch_size: str | None = None,
    partition_keys: Sequence[str] | None = None,
    instance_count: int | None = None,
    instance_type: str | None = None,
    docker_args: str | None = None,
    shm_size: str | None = None,
    identity: Any = None,  # Any: an identity or its document
    is_deterministic: bool = True,
) -> ParallelFunction:
    """A task over the mini-batches of one input, as a function that makes a step.

    Args:
        task: What is done with a mini-batch.
        input_data: The input that is split, e.g. `${{inputs.data}}`.
        experiment_name: Has no meaning for a step; accepted for scripts that give it.
    """
    shared = {
        "retry_settings": plain(retry_settings),
        "logging_level": logging_level,
        "max_concurrency_per_instance": max_concurrency_per_instance,
        "error_threshold": error_threshold,
        "mini_batch_error_threshold": mini_batch_error_threshold,
        "mini_batch_size": mini_batch_size,
        "partition_keys": plain(partition_keys),
        "task": {key: value for key, value in plain(task).items() if value is not None},
        "input_data": input_data,
    }
    resources = {"instance_count": instance_count, "instance_type": instance_type, "docker_args": docker_args,
                 "shm_size": shm_size}  # fmt: skip
    shared["resources"] = {key: value for key, value in resources.items() if value is not None} or None
    shared = {key: value for key, value in shared.items() if value is not None}
    facts = {"name": name, "display_name": display_name, "description": description, "tags": dict(tags or {}) or None}
    component = {
        "type": "parallel",
        "is_deterministic": is_deterministic,
        "_source": "BUILDER",
        **{key: value for key, value in facts.items() if value is not None},
        **shared,
        "inputs": {key: declared_input(value) for key, value in (inputs or {}).items()},
        "outputs": {key: declared_output(value) for key, value in (outputs or {}).items()},
    }
    settings = shared | {
        "name": name,
        "compute": compute,
        "environment_variables": dict(environment_variables or {}),
        "identity": identity,
        "tags": dict(tags or {}),
        "properties": dict(properties or {}),
    }
    given = {key: value for key, value in (inputs or {}).items() if getattr(value, "path", value) is not None}
    return ParallelFunction(component, settings, given)
