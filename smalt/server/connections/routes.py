"""Connections over ARM. Their PUT answers 200 for a new one as well: the official client takes 201 for a failure."""

from __future__ import annotations

from typing import Any

from smalt.entities.connection import Connection
from smalt.errors import Forbidden
from smalt.server.connections.service import SECRETS_OF_CONNECTIONS, ConnectionService
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, empty, ok
from smalt.server.identity import allows
from smalt.server.records import Record
from smalt.server.work import Actor
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import resource

_TOLD = frozenset({"username", "clientId", "tenantId", "resourceId", "accessKeyId"})
"""Of credentials, what names somebody and lets nobody in."""

_TYPE = "Microsoft.MachineLearningServices/workspaces/connections"


def _granted(call: Call, actor: Actor) -> bool:
    """Whether a running job asks for a connection that it was given."""
    given = () if actor.grant is None else actor.grant.connections
    return call.params["name"].lower() in {each.lower() for each in given}


def _changed(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The properties after a change.

    Credentials are merged one by one, since no answer tells them to whoever changes the rest. Those of another way to
    sign in go.
    """
    after = {**before, **change}
    if str(after.get("authType")).lower() != str(before.get("authType")).lower():
        return {**after, "credentials": change.get("credentials")}
    kept, sent = before.get("credentials") or {}, change.get("credentials")
    if sent is None:
        return {**after, "credentials": kept}
    if not isinstance(sent, dict):
        return after
    merged = {**kept, **sent}
    if isinstance(sent.get("keys"), dict):
        keys = {**kept.get("keys", {}), **sent["keys"]}
        merged["keys"] = {name: value for name, value in keys.items() if value is not None}
    return {**after, "credentials": merged}


def _leads_astray(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether something that was secret goes to another address, where whoever has changed it can read it."""
    if _addresses(after) == _addresses(before):
        return False
    now = _secrets(after)
    return any(now.get(name) == value for name, value in _secrets(before).items())


def _addresses(properties: dict[str, Any]) -> object:
    """What tells a connection where to go. Own keys come with addresses under names of one's own."""
    metadata = properties.get("metadata") or {}
    is_own = str(properties.get("category")).lower() == "customkeys"
    return properties.get("target"), {
        name: value for name, value in metadata.items() if is_own or "://" in str(value) or "." in str(value)
    }


def _secrets(properties: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Each secret with its place among the credentials."""
    credentials = properties.get("credentials") or {}
    found = {("", name): value for name, value in credentials.items() if name not in _TOLD and name != "keys"}
    own = {("keys", name): value for name, value in (credentials.get("keys") or {}).items()}
    return {place: value for place, value in (found | own).items() if value}


def routes(service: ConnectionService, workspaces: WorkspaceService) -> list[Route]:
    """The slice's part of the table."""
    table = Routes(prefix=WORKSPACE + "/connections")
    spelling = codec("connections")

    def answer(workspace: WorkspaceRecord, record: Record, entity: Connection, *, secrets: bool = False) -> Any:
        body = spelling.to_arm(entity, secrets=secrets)
        return resource(
            id=f"{workspace.scope}/connections/{record.name}",
            name=record.name,
            type=_TYPE,
            created_at=record.created_at,
            created_by=record.created_by,
            modified_at=record.modified_at,
            modified_by=record.modified_by,
            **body,
        )

    def plain(workspace: WorkspaceRecord, record: Record) -> Any:
        # How one signs in is told by the secret being there; the spelling leaves out what it is.
        return answer(workspace, record, service.shown(workspace, record))

    def listing(call: Call) -> Answer:
        """List connections, without secrets."""
        workspace = workspaces.of(call)
        page = service.page(call.work, workspace, after=call.position(str))
        shown = [plain(workspace, record) for record in page.items]
        for field in ("category", "target"):
            wanted = call.query.get(field)
            if wanted:
                shown = [item for item in shown if str(item["properties"].get(field, "")).lower() == wanted.lower()]
        return ok(call.listing(Page(shown, page.after)))

    def show(call: Call) -> Answer:
        """Show a connection, without secrets."""
        workspace = workspaces.of(call)
        return ok(plain(workspace, service.get(call.work, workspace, call.params["name"])))

    def put(call: Call) -> Answer:
        """Create or replace a connection."""
        workspace = workspaces.of(call)
        entity = spelling.from_arm(call.json_object(), name=call.params["name"])
        assert isinstance(entity, Connection)
        return ok(plain(workspace, service.put(call.work, workspace, entity)))

    def patch(call: Call) -> Answer:
        """Change some fields of a connection; secrets that are not sent stay."""
        workspace = workspaces.of(call)
        record = service.get(call.work, workspace, call.params["name"])
        before = spelling.to_arm(service.with_secrets(workspace, record), secrets=True)
        sent = call.json_object().get("properties")
        change = sent if isinstance(sent, dict) else {}
        properties = _changed(before["properties"], change)
        if _leads_astray(before["properties"], properties) and not allows(
            call.actor, SECRETS_OF_CONNECTIONS, workspace.scope
        ):
            raise Forbidden(
                "The secret of this connection would go to another address, and you may not see it. Send the secret "
                "with the address.",
                target="credentials",
            )
        entity = spelling.from_arm({**before, "properties": properties}, name=record.name)
        assert isinstance(entity, Connection)
        return ok(plain(workspace, service.put(call.work, workspace, entity)))

    def delete(call: Call) -> Answer:
        """Delete a connection."""
        workspace = workspaces.of(call)
        return empty(200 if service.delete(call.work, workspace, call.params["name"]) else 204)

    def list_secrets(call: Call) -> Answer:
        """Show a connection with its secrets."""
        workspace = workspaces.of(call)
        record = service.get(call.work, workspace, call.params["name"])
        return ok(answer(workspace, record, service.with_secrets(workspace, record), secrets=True))

    table.add("GET", "", listing, action="workspaces/connections/read", query=("category", "target", "$skip"))
    table.add("GET", "/{name}", show, action="workspaces/connections/read")
    table.add("PUT", "/{name}", put, action="workspaces/connections/write", body=spelling.schema)
    table.add("PATCH", "/{name}", patch, action="workspaces/connections/write", body=spelling.schema)
    table.add("DELETE", "/{name}", delete, action="workspaces/connections/delete")
    table.add("POST", "/{name}/listsecrets", list_secrets, action=SECRETS_OF_CONNECTIONS, for_jobs=_granted)
    return table.all
