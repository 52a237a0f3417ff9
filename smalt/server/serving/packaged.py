"""Environments that are packages of models, and the deployments that name nothing but such a one."""

from __future__ import annotations

from typing import TypeVar

from smalt.entities.endpoint.base import Deployment
from smalt.entities.environment import Environment
from smalt.entities.model_package import PackagedModel
from smalt.errors import NotFound
from smalt.server.assets import AssetService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

D = TypeVar("D", bound=Deployment)


def opened(
    assets: AssetService, work: Work, workspace: WorkspaceRecord, deployment: D
) -> tuple[D, PackagedModel | None]:
    """A deployment of a package with the model and the script that are in it; its own variables win.

    One that names a model or a script itself takes the software of a package only.

    Raises:
        ValidationFailed: The environment says that it is a package, and is none.
    """
    given = deployment.environment
    if deployment.model is not None or deployment.code_configuration is not None or not isinstance(given, str):
        return deployment, None
    try:
        found = assets.resolve(work, workspace, "environments", given).entity
    except NotFound:  # whoever looks it up next tells of it
        return deployment, None
    package = PackagedModel.of(found) if isinstance(found, Environment) else None
    if package is None:
        return deployment, None
    changes = {
        "model": package.model,
        "code_configuration": package.code_configuration,
        "environment_variables": {**package.environment_variables, **deployment.environment_variables},
    }
    if package.mount_path is not None and getattr(deployment, "model_mount_path", "") is None:
        changes["model_mount_path"] = package.mount_path
    return deployment.model_copy(update=changes), package
