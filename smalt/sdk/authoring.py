"""Making jobs and reading YAML files, with the names of the v2 SDK."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from smalt.entities.component import ComponentInput
from smalt.entities.job.inputs import DataInput, LiteralInput
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.search_space import SearchRange
from smalt.sdk.pipelines.files import read

if TYPE_CHECKING:
    from smalt.entities.component import Component
    from smalt.entities.compute.base import Compute
    from smalt.entities.connection import Connection
    from smalt.entities.data import Data
    from smalt.entities.datastore import Datastore
    from smalt.entities.endpoint.batch import BatchDeployment, BatchEndpoint
    from smalt.entities.endpoint.online import OnlineDeployment, OnlineEndpoint
    from smalt.entities.endpoint.serverless import MarketplaceSubscription, ServerlessEndpoint
    from smalt.entities.environment import Environment
    from smalt.entities.identity import JobIdentity
    from smalt.entities.job.base import Job
    from smalt.entities.model import Model
    from smalt.entities.model_package import ModelPackage
    from smalt.entities.registry import Registry
    from smalt.entities.schedule import Schedule
    from smalt.entities.workspace import Workspace
    from smalt.sdk.pipelines.command import Command
    from smalt.sdk.pipelines.flow_nodes import FlowFunction
    from smalt.sdk.pipelines.nodes import ComponentFunction

Source = str | os.PathLike[str] | IO[str]
"""A file by name, or one that is open."""

Overrides = Sequence[Mapping[str, Any]] | None  # Any: values of YAML
"""Values by dotted path, e.g. `[{"inputs.lr": 0.1}]`."""

_LITERAL_TYPES = frozenset({"string", "integer", "number", "boolean"})


def Input(  # noqa: N802 - the name of the v2 SDK
    *,
    type: str = "uri_folder",  # noqa: A002 - the word of the v2 SDK
    path: str | os.PathLike[str] | None = None,
    mode: str | None = None,
    default: Any = None,  # Any: a value of the type
    optional: bool | None = None,
    min: float | None = None,  # noqa: A002 - the word of the v2 SDK
    max: float | None = None,  # noqa: A002 - the word of the v2 SDK
    enum: Sequence[Any] | None = None,  # Any: values of the type
    path_on_compute: str | None = None,
    description: str | None = None,
    datastore: str | None = None,
) -> DataInput | LiteralInput | ComponentInput:
    """An input of a job: a path, or with a type such as `integer` a value.

    An input without a value, or with `optional`, `min`, `max` or `enum`, declares what a component or a pipeline takes.
    """
    is_literal = type in _LITERAL_TYPES
    rules = {"optional": optional, "min": min, "max": max, "enum": None if enum is None else list(enum)}
    declared = {key: value for key, value in rules.items() if value is not None}
    if path is None and (declared or (is_literal and default is None)):
        given = {"type": type, "default": default, "mode": mode, "description": description}
        return ComponentInput.parse({key: value for key, value in (given | declared).items() if value is not None})
    if is_literal:
        return LiteralInput.parse({"type": type, "value": default, "description": description})
    return DataInput.parse(
        {
            "type": type,
            "path": None if path is None else os.fspath(path),
            "mode": mode,
            "path_on_compute": path_on_compute,
            "description": description,
            "datastore": datastore,
        }
    )


def Output(  # noqa: N802 - the name of the v2 SDK
    *,
    type: str = "uri_folder",  # noqa: A002 - the word of the v2 SDK
    path: str | os.PathLike[str] | None = None,
    mode: str | None = None,
    name: str | None = None,
    version: str | None = None,
    path_on_compute: str | None = None,
    description: str | None = None,
) -> JobOutput:
    """An output of a job; with `name` it is registered when the job completes."""
    given = {
        "type": type,
        "path": None if path is None else os.fspath(path),
        "mode": mode,
        "name": name,
        "version": version,
        "path_on_compute": path_on_compute,
        "description": description,
    }
    return JobOutput.parse(given)


def command(
    *,
    command: str,
    name: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    experiment_name: str | None = None,
    environment: str | Environment | None = None,
    environment_variables: Mapping[str, str] | None = None,
    distribution: Any = None,  # Any: one of the distributions, or its document
    compute: str | None = None,
    inputs: Mapping[str, Any] | None = None,  # Any: an input, its document or a plain value
    outputs: Mapping[str, Any] | None = None,  # Any: an output, its document or a path
    code: str | os.PathLike[str] | None = None,
    instance_count: int | None = None,
    instance_type: str | None = None,
    locations: Sequence[str] | None = None,
    docker_args: str | Sequence[str] | None = None,
    shm_size: str | None = None,
    timeout: float | None = None,
    identity: JobIdentity | None = None,
    services: Mapping[str, Any] | None = None,  # Any: a service or its document
    job_tier: str | None = None,
    priority: str | None = None,
    parent_job_name: str | None = None,
    is_deterministic: bool = True,
) -> Command:
    """A job that runs one command; called inside a pipeline function, a step; `.sweep()` makes a search of it.

    Args:
        is_deterministic: Whether the same inputs always give the same outputs, so that a step may be reused.
    """
    from smalt.sdk.pipelines.command import Command

    resources = {
        "instance_count": instance_count,
        "instance_type": instance_type,
        "locations": locations,
        "docker_args": docker_args,
        "shm_size": shm_size,
    }
    queue = {"job_tier": job_tier, "priority": priority}
    values = {key: _plain(value) for key, value in (inputs or {}).items()}
    ranges = {key: value for key, value in values.items() if isinstance(value, SearchRange)}
    given = {
        "command": command,
        "name": name,
        "display_name": display_name,
        "description": description,
        "tags": dict(tags or {}),
        "properties": dict(properties or {}),
        "experiment_name": experiment_name,
        "environment": environment,
        "environment_variables": dict(environment_variables or {}),
        "distribution": distribution,
        "compute": compute,
        "inputs": {key: value for key, value in values.items() if _is_of_job(value)},
        "outputs": dict(outputs or {}),
        "code": None if code is None else os.fspath(code),
        "resources": _if_any(resources),
        "limits": _if_any({"timeout": timeout}),
        "identity": identity,
        "services": dict(services or {}),
        "queue_settings": _if_any(queue),
        "parent_job_name": parent_job_name,
    }
    made = Command.parse({key: value for key, value in given.items() if value is not None})
    made = made.model_copy(update={"inputs": {**made.inputs, **ranges}})
    return made.remember(values, outputs or {}, is_deterministic=is_deterministic)


def load_job(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Job:
    """A job of any type from its YAML file."""
    return cast("Job", _load("job", source, relative_origin, params_override))


def load_data(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Data:
    """A data asset from its YAML file."""
    return cast("Data", _load("data", source, relative_origin, params_override))


def load_model(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Model:
    """A model from its YAML file."""
    return cast("Model", _load("model", source, relative_origin, params_override))


def load_model_package(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> ModelPackage:
    """What packs a model, from its YAML file."""
    return cast("ModelPackage", _load("model_package", source, relative_origin, params_override))


def load_environment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Environment:
    """An environment from its YAML file."""
    return cast("Environment", _load("environment", source, relative_origin, params_override))


def load_component(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> ComponentFunction | FlowFunction:
    """A component from its YAML file, or a flow; called with its inputs inside a pipeline function, it is a step."""
    from smalt.sdk.pipelines import flow_file
    from smalt.sdk.pipelines.flow_nodes import FlowFunction
    from smalt.sdk.pipelines.nodes import ComponentFunction

    path = Path(source).absolute() if isinstance(source, str | os.PathLike) else None
    if path is not None and flow_file.read(path) is not None:
        return FlowFunction(path, {key: value for values in params_override or () for key, value in values.items()})
    return ComponentFunction.of(cast("Component", _load("component", source, relative_origin, params_override)))


def load_datastore(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Datastore:
    """A datastore from its YAML file."""
    return cast("Datastore", _load("datastore", source, relative_origin, params_override))


def load_compute(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Compute:
    """A compute from its YAML file."""
    return cast("Compute", _load("compute", source, relative_origin, params_override))


def load_workspace(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Workspace:
    """A workspace from its YAML file."""
    return cast("Workspace", _load("workspace", source, relative_origin, params_override))


def load_connection(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Connection:
    """A connection from its YAML file."""
    return cast("Connection", _load("connection", source, relative_origin, params_override))


load_workspace_connection = load_connection


def load_registry(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Registry:
    """A registry from its YAML file."""
    return cast("Registry", _load("registry", source, relative_origin, params_override))


def load_schedule(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Schedule:
    """A schedule of any kind from its YAML file."""
    return cast("Schedule", _load("schedule", source, relative_origin, params_override))


def load_online_endpoint(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> OnlineEndpoint:
    """An online endpoint from its YAML file."""
    return cast("OnlineEndpoint", _load("online_endpoint", source, relative_origin, params_override))


def load_online_deployment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> OnlineDeployment:
    """An online deployment from its YAML file."""
    return cast("OnlineDeployment", _load("online_deployment", source, relative_origin, params_override))


def load_batch_endpoint(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> BatchEndpoint:
    """A batch endpoint from its YAML file."""
    return cast("BatchEndpoint", _load("batch_endpoint", source, relative_origin, params_override))


def load_batch_deployment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> BatchDeployment:
    """A batch deployment of any type from its YAML file."""
    return cast("BatchDeployment", _load("batch_deployment", source, relative_origin, params_override))


def load_serverless_endpoint(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> ServerlessEndpoint:
    """A serverless endpoint from its YAML file."""
    return cast("ServerlessEndpoint", _load("serverless_endpoint", source, relative_origin, params_override))


def load_marketplace_subscription(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> MarketplaceSubscription:
    """A marketplace subscription from its YAML file."""
    return cast("MarketplaceSubscription", _load("marketplace_subscription", source, relative_origin, params_override))


def _load(kind: str, source: Source, origin: str | None, params: Overrides) -> object:
    overrides = [f"{path}={_text(value)}" for values in params or () for path, value in values.items()]
    text_or_path: str | Path
    if isinstance(source, str | os.PathLike):
        text_or_path = Path(source)
    else:
        text_or_path = source.read()
        origin = origin or getattr(source, "name", None)
    base = Path(origin).absolute().parent if origin else None
    return read(kind, text_or_path, overrides=overrides, base_dir=base, name=origin or "").entity


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_of_job(value: object) -> bool:
    """Whether a job can have this input; ranges and declarations are for components."""
    return isinstance(value, DataInput | LiteralInput | str | int | float | bool | Enum | dict)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _if_any(values: Mapping[str, object]) -> dict[str, object] | None:
    given = {key: value for key, value in values.items() if value is not None}
    return given or None
