"""Roles over HTTP, in the shape of ARM: definitions and assignments at any scope."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import clock
from smalt.server.audit import FindScope, scope_segments, split_scope
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, created, empty, fields, ok
from smalt.server.identity.definitions import RoleDefinitions, is_near
from smalt.server.identity.directory import Directory
from smalt.server.identity.roles import RoleDefinition
from smalt.server.work import Work

_PROVIDER = "/providers/Microsoft.Authorization"
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_SCOPES = ("", _SUBSCRIPTION, _GROUP, WORKSPACE, WORKSPACE + "/{kind}/{resource}")
_REQUIRED = ("roleDefinitionId", "principalId")
_ASSIGNMENT = {
    "type": "object",
    "required": ["properties"],
    "properties": {"properties": fields.body(" ".join(f"{name}!" for name in _REQUIRED))},
}
_ROLE = {
    "type": "object",
    "required": ["properties"],
    "properties": {
        "properties": {
            "type": "object",
            "required": ["roleName", "permissions"],
            "properties": {
                "roleName": {"type": "string"},
                "description": {"type": "string"},
                "assignableScopes": {"type": "array", "items": {"type": "string"}},
                "permissions": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": fields.body("actions[] notActions[]"),
                },
            },
        }
    },
}
_EQUALS = re.compile(r"(\w+)(?:(?:\(\))?\s+eq\s+|\()'([^']*)'")


def role_routes(directory: Directory, definitions: RoleDefinitions, find_scope: FindScope) -> list[Route]:
    """The routes of role definitions and assignments at every scope."""
    table = Routes()
    pages = _Roles(directory, definitions, find_scope)
    read, write, remove = (f"authorization/roleDefinitions/{verb}" for verb in ("read", "write", "delete"))
    for scope in _SCOPES:
        base = scope + _PROVIDER
        one = base + "/roleAssignments/{assignment}"
        role = base + "/roleDefinitions/{role}"
        table.add("GET", base + "/roleDefinitions", pages.definitions, action=read, query=("$filter",))
        table.add("GET", role, pages.definition, action=read)
        table.add("PUT", role, pages.define, action=write, body=_ROLE)
        table.add("DELETE", role, pages.undefine, action=remove)
        table.add(
            "GET",
            base + "/roleAssignments",
            pages.assignments,
            action="authorization/roleAssignments/read",
            query=("$filter",),
        )
        table.add("GET", one, pages.assignment, action="authorization/roleAssignments/read")
        table.add("PUT", one, pages.assign, action="authorization/roleAssignments/write", body=_ASSIGNMENT)
        table.add("DELETE", one, pages.unassign, action="authorization/roleAssignments/delete")
    return table.all


class _Roles:
    """The handlers."""

    def __init__(self, directory: Directory, definitions: RoleDefinitions, find_scope: FindScope) -> None:
        self._directory = directory
        self._definitions = definitions
        self._find_scope = find_scope

    def definitions(self, call: Call) -> Answer:
        """The roles that can be given here; `$filter=roleName eq 'Reader'` picks one, `type eq 'CustomRole'` ours."""
        wanted = _filters(call)
        name, kind = wanted.get("rolename"), wanted.get("type")
        shown = [
            role
            for role in self._definitions.list(call.work, self._scope(call))
            if (name is None or role.name.lower() == name.lower())
            and (kind is None or _kind(role).lower() == kind.lower())
        ]
        return ok({"value": [_definition(role) for role in shown]})

    def definition(self, call: Call) -> Answer:
        """One role."""
        return ok(_definition(self._near(call)))

    def define(self, call: Call) -> Answer:
        """Make a custom role, or replace what it says."""
        wanted = _read_definition(call.json_object())
        role, is_new = self._definitions.put(call.work, call.params["role"], **wanted)
        return created(_definition(role), is_new=is_new)

    def undefine(self, call: Call) -> Answer:
        """Remove a custom role that nobody holds."""
        try:
            role = self._near(call)
        except NotFound:
            return empty()
        self._definitions.delete(call.work, role)
        return ok(_definition(role))

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
                "The assignment names no role or nobody. Send properties.roleDefinitionId and properties.principalId.",
                target="properties",
            )
        row, is_new = self._directory.assign(
            call.work,
            role=self._definitions.named(call.work, role),
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

    def _near(self, call: Call) -> RoleDefinition:
        """The role that a call names, unless it can only be given somewhere else."""
        role = self._definitions.named(call.work, call.params["role"])
        if not is_near(role, self._scope(call)):
            raise NotFound(
                f"There is no role {role.id} at this scope. List those there are.", code="RoleDefinitionDoesNotExist"
            )
        return role

    def _at_scope(self, call: Call) -> RowMapping:
        """The assignment, when it stands at the scope of the call: a path of one scope never reaches another's."""
        row = self._directory.assignment(call.work, call.params["assignment"])
        if split_scope(row["scope_key"]) != self._scope(call):
            raise NotFound(
                f"There is no role assignment {row['id']} at this scope. List those there are.",
                code="RoleAssignmentNotFound",
            )
        return row

    def _scope(self, call: Call) -> tuple[str, ...]:
        depth = len(split_scope(_scope_template(call)))
        return scope_segments(call, self._find_scope)[:depth]

    def _assignment(self, work: Work, row: RowMapping) -> dict[str, Any]:
        actor = self._directory.actor(work, row["actor_id"])
        scope = "" if row["scope"] == "/" else row["scope"]
        role = self._definitions.by_id(work, [row["role"]]).get(row["role"])
        return {
            "id": f"{scope}{_PROVIDER}/roleAssignments/{row['id']}",
            "name": row["id"],
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": f"{_PROVIDER}/roleDefinitions/{row['role']}",
                "roleDefinitionName": role.name if role else None,
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
            "type": _kind(role),
            "description": role.description,
            "assignableScopes": list(role.assignable_scopes),
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


def _kind(role: RoleDefinition) -> str:
    return "CustomRole" if role.is_custom else "BuiltInRole"


def _read_definition(body: dict[str, Any]) -> dict[str, Any]:
    """What a body says of a role, as the arguments of `RoleDefinitions.put`."""
    wanted = body.get("properties", body)
    if not isinstance(wanted, dict):
        raise InvalidRequest("properties is no object. Send the role in it.", target="properties")
    name, description = wanted.get("roleName"), wanted.get("description") or ""
    if not isinstance(name, str) or not isinstance(description, str):
        raise InvalidRequest(
            "The role has no name, or a description that is no text. Send properties.roleName.",
            target="properties.roleName",
        )
    permissions = wanted.get("permissions") or []
    if not isinstance(permissions, list) or len(permissions) != 1 or not isinstance(permissions[0], dict):
        raise InvalidRequest(
            'A role needs one entry in properties.permissions: [{"actions": [..], "notActions": [..]}].',
            target="properties.permissions",
        )
    granted = permissions[0]
    for field in ("dataActions", "notDataActions"):
        if _words(granted, field):
            raise InvalidRequest(
                f"{field} has no meaning here: data is governed by actions, e.g. "
                "Microsoft.MachineLearningServices/workspaces/datastores/read. Leave it empty.",
                target=f"properties.permissions.{field}",
            )
    return {
        "name": name,
        "description": description,
        "actions": _words(granted, "actions"),
        "not_actions": _words(granted, "notActions"),
        "assignable_scopes": _words(wanted, "assignableScopes"),
    }


def _words(body: dict[str, Any], field: str) -> list[str]:
    found = body.get(field) or []
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise InvalidRequest(f"{field} is no list of texts. Send one.", target=field)
    return found
