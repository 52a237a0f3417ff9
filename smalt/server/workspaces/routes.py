"""Workspaces over HTTP, and the front of all routes of this slice."""

from __future__ import annotations

from typing import Any

from smalt.errors import NotFound
from smalt.server.http import ANYONE, SIGNED_IN, WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.http.route import GROUP, PROVIDER
from smalt.server.identity import allows
from smalt.server.workspaces.deployment_routes import deployment_routes
from smalt.server.workspaces.document import patched_workspace, read_workspace, workspace_body
from smalt.server.workspaces.group_routes import group_routes
from smalt.server.workspaces.location_routes import location_routes
from smalt.server.workspaces.record import WorkspaceRecord
from smalt.server.workspaces.service import WorkspaceService, check_match
from smalt.wire.arm import codec

_SUBSCRIPTION = "/subscriptions/{subscription}"
_DISCOVERED = "api catalog experimentation gallery history hyperdrive labeling modelmanagement pipelines studio".split()


def routes(service: WorkspaceService, *, tenant: str, public_url: str | None = None) -> list[Route]:
    """Every route of this slice.

    Args:
        service: Does the work.
        tenant: The installation's tenant id.
        public_url: Where the official clients call; the URL of the call itself when left out.
    """
    return [
        *_workspace_routes(service, tenant=tenant, public_url=public_url),
        *group_routes(service, tenant=tenant),
        *deployment_routes(service),
        *location_routes(),
    ]


def _workspace_routes(service: WorkspaceService, *, tenant: str, public_url: str | None) -> list[Route]:
    table = Routes()
    pages = _Workspaces(service, tenant, public_url)
    # A running job may look at the workspace it runs in; the gate lets it look at no other.
    table.add("GET", WORKSPACE, pages.show, action="workspaces/read", for_jobs=lambda call, actor: True)
    table.add("PUT", WORKSPACE, pages.put, action="workspaces/write", body=codec("workspaces").schema)
    table.add("PATCH", WORKSPACE, pages.patch, action="workspaces/write", body=codec("workspaces").schema)
    table.add("DELETE", WORKSPACE, pages.delete, action="workspaces/delete", query=("forceToPurge:bool",))
    for scope in (_SUBSCRIPTION, GROUP):
        table.add("GET", scope + PROVIDER + "/workspaces", pages.list, action=SIGNED_IN, query=("kind", "$skip"))
    table.add("POST", WORKSPACE + "/listKeys", pages.list_keys, action="workspaces/listKeys/action")
    table.add("POST", WORKSPACE + "/resyncKeys", pages.resync_keys, action="workspaces/resyncKeys/action")
    table.add("POST", WORKSPACE + "/diagnose", pages.diagnose, action="workspaces/diagnose/action")
    table.add("GET", "/discovery/workspaces/{workspace_id}", pages.discovery, action=ANYONE)
    return table.all


class _Workspaces:
    """The handlers."""

    def __init__(self, service: WorkspaceService, tenant: str, public_url: str | None) -> None:
        self._service = service
        self._tenant = tenant
        self._public_url = public_url.rstrip("/") if public_url else None

    def show(self, call: Call) -> Answer:
        """A workspace."""
        return self._answer(call, self._service.of(call), is_new=False)

    def put(self, call: Call) -> Answer:
        """Make a workspace or replace what is said about it."""
        entity = read_workspace(call.json_object(), call.params["workspace"])
        record, is_new = self._service.put(
            call.work, call.params["subscription"], call.params["group"], entity, if_match=call.header("if-match")
        )
        return self._answer(call, record, is_new=is_new)

    def patch(self, call: Call) -> Answer:
        """Change some properties of a workspace."""
        present = self._present(call)
        entity = patched_workspace(present, call.json_object())
        record, _ = self._service.put(
            call.work, present.subscription, present.group, entity, if_match=call.header("if-match")
        )
        return self._answer(call, record, is_new=False)

    def delete(self, call: Call) -> Answer:
        """Delete a workspace; with forceToPurge for good, also one that was deleted before."""
        is_purged = call.flag("forceToPurge")
        try:
            present = self._present(call)
        except NotFound:
            names = (call.params[name] for name in ("subscription", "group", "workspace"))
            deleted = self._service.deleted(call.work, *names) if is_purged else None
            if deleted is None:
                return empty()
            self._service.purge(call.work, deleted)
            return empty(200)
        check_match(call.header("if-match"), present)
        self._service.delete(call.work, present, purge=is_purged)
        return empty(200)

    def list(self, call: Call) -> Answer:
        """The workspaces that the caller may see."""
        prefix = [call.params[name] for name in ("subscription", "group") if name in call.params]
        after = call.position(str)
        page = self._service.list(call.work, prefix, after=after, limit=100)
        kind = call.query.get("kind", "").lower()
        shown = [
            self._body(call, record)
            for record in page.items
            if allows(call.actor, "workspaces/read", record.scope)
            and (not kind or record.entity.kind.lower() in kind.split(","))
        ]
        return ok(call.listing(Page(shown, page.after)))

    def list_keys(self, call: Call) -> Answer:
        """The shared keys of a workspace. There are none: storage takes the caller's own token."""
        record = self._service.of(call)
        storage = self._body(call, record)["properties"]["storageAccount"]
        return ok(
            {
                "userStorageKey": "",
                "userStorageResourceId": storage,
                "appInsightsInstrumentationKey": "",
                "containerRegistryCredentials": {"location": record.location, "username": "", "passwords": []},
                "notebookAccessKeys": {"primaryAccessKey": "", "secondaryAccessKey": ""},
            }
        )

    def resync_keys(self, call: Call) -> Answer:
        """Read the shared keys anew. There are none, so this is done at once."""
        self._service.of(call)
        return empty(200)

    def diagnose(self, call: Call) -> Answer:
        """What is wrong with the set-up of a workspace; each list is empty when nothing is."""
        self._service.of(call)
        checks = "userDefinedRoute networkSecurityRule resourceLock dnsResolution storageAccount keyVault".split()
        checks += ["containerRegistry", "applicationInsights", "other"]
        return ok({"value": {f"{check}Results": [] for check in checks}})

    def discovery(self, call: Call) -> Answer:
        """Where the services beside ARM answer: all of them here."""
        return ok(dict.fromkeys(_DISCOVERED, self._base_url(call)))

    def _present(self, call: Call) -> WorkspaceRecord:
        # Not from memory: a change must see what is there now.
        return self._service.get(call.work, call.params["subscription"], call.params["group"], call.params["workspace"])

    def _answer(self, call: Call, record: WorkspaceRecord, *, is_new: bool) -> Answer:
        return created(self._body(call, record), is_new=is_new, headers={"ETag": record.etag})

    def _body(self, call: Call, record: WorkspaceRecord) -> dict[str, Any]:
        return workspace_body(record, base_url=self._base_url(call), tenant=self._tenant)

    def _base_url(self, call: Call) -> str:
        return self._public_url or call.base_url
