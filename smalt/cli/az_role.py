"""`az role assignment` and `az role definition`, with the options and the output of `az`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from smalt.entities.role import Role, RoleAssignment
from smalt.errors import InvalidRequest
from smalt.sdk.client import MLClient

Document = dict[str, Any]  # Any: JSON


def answer(verb: str, client: MLClient, options: Document) -> object:
    """Answer one verb, e.g. `assignment create`, with what `az` prints."""
    return _ANSWERS[verb](client, options)


def _create_assignment(client: MLClient, options: Document) -> Document:
    held = client.roles.assign(
        _needed(options, "role"), _assignee(options, is_needed=True) or "", scope=_scope(client, options)
    )
    return _assignment(held)


def _delete_assignments(client: MLClient, options: Document) -> None:
    if "ids" in options:
        for assignment_id in (options["ids"], *options["rest"]):
            client.roles.revoke_by_id(assignment_id)
        return
    role, assignee = options.get("role"), _assignee(options)
    if role is None and assignee is None and "scope" not in options:
        raise click.UsageError("Name what to delete with --ids, or with --assignee, --role and --scope.")
    scope = _scope(client, options)
    for held in _at(scope, client.roles.assignments(scope=scope, assignee=assignee, role=role)):
        client.roles.revoke_by_id(str(held.id))


def _list_assignments(client: MLClient, options: Document) -> list[Document]:
    scope = "/" if "all" in options else _scope(client, options)
    found: Iterable[RoleAssignment] = client.roles.assignments(
        scope=scope, assignee=_assignee(options), role=options.get("role")
    )
    if "all" not in options and "include-inherited" not in options:
        found = _at(scope, found)
    return [_assignment(held) for held in found]


def _list_definitions(client: MLClient, options: Document) -> list[Document]:
    wanted = options.get("name")
    is_custom_only = str(options.get("custom-role-only", "false")).lower() == "true"
    found = client.roles.list(scope=_scope(client, options), custom_only=is_custom_only)
    return [_definition(role) for role in found if wanted is None or wanted in {role.name, _last(role.id)}]


def _create_definition(client: MLClient, options: Document) -> Document:
    return _definition(client.roles.create_or_update(_read(_needed(options, "role-definition"))))


def _delete_definition(client: MLClient, options: Document) -> None:
    client.roles.delete(_needed(options, "name"), scope=_scope(client, options))


_ANSWERS: dict[str, Callable[[MLClient, Document], object]] = {
    "assignment create": _create_assignment,
    "assignment delete": _delete_assignments,
    "assignment list": _list_assignments,
    "definition create": _create_definition,
    "definition update": _create_definition,
    "definition delete": _delete_definition,
    "definition list": _list_definitions,
}


def _needed(options: Document, name: str) -> str:
    value = options.get(name)
    if not isinstance(value, str):
        raise click.UsageError(f"--{name} is needed.")
    return value


def _assignee(options: Document, *, is_needed: bool = False) -> str | None:
    for name in ("assignee", "assignee-object-id"):
        if name in options:
            return _needed(options, name)
    return _needed(options, "assignee") if is_needed else None


def _scope(client: MLClient, options: Document) -> str:
    """The scope that is named, or the group, or the subscription: as `az` takes them."""
    if "scope" in options:
        return _needed(options, "scope")
    subscription = f"/subscriptions/{client.subscription_id}"
    return f"{subscription}/resourceGroups/{options['resource-group']}" if "resource-group" in options else subscription


def _at(scope: str, found: Iterable[RoleAssignment]) -> Iterable[RoleAssignment]:
    key = scope.rstrip("/").lower()
    return [held for held in found if held.scope.rstrip("/").lower() == key]


def _read(given: str) -> Role:
    """A role in the JSON of `az`, whose keys begin with a capital or do not: a file, `@file` or the text itself."""
    text = given if given.lstrip().startswith("{") else _text_of(Path(given.removeprefix("@")))
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidRequest(f"--role-definition holds no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("--role-definition must be a JSON object.")
    fields = {key[:1].lower() + key[1:]: value for key, value in found.items()}
    for name in ("dataActions", "notDataActions"):
        if fields.get(name):
            raise InvalidRequest(f"{name} has no meaning here. Leave it empty; actions govern data as well.")
    document = {
        "name": fields.get("roleName") or fields.get("name"),
        "id": fields.get("id") or None,
        "description": fields.get("description") or None,
        "actions": fields.get("actions") or [],
        "not_actions": fields.get("notActions") or [],
        "assignable_scopes": fields.get("assignableScopes") or [],
    }
    return Role.parse(document)


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise InvalidRequest(f"--role-definition {str(path)!r} cannot be read: {error.strerror}.") from None


def _assignment(held: RoleAssignment) -> Document:
    return {
        "id": held.id,
        "name": _last(held.id),
        "principalId": held.user_id,
        "principalName": held.user,
        "roleDefinitionName": held.role,
        "scope": held.scope,
        "createdOn": held.created_at,
        "type": "Microsoft.Authorization/roleAssignments",
    }


def _definition(role: Role) -> Document:
    return {
        "assignableScopes": role.assignable_scopes,
        "description": role.description or "",
        "id": role.id,
        "name": _last(role.id),
        "permissions": [
            {"actions": role.actions, "notActions": role.not_actions, "dataActions": [], "notDataActions": []}
        ],
        "roleName": role.name,
        "roleType": "CustomRole" if role.type == "custom" else "BuiltInRole",
        "type": "Microsoft.Authorization/roleDefinitions",
    }


def _last(identifier: str | None) -> str:
    return (identifier or "").rsplit("/", 1)[-1]
