"""The way by which the official clients make a workspace: a template deployment, of which the parameters are read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import clock
from smalt.server.http import Answer, Call, Route, Routes, created, ok
from smalt.server.http.route import GROUP
from smalt.server.workspaces import store
from smalt.server.workspaces.document import deployed_workspace
from smalt.server.workspaces.service import WorkspaceService

_DEPLOYMENT = GROUP + "/providers/Microsoft.Resources/deployments/{deployment}"
_VALUE = {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"}}}
_PARAMETERS = {"type": "object", "required": ["workspaceName"], "properties": {"workspaceName": _VALUE}}
_TEMPLATE = {
    "type": "object",
    "required": ["properties"],
    "properties": {
        "properties": {"type": "object", "required": ["parameters"], "properties": {"parameters": _PARAMETERS}}
    },
}
_OPERATIONS = GROUP + "/deployments/{deployment}/operations"


def deployment_routes(service: WorkspaceService) -> list[Route]:
    """The routes of deployments."""
    table = Routes()
    pages = _Deployments(service)
    # What it makes is a workspace, so it needs the right to make one.
    table.add("PUT", _DEPLOYMENT, pages.put, action="workspaces/write", body=_TEMPLATE)
    table.add("GET", _DEPLOYMENT, pages.show, action="resources/deployments/read")
    for path in (_OPERATIONS, _DEPLOYMENT + "/operations"):
        table.add("GET", path, pages.operations, action="resources/deployments/read")
    return table.all


class _Deployments:
    """The handlers."""

    def __init__(self, service: WorkspaceService) -> None:
        self._service = service

    def put(self, call: Call) -> Answer:
        """Make the workspace that a deployment describes; done when it is answered."""
        properties = call.json_object().get("properties")
        parameters = properties.get("parameters") if isinstance(properties, dict) else None
        if not isinstance(parameters, dict):
            raise InvalidRequest(
                "The deployment has no parameters. Send properties.parameters.", target="properties.parameters"
            )
        if len(call.params["deployment"]) > 128:
            raise InvalidRequest("The deployment's name is longer than 128 characters. Shorten it.", target="name")
        entity = deployed_workspace(parameters)
        record, _ = self._service.put(call.work, call.params["subscription"], call.params["group"], entity)
        row = {
            "key": _key(call),
            "name": call.params["deployment"],
            "workspace_scope": record.scope,
            "workspace_name": record.name,
            "created_at": call.work.now,
        }
        store.put_deployment(call.work.connection, row)
        return created(_body(call, self._row(call)), is_new=True)

    def show(self, call: Call) -> Answer:
        """A deployment."""
        return ok(_body(call, self._row(call)))

    def operations(self, call: Call) -> Answer:
        """What a deployment did, step by step: it made one workspace."""
        row = self._row(call)
        step = {
            "id": f"{_scope(call)}/operations/1",
            "operationId": "1",
            "properties": {
                "provisioningOperation": "Create",
                "provisioningState": "Succeeded",
                "timestamp": clock.to_text(row["created_at"]),
                "duration": "PT0S",
                "statusCode": "OK",
                "targetResource": {
                    "id": row["workspace_scope"],
                    "resourceType": "Microsoft.MachineLearningServices/workspaces",
                    "resourceName": row["workspace_name"],
                },
            },
        }
        return ok({"value": [step]})

    def _row(self, call: Call) -> RowMapping:
        row = store.deployment(call.work.connection, _key(call))
        if row is None:
            name = call.params["deployment"]
            raise NotFound(f"There is no deployment {name[:64]!r} here. Put one first.", code="DeploymentNotFound")
        return row


def _key(call: Call) -> str:
    return "/".join(call.params[name].lower().replace("/", " ") for name in ("subscription", "group", "deployment"))


def _scope(call: Call) -> str:
    return _DEPLOYMENT.format_map(call.params)


def _body(call: Call, row: RowMapping) -> dict[str, Any]:
    return {
        "id": _scope(call),
        "name": row["name"],
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "provisioningState": "Succeeded",
            "mode": "Incremental",
            "timestamp": clock.to_text(row["created_at"]),
            "duration": "PT0S",
            "correlationId": call.work.correlation,
            "outputResources": [{"id": row["workspace_scope"]}],
        },
    }
