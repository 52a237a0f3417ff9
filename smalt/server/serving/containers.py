"""Instances in containers: our scorer inside an image that has Python, or the server that an image brings."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smalt.entities.endpoint.online import OnlineDeployment, RequestSettings
from smalt.environments import Engine
from smalt.errors import Unsupported
from smalt.executors import Container, OwnServer, Workload, scoring
from smalt.executors.scoring import ScorerPlace
from smalt.server.jobs import container_limits

_APP, _MODELS = "/var/azureml-app", "/var/azureml-app/azureml-models"
_FIND_PYTHON = (
    "PATH=$PATH:/opt/conda/bin:/usr/local/bin; python=$(command -v python || command -v python3) || "
    "{ echo 'smalt: The image has no Python to serve with. Say in inference_config where its own server is asked, or "
    'take an image with Python.\'; exit 127; }; exec "$python" '
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What an instance is made of.

    Args:
        pinned: What its deployment's references came to.
        deployment: The deployment.
        place: Where it finds what it serves.
        shared: The folder of what all instances of its generation have.
        collector: The folder into which the scorer writes what is collected.
    """

    pinned: Mapping[str, Any]  # Any: JSON
    deployment: OnlineDeployment
    place: ScorerPlace
    shared: Path
    collector: Path | None


def contained(workload: Workload, contents: Contents, *, engine: Engine | None, image: str) -> Workload:
    """An instance in a container instead of an environment of this machine.

    Raises:
        Unsupported: The server was started without containers since the deployment was made.
        InvalidRequest: It asks for an amount that is none.
    """
    if engine is None:
        raise Unsupported("The environment is an image, and this server was started without containers.")
    asked = contents.deployment.resources
    bounds = (asked.limits or asked.requests) if asked is not None else None
    options = [] if bounds is None else container_limits(engine, cpu=bounds.cpu, memory=bounds.memory)
    header = (f"Runs in a container of {engine.kind}, image {image}.", *workload.header)
    plain = replace(workload, environment=None, python=None, header=header)
    if contents.pinned.get("server"):
        return _with_own_server(plain, contents, engine=engine, image=image, options=options)
    return _with_scorer(plain, contents, engine=engine, image=image, options=options)


def _with_scorer(workload: Workload, contents: Contents, *, engine: Engine, image: str, options: list[str]) -> Workload:
    place = contents.place
    reads = {str(path): str(path) for path in (contents.shared, place.engine) if path is not None}
    mounted = contents.deployment.model_mount_path
    if mounted and place.models is not None:
        reads[_absolute(mounted)] = str(place.models)
    writes = [scoring.socket_folder(place.state)]
    if contents.collector is not None:
        contents.collector.mkdir(parents=True, exist_ok=True)
        writes.append(contents.collector)
    container = Container.of(engine, image, options=options, reads=reads, writes=[str(path) for path in writes])
    command = workload.command.removeprefix("exec python ")
    return replace(workload, command=_FIND_PYTHON + command, container=container)


def _with_own_server(
    workload: Workload, contents: Contents, *, engine: Engine, image: str, options: list[str]
) -> Workload:
    """The server of the image finds code and model where Azure has them."""
    deployment, place = contents.deployment, contents.place
    app = posixpath.join(_APP, "app")
    reads = {app: str(place.app)}
    models = app
    facts = contents.pinned.get("model")
    if place.models is not None and facts is not None:
        usual = posixpath.join(_MODELS, facts["name"], facts["version"])
        models = _absolute(deployment.model_mount_path) if deployment.model_mount_path else usual
        reads[models] = str(place.models)
    settings = deployment.request_settings or RequestSettings()
    routes = {name: (int(port), str(path)) for name, (port, path) in contents.pinned["server"].items()}
    server = OwnServer(**routes, drain_seconds=settings.request_timeout_ms / 1000)
    variables = {
        "AML_APP_ROOT": app,
        "AZUREML_MODEL_DIR": models,
        "AZUREML_ENTRY_SCRIPT": scoring.script_of(deployment) or "",
        **{key: str(value) for key, value in deployment.environment_variables.items()},
    }
    container = Container.of(engine, image, options=options, reads=reads, server=server)
    return replace(workload, environment_variables=variables, container=container)


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join("/", path))
