"""Serverless endpoints and marketplace subscriptions over ARM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smalt.entities.endpoint.serverless import MarketplaceSubscription, ServerlessEndpoint
from smalt.errors import InvalidRequest
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.http.patching import merged
from smalt.server.records import Record
from smalt.server.serverless.service import Seen, ServerlessService
from smalt.server.serverless.subscriptions import SubscriptionService
from smalt.server.serving import operation_headers
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec, envelope

_PROVIDER = "Microsoft.MachineLearningServices/workspaces"
_ENDPOINTS, _SUBSCRIPTIONS = WORKSPACE + "/serverlessEndpoints", WORKSPACE + "/marketplaceSubscriptions"
_SKU = {"name": "Consumption"}

Address = Callable[[WorkspaceRecord, str], str]
"""What the addresses of an endpoint begin with."""


class _Endpoints:
    def __init__(self, service: ServerlessService, workspaces: WorkspaceService, address: Address) -> None:
        self._service = service
        self._workspaces = workspaces
        self._address = address

    def list(self, call: Call) -> Answer:
        """List serverless endpoints."""
        workspace = self._workspaces.of(call)
        page = self._service.page(call.work, workspace, after=call.position(str))
        return ok(call.listing(Page([self._shown(workspace, each) for each in page.items], page.after)))

    def show(self, call: Call) -> Answer:
        """Show a serverless endpoint."""
        workspace = self._workspaces.of(call)
        return ok(self._shown(workspace, self._service.get(call.work, workspace, call.params["name"])))

    def put(self, call: Call) -> Answer:
        """Create a serverless endpoint, or write one anew."""
        return self._put(call, call.json_object())

    def patch(self, call: Call) -> Answer:
        """Change tags and properties of a serverless endpoint."""
        workspace = self._workspaces.of(call)
        present = codec("serverlessEndpoints").to_arm(
            self._service.get(call.work, workspace, call.params["name"]).entity
        )
        return self._put(call, merged(present, call.json_object()))

    def delete(self, call: Call) -> Answer:
        """Delete a serverless endpoint."""
        operation = self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty() if operation is None else Answer(202, None, operation_headers(call, operation, accepted=True))

    def keys(self, call: Call) -> Answer:
        """Give the keys of a serverless endpoint."""
        return ok(_keys(self._service.keys(call.work, self._workspaces.of(call), call.params["name"])))

    def regenerate(self, call: Call) -> Answer:
        """Put a new key in the place of one."""
        body = call.json_object()
        which, value = body.get("keyType") or "Primary", body.get("keyValue")
        if not isinstance(which, str) or not (value is None or isinstance(value, str)):
            raise InvalidRequest("keyType or keyValue is no text. Send Primary or Secondary.", target="keyType")
        workspace = self._workspaces.of(call)
        return ok(_keys(self._service.regenerate(call.work, workspace, call.params["name"], which, value)))

    def _put(self, call: Call, body: dict[str, Any]) -> Answer:  # Any: JSON
        workspace = self._workspaces.of(call)
        entity = codec("serverlessEndpoints").from_arm(body, name=call.params["name"])
        assert isinstance(entity, ServerlessEndpoint)
        seen, is_new = self._service.put(call.work, workspace, call.params["name"], entity)
        headers = {} if seen.operation is None else operation_headers(call, seen.operation)
        return created(self._shown(workspace, seen), is_new=is_new, headers=headers)

    def _shown(self, workspace: WorkspaceRecord, seen: Seen) -> dict[str, Any]:  # Any: JSON
        record = seen.record
        body = codec("serverlessEndpoints").to_arm(
            seen.entity.model_copy(
                update={
                    "scoring_uri": self._address(workspace, record.name),
                    "provisioning_state": seen.provisioning,
                    "endpoint_state": seen.state,
                }
            )
        )
        if seen.error is not None:
            body["properties"]["error"] = {"code": "DeploymentFailed", "message": seen.error}
        beside = {"location": workspace.location, "sku": _SKU, "tags": {}, **body}
        return _resource(workspace, record, "serverlessEndpoints", **beside)


class _Subscriptions:
    def __init__(self, service: SubscriptionService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """List marketplace subscriptions."""
        workspace = self._workspaces.of(call)
        page = self._service.page(call.work, workspace, after=call.position(str))
        return ok(call.listing(Page([self._shown(workspace, each) for each in page.items], page.after)))

    def show(self, call: Call) -> Answer:
        """Show a marketplace subscription."""
        workspace = self._workspaces.of(call)
        return ok(self._shown(workspace, self._service.get(call.work, workspace, call.params["name"])))

    def put(self, call: Call) -> Answer:
        """Take the terms of a model."""
        workspace = self._workspaces.of(call)
        entity = codec("marketplaceSubscriptions").from_arm(call.json_object(), name=call.params["name"])
        assert isinstance(entity, MarketplaceSubscription)
        record, is_new = self._service.put(call.work, workspace, call.params["name"], entity)
        return created(self._shown(workspace, record), is_new=is_new)

    def delete(self, call: Call) -> Answer:
        """Forget that the terms of a model were taken."""
        self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty()

    def _shown(self, workspace: WorkspaceRecord, record: Record) -> dict[str, Any]:  # Any: JSON
        entity = MarketplaceSubscription.parse(record.document)
        body = codec("marketplaceSubscriptions").to_arm(
            entity.model_copy(update={"status": "Subscribed", "provisioning_state": "Succeeded"})
        )
        return _resource(workspace, record, "marketplaceSubscriptions", **body)


def routes(
    endpoints: ServerlessService, subscriptions: SubscriptionService, workspaces: WorkspaceService, address: Address
) -> list[Route]:
    """The slice's part of the table."""
    table = Routes()
    served = _Endpoints(endpoints, workspaces, address)
    kind, one = "workspaces/serverlessEndpoints", _ENDPOINTS + "/{name}"
    schema = codec("serverlessEndpoints").schema
    table.add("GET", _ENDPOINTS, served.list, action=f"{kind}/read", query=("$skip",))
    table.add("GET", one, served.show, action=f"{kind}/read")
    table.add("PUT", one, served.put, action=f"{kind}/write", body=schema)
    table.add("PATCH", one, served.patch, action=f"{kind}/write", body=schema)
    table.add("DELETE", one, served.delete, action=f"{kind}/delete")
    table.add("POST", f"{one}/listKeys", served.keys, action=f"{kind}/listKeys/action")
    keys = "keyType keyValue"
    table.add("POST", f"{one}/regenerateKeys", served.regenerate, action=f"{kind}/regenerateKeys/action", body=keys)
    taken = _Subscriptions(subscriptions, workspaces)
    kind, one = "workspaces/marketplaceSubscriptions", _SUBSCRIPTIONS + "/{name}"
    schema = codec("marketplaceSubscriptions").schema
    table.add("GET", _SUBSCRIPTIONS, taken.list, action=f"{kind}/read", query=("$skip",))
    table.add("GET", one, taken.show, action=f"{kind}/read")
    table.add("PUT", one, taken.put, action=f"{kind}/write", body=schema)
    table.add("DELETE", one, taken.delete, action=f"{kind}/delete")
    return table.all


def _keys(keys: dict[str, str]) -> dict[str, str]:
    return {"primaryKey": keys["primary"], "secondaryKey": keys["secondary"]}


def _resource(
    workspace: WorkspaceRecord, record: Record, kind: str, *, properties: dict[str, Any], **beside: Any
) -> dict[str, Any]:  # Any: JSON
    return envelope.resource(
        id=f"{workspace.scope}/{kind}/{record.name}",
        name=record.name,
        type=f"{_PROVIDER}/{kind}",
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
        **beside,
    )
