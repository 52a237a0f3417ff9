"""Subscriptions and resource groups over HTTP, as far as clients look at them on their way to a workspace."""

from __future__ import annotations

from typing import Any

from smalt.errors import InvalidRequest, NotFound
from smalt.server.http import SIGNED_IN, Answer, Call, Route, Routes, created, empty, ok
from smalt.server.http.route import GROUP
from smalt.server.identity import can_see
from smalt.server.workspaces.document import group_body
from smalt.server.workspaces.record import GroupRecord
from smalt.server.workspaces.service import DEFAULT_LOCATION, WorkspaceService

_SUBSCRIPTION = "/subscriptions/{subscription}"


def group_routes(service: WorkspaceService, *, tenant: str) -> list[Route]:
    """The routes of subscriptions and resource groups."""
    table = Routes()
    pages = _Groups(service, tenant)
    table.add("GET", "/subscriptions", pages.subscriptions, action=SIGNED_IN)
    table.add("GET", _SUBSCRIPTION, pages.subscription, action=SIGNED_IN)
    table.add("GET", _SUBSCRIPTION + "/resourceGroups", pages.list_groups, action=SIGNED_IN)
    table.add("GET", _SUBSCRIPTION + "/providers/{namespace}", pages.provider, action=SIGNED_IN)
    table.add("GET", GROUP, pages.show, action=SIGNED_IN)
    table.add(
        "PUT", GROUP, pages.put, action="resources/subscriptions/resourceGroups/write", body="location tags:texts"
    )
    table.add("DELETE", GROUP, pages.delete, action="resources/subscriptions/resourceGroups/delete")
    return table.all


class _Groups:
    """The handlers."""

    def __init__(self, service: WorkspaceService, tenant: str) -> None:
        self._service = service
        self._tenant = tenant

    def subscriptions(self, call: Call) -> Answer:
        """The subscriptions in which the caller holds a role."""
        return ok({"value": [self._subscription(name) for name in self._visible(call)]})

    def subscription(self, call: Call) -> Answer:
        """One subscription."""
        wanted = call.params["subscription"].lower()
        for name in self._visible(call):
            if name.lower() == wanted:
                return ok(self._subscription(name))
        raise NotFound(
            f"There is no subscription {wanted[:64]!r} that you can see. List them with GET /subscriptions.",
            code="SubscriptionNotFound",
        )

    def list_groups(self, call: Call) -> Answer:
        """The resource groups in which the caller holds a role."""
        wanted = call.params["subscription"].lower()
        return ok({"value": [group_body(group) for group in self._seen(call) if group.subscription.lower() == wanted]})

    def provider(self, call: Call) -> Answer:
        """A resource provider; all are registered."""
        namespace = call.params["namespace"]
        return ok(
            {
                "id": f"/subscriptions/{call.params['subscription']}/providers/{namespace}",
                "namespace": namespace,
                "registrationState": "Registered",
                "resourceTypes": [],
            }
        )

    def show(self, call: Call) -> Answer:
        """A resource group."""
        group = self._service.group(call.work, call.params["subscription"], call.params["group"])
        if not can_see(call.actor, group.scope):
            raise NotFound(
                f"There is no resource group {group.name!r} that you can see. Ask its owner for a role.",
                code="ResourceGroupNotFound",
            )
        return ok(group_body(group))

    def put(self, call: Call) -> Answer:
        """Make a resource group, or change its tags."""
        body = call.json_object()
        location, tags = body.get("location"), body.get("tags")
        if not isinstance(location, str | None) or not isinstance(tags, dict | None):
            raise InvalidRequest("location or tags is of another type. Send text and an object.", target="location")
        group, is_new = self._service.put_group(
            call.work,
            call.params["subscription"],
            call.params["group"],
            location=location or DEFAULT_LOCATION,
            tags=tags,
        )
        return created(group_body(group), is_new=is_new)

    def delete(self, call: Call) -> Answer:
        """Delete an empty resource group."""
        try:
            group = self._service.group(call.work, call.params["subscription"], call.params["group"])
        except NotFound:
            return empty()
        self._service.delete_group(call.work, group)
        return empty(200)

    def _seen(self, call: Call) -> list[GroupRecord]:
        return [group for group in self._service.groups(call.work) if can_see(call.actor, group.scope)]

    def _visible(self, call: Call) -> list[str]:
        return list(dict.fromkeys(group.subscription for group in self._seen(call)))

    def _subscription(self, name: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{name}",
            "subscriptionId": name,
            "tenantId": self._tenant,
            "displayName": "smalt",
            "state": "Enabled",
            "subscriptionPolicies": {"spendingLimit": "Off"},
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
        }
