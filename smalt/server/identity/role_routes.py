"""Roles over HTTP, in the shape of ARM: definitions and assignments at any scope."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import clock
from smalt.server.audit import FindScope, scope_segments, split_scope
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, created, empty, ok
from smalt.server.identity.directory import Directory, role_named
from smalt.server.identity.roles import ROLES, RoleDefinition
from smalt.server.work import Work

_PROVIDER = "/providers/Microsoft.Authorization"
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_SCOPES = ("", _SUBSCRIPTION, _GROUP, WORKSPACE, WORKSPACE + "/{kind}/{resource}")
_REQUIRED = ("roleDefinitionId", "principalId")
_EQUALS = re.compile(r"(\w+)(?:\(\))?\s+eq\s+'([^']*)'")


def role_routes(directory: Directory, find_scope: FindScope) -> list[Route]:
    """The routes of role definitions and assignments at every scope."""
    table = Routes()
    pages = _Roles(directory, find_scope)
    for scope in _SCOPES:
        base = scope + _PROVIDER
        one = base + "/roleAssignments/{assignment}"
        table.add("GET", base + "/roleDefinitions", pages.definitions, action="authorization/roleDefinitions/read")
        table.add(
            "GET", base + "/roleDefinitions/{role}", pages.definition, action="authorization/roleDefinitions/read"
        )
        table.add("GET", base + "/roleAssignments", pages.assignments, action="authorization/roleAssignments/read")
        table.add("GET", one, pages.assignment, action="authorization/roleAssignments/read")
        table.add("PUT", one, pages.assign, action="authorization/roleAssignments/write")
        table.add("DELETE", one, pages.unassign, action="authorization/roleAssignments/delete")
    return table.all


class _Roles:
    """The handlers."""

    def __init__(self, directory: Directory, find_scope: FindScope) -> None:
        self._directory = directory
        self._find_scope = find_scope

    def definitions(self, call: Call) -> Answer:
        """The roles; `$filter=roleName eq 'Reader'` picks one."""
        wanted = _filters(call).get("rolename")
        shown = [role for role in ROLES if wanted is None or role.name.lower() == wanted.lower()]
        return ok({"value": [_definition(role) for role in shown]})

    def definition(self, call: Call) -> Answer:
        """One role."""
        return ok(_definition(role_named(call.params["role"])))

    def assignments(self, call: Call) -> Answer:
        """The assignments that hold at this scope, and those inside it."""
        wanted = _filters(call)
        principal = wanted.get("principalid") or wanted.get("assignedto")
        rows = self._directory.assignments(call.work, self._scope(call))
        shown = [row for row in rows if principal is None or row["actor_id"] == principal]
        return ok({"value": [self._assignment(call.work, row) for row in shown]})

    def assignment(self, call: Call) -> Answer:
        """One assignment."""
        return ok(self._assignment(call.work, self._at_scope(call)))

    def assign(self, call: Call) -> Answer:
        """Give an actor a role at this scope."""
        body = call.json_object()
        wanted = body.get("properties", body)
        role, principal = (wanted.get(key) if isinstance(wanted, dict) else None for key in _REQUIRED)
        if not isinstance(role, str) or not isinstance(principal, str):
            raise InvalidRequest(
                "A role assignment needs properties.roleDefinitionId and properties.principalId.", target="properties"
            )
        row, is_new = self._directory.assign(
            call.work,
            role=role_named(role),
            actor_id=principal,
            scope=_scope_as_given(call),
            assignment_id=call.params["assignment"],
        )
        return created(self._assignment(call.work, row), is_new=is_new)

    def unassign(self, call: Call) -> Answer:
        """Take a role away."""
        try:
            row = self._at_scope(call)
        except NotFound:
            return empty()
        self._directory.unassign(call.work, row["id"])
        return ok(self._assignment(call.work, row))

    def _at_scope(self, call: Call) -> RowMapping:
        """The assignment, when it stands at the scope of the call: a path of one scope never reaches another's."""
        row = self._directory.assignment(call.work, call.params["assignment"])
        if split_scope(row["scope_key"]) != self._scope(call):
            raise NotFound(f"There is no role assignment {row['id']} at this scope.", code="RoleAssignmentNotFound")
        return row

    def _scope(self, call: Call) -> tuple[str, ...]:
        depth = len(split_scope(_scope_template(call)))
        return scope_segments(call, self._find_scope)[:depth]

    def _assignment(self, work: Work, row: RowMapping) -> dict[str, Any]:
        actor = self._directory.actor(work, row["actor_id"])
        scope = "" if row["scope"] == "/" else row["scope"]
        return {
            "id": f"{scope}{_PROVIDER}/roleAssignments/{row['id']}",
            "name": row["id"],
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": f"{_PROVIDER}/roleDefinitions/{role_named(row['role']).id}",
                "roleDefinitionName": row["role"],
                "principalId": row["actor_id"],
                "principalName": actor["name"],
                "principalType": "User" if actor["kind"] == "User" else "ServicePrincipal",
                "scope": row["scope"],
                "createdOn": clock.to_text(row["created_at"]),
                "createdBy": row["created_by"],
            },
        }


def _scope_template(call: Call) -> str:
    return call.route.path[: call.route.path.index(_PROVIDER)]


def _scope_as_given(call: Call) -> str:
    if any("/" in value for value in call.params.values()):
        raise InvalidRequest("A name in the scope holds a slash. Write the scope as the resource's own id.")
    return _scope_template(call).format_map(call.params) or "/"


def _filters(call: Call) -> dict[str, str]:
    return {name.lower(): value for name, value in _EQUALS.findall(call.query.get("$filter", ""))}


def _definition(role: RoleDefinition) -> dict[str, Any]:
    return {
        "id": f"{_PROVIDER}/roleDefinitions/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
        },
    }
