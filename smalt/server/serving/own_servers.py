"""Images that bring a server of their own: where it is asked, as their `inference_config` says."""

from __future__ import annotations

import re
from typing import Any

from smalt.entities.endpoint.base import Deployment
from smalt.entities.endpoint.online import OnlineDeployment
from smalt.entities.environment import Environment, InferenceConfig, Route
from smalt.environments import Recipe
from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.server.assets import AssetService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_PATH = re.compile(r"/[\x21-\x7e]*")
_HIGHEST_PORT = 65535


def environment_with_server(
    assets: AssetService, work: Work, workspace: WorkspaceRecord, deployment: Deployment
) -> Environment | None:
    """The environment of a deployment, if its image says where it scores by itself."""
    given = deployment.environment
    if isinstance(given, str):
        try:
            found = assets.resolve(work, workspace, "environments", given).entity
        except NotFound:  # A curated one, or one that whoever looks it up next tells of.
            return None
        given = found if isinstance(found, Environment) else None
    config = given.inference_config if given is not None else None
    is_online = isinstance(deployment, OnlineDeployment)
    return given if is_online and config is not None and config.scoring_route is not None else None


def pinned_routes(config: InferenceConfig) -> dict[str, Any]:  # Any: JSON
    """The ports and paths of a server, as JSON.

    Raises:
        InvalidRequest: They are none, or nothing says when it is ready.
    """
    readiness = config.readiness_route or config.liveness_route
    if readiness is None or config.scoring_route is None:
        raise InvalidRequest(
            "The inference_config has neither readiness_route nor liveness_route, so nobody can tell when the server "
            "of the image may be asked. Add one, such as {port: 8501, path: /health}."
        )
    told = {
        "scoring": config.scoring_route,
        "liveness": config.liveness_route or readiness,
        "readiness": readiness,
    }
    return {name: _place(f"{name}_route", route) for name, route in told.items()}


def no_containers(environment: Environment) -> Unsupported:
    """Why the server of an image cannot be run here."""
    config = environment.inference_config
    route = (config.scoring_route if config is not None else None) or Route()
    return Unsupported(
        f"The image {environment.image or environment.name!r} brings a server of its own (scoring_route "
        f"{route.path or '/'}, port {route.port or 80}), and this server was started without containers, so that only "
        "its own Python processes serve. Start it with --containers podman or docker; or add code_configuration with a "
        "script that loads the model, and an environment with the packages it needs; or deploy it as an MLflow model.",
        target="environment",
    )


def require_image(recipe: Recipe | None) -> None:
    """Refuse an environment whose image nobody would start.

    Raises:
        Unsupported: Packages stand for it.
    """
    if recipe is not None and recipe.image is None:
        raise Unsupported(
            "The environment has an inference_config, but an alias of this server has packages stand for its image, so "
            "the server in it would not run. Take another name for the image, or have the operator remove the alias."
        )


def _place(name: str, route: Route) -> list[Any]:  # Any: JSON
    port, path = route.port or 80, route.path or "/"
    if not 1 <= port <= _HIGHEST_PORT:
        raise InvalidRequest(f"{name}: {port} is no port. Write a number from 1 to {_HIGHEST_PORT}.")
    if not _PATH.fullmatch(path):
        raise InvalidRequest(f"{name}: {path[:200]!r} is no path of a URL. Begin with '/', and escape what is special.")
    return [port, path]
