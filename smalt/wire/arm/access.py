"""The wire's spelling of people and rights: users, personal tokens, roles, role assignments, audit events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.audit_event import AuditEvent
from smalt.entities.role import Role, RoleAssignment
from smalt.entities.user import PersonalToken, User
from smalt.wire.arm.shape import JsonObject, snake

AUTHORIZATION = "/providers/Microsoft.Authorization"
_KINDS = {"User": "user", "Application": "service_principal"}
_ROLE_TYPES = {"BuiltInRole": "built_in", "CustomRole": "custom"}


def user_from_wire(body: Mapping[str, Any]) -> User:  # Any: JSON
    """A user as the server tells of them."""
    return User.parse({**_fields(body, "kind"), "type": _KINDS.get(body.get("kind", "User"), "service_principal")})


def token_from_wire(body: Mapping[str, Any]) -> PersonalToken:  # Any: JSON
    """A personal token as the server tells of it."""
    return PersonalToken.parse(_fields(body))


def role_to_arm(role: Role) -> JsonObject:
    """The body of a role definition."""
    return {
        "properties": {
            "roleName": role.name,
            "type": "CustomRole",
            "description": role.description or "",
            "permissions": [{"actions": role.actions, "notActions": role.not_actions}],
            "assignableScopes": role.assignable_scopes,
        }
    }


def role_from_arm(body: Mapping[str, Any]) -> Role:  # Any: JSON
    """A role definition as the server tells of it."""
    properties = body["properties"]
    (permission,) = properties["permissions"]
    return Role.parse(
        {
            "name": properties["roleName"],
            "type": _ROLE_TYPES[properties["type"]],
            "id": body["id"],
            "description": properties["description"] or None,
            "actions": permission["actions"],
            "not_actions": permission["notActions"],
            "assignable_scopes": properties["assignableScopes"],
        }
    )


def assignment_from_arm(body: Mapping[str, Any]) -> RoleAssignment:  # Any: JSON
    """A role assignment as the server tells of it."""
    properties = body["properties"]
    return RoleAssignment.parse(
        {
            "role": properties["roleDefinitionName"],
            "user": properties["principalName"],
            "user_id": properties["principalId"],
            "scope": properties["scope"],
            "id": body["id"],
            "created_at": properties["createdOn"],
            "created_by": properties["createdBy"],
        }
    )


def event_from_wire(body: Mapping[str, Any]) -> AuditEvent:  # Any: JSON
    """An audit event as the server tells of it."""
    actor = body["actor"]
    return AuditEvent.parse({**_fields(body, "actor"), "actor": actor["name"], "actor_id": actor["id"]})


def _fields(body: Mapping[str, Any], *left_out: str) -> JsonObject:
    return {snake(key): value for key, value in body.items() if key not in left_out}
