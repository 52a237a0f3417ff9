"""Datastores over ARM. The workspace's own are shown as blob containers at this server's HTTPS address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from smalt.entities.datastore import Datastore
from smalt.server.assets.datastores import DatastoreService, is_own
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.records import Record
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec
from smalt.wire.arm.datastores import secrets_to_arm
from smalt.wire.arm.envelope import resource

_TYPE = "Microsoft.MachineLearningServices/workspaces/datastores"


def datastore_routes(service: DatastoreService, workspaces: WorkspaceService, tls_url: str) -> list[Route]:
    """The routes of datastores.

    Args:
        service: The verbs.
        workspaces: Finds the workspace of a call.
        tls_url: The HTTPS address, for calls that came over plain HTTP.
    """
    table = Routes(prefix=WORKSPACE + "/datastores")
    spelling = codec("datastores")

    def answer(call: Call, workspace: WorkspaceRecord, record: Record) -> dict[str, Any]:
        entity = service.entity(record)
        properties = {"tags": {}, "properties": {}, **spelling.to_arm(entity)["properties"]}
        properties["isDefault"] = entity.is_default
        if is_own(workspace.id, record):
            # The official client builds https://{accountName}.blob.{suffix}; what follows the last slash is dropped
            # again by the blob routes, so that one port serves everything without any DNS.
            base = call.base_url if call.base_url.startswith("https:") else tls_url
            properties |= {
                "accountName": f"{urlsplit(base).netloc}/blob/{workspace.id}/",
                "endpoint": "smalt.local",
                "protocol": "https",
                "serviceDataAccessAuthIdentity": "None",
                "subscriptionId": workspace.subscription,
                "resourceGroup": workspace.group,
            }
        properties.setdefault("credentials", {"credentialsType": "None"})
        return resource(
            id=f"{workspace.scope}/datastores/{record.name}",
            name=record.name,
            type=_TYPE,
            properties=properties,
            created_at=record.created_at,
            created_by=record.created_by,
            modified_at=record.modified_at,
            modified_by=record.modified_by,
        )

    def listing(call: Call) -> Answer:
        """List datastores, without secrets."""
        workspace = workspaces.of(call)
        limit = call.number("count", default=100, low=1, high=1000)
        page = service.page(call.work, workspace, after=call.position(str), limit=limit)
        shown = [answer(call, workspace, record) for record in page.items]
        if "isdefault" in call.query:
            wanted = call.flag("isDefault")
            shown = [item for item in shown if item["properties"]["isDefault"] is wanted]
        names = {name for text in call.query_all("names") for name in text.split(",")}
        if names:
            shown = [item for item in shown if item["name"] in names]
        sought = call.query.get("searchtext", "").lower()
        return ok(call.listing(Page([item for item in shown if sought in item["name"].lower()], page.after)))

    def show(call: Call) -> Answer:
        """Show a datastore, without secrets."""
        workspace = workspaces.of(call)
        return ok(answer(call, workspace, service.get(call.work, workspace, call.params["name"])))

    def put(call: Call) -> Answer:
        """Create or replace a datastore."""
        workspace = workspaces.of(call)
        entity = spelling.from_arm(call.json_object(), name=call.params["name"])
        assert isinstance(entity, Datastore)
        record, is_new = service.put(call.work, workspace, entity)
        return created(answer(call, workspace, record), is_new=is_new)

    def delete(call: Call) -> Answer:
        """Forget a datastore; what it leads to stays."""
        return empty(200 if service.delete(call.work, workspaces.of(call), call.params["name"]) else 204)

    def list_secrets(call: Call) -> Answer:
        """Show the credentials of a datastore."""
        workspace = workspaces.of(call)
        record = service.get(call.work, workspace, call.params["name"])
        return ok(secrets_to_arm(service.with_secrets(workspace, record)))

    query = ("isDefault:bool", "count:int", "names", "searchText", "orderBy", "orderByAsc:bool", "$skip")
    table.add("GET", "", listing, action="workspaces/datastores/read", query=query)
    table.add("GET", "/{name}", show, action="workspaces/datastores/read")
    table.add("PUT", "/{name}", put, action="workspaces/datastores/write", body=spelling.schema)
    table.add("DELETE", "/{name}", delete, action="workspaces/datastores/delete")
    table.add("POST", "/{name}/listSecrets", list_secrets, action="workspaces/datastores/listsecrets/action")
    return table.all
