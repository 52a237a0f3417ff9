"""Packing models over ARM: those of a workspace, and those of a registry into the workspace that the body names."""

from __future__ import annotations

from typing import Any

from smalt.errors import Forbidden, InvalidRequest
from smalt.server.assets import AssetVersion
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, ok
from smalt.server.http.route import GROUP, PROVIDER
from smalt.server.identity import allows
from smalt.server.serving.packages import PackageService
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import packages as wire

_VERSION = "/models/{name}/versions/{version}/package"
_ACTION = "models/package/action"


class _Handlers:
    def __init__(self, packages: PackageService, workspaces: WorkspaceService) -> None:
        self._packages = packages
        self._workspaces = workspaces

    def of_workspace(self, call: Call) -> Answer:
        """Pack a model into an environment of its workspace."""
        workspace = self._workspaces.of(call)
        package, _ = wire.from_arm(call.json_object())
        model = f"azureml:{call.params['name']}:{call.params['version']}"
        return ok(_told(call, workspace, self._packages.make(call.work, workspace, model, package)))

    def of_registry(self, call: Call) -> Answer:
        """Pack a model of a registry into an environment of the workspace that its id names."""
        package, named = wire.from_arm(call.json_object())
        if named is None:
            raise InvalidRequest(
                "targetEnvironmentId names no workspace. Send an id such as "
                "azureml://locations/<region>/workspaces/<id>/environments/<name>.",
                target="targetEnvironmentId",
            )
        workspace = self._workspaces.named(call.work, named)
        if not allows(call.actor, f"workspaces/{_ACTION}", workspace.scope):
            raise Forbidden(f"{call.actor.name!r} may not pack models in workspace {workspace.name!r}. Get a role.")
        registry, name, version = (call.params[word] for word in ("registry", "name", "version"))
        model = f"azureml://registries/{registry}/models/{name}/versions/{version}"
        return ok(_told(call, workspace, self._packages.make(call.work, workspace, model, package)))


def package_routes(packages: PackageService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of packages."""
    handlers = _Handlers(packages, workspaces)
    table = Routes()
    schema = wire.body_schema
    table.add("POST", WORKSPACE + _VERSION, handlers.of_workspace, action=f"workspaces/{_ACTION}", body=schema)
    registry = GROUP + PROVIDER + "/registries/{registry}"
    table.add("POST", registry + _VERSION, handlers.of_registry, action="registries/models/versions/read", body=schema)
    return table.all


def _told(call: Call, workspace: WorkspaceRecord, made: AssetVersion) -> dict[str, Any]:  # Any: JSON
    """What was asked for, and what has come of it. Nothing is built: the first that needs the software builds it."""
    identifier = f"azureml://locations/local/workspaces/{workspace.id}/environments/{made.name}/versions/{made.version}"
    return {
        **call.json_object(),
        "targetEnvironmentId": identifier,
        "targetEnvironmentName": made.name,
        "targetEnvironmentVersion": made.version,
        "buildState": "Succeeded",
        "buildId": made.id,
    }
