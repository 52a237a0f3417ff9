"""The roles there are: the built-in ones, and those that people of this installation have made."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import RowMapping

from smalt.errors import Conflict, Forbidden, InvalidRequest, NotFound
from smalt.server.audit import split_scope
from smalt.server.identity import store
from smalt.server.identity.access import allows
from smalt.server.identity.roles import ROLES, RoleDefinition, find_role, role_key
from smalt.server.work import Work

_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 2048
_LONGEST_SCOPE = 1024
_MOST_ACTIONS = 512
_MOST_SCOPES = 100
# Each star multiplies the ways in which a pattern can be tried on an action.
_MOST_STARS = 4
_ACTION = re.compile(r"\*|[\w.*-]+(?:/[\w.*-]+)+", re.ASCII)
_BUILT_IN = {role.id: role for role in ROLES}


class RoleDefinitions:
    """Finds roles, and makes, changes and removes custom ones.

    Args:
        forget: Called after the commit of whatever changes what somebody may do.
    """

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget

    def named(self, work: Work, reference: str) -> RoleDefinition:
        """The role of this name, guid or definition id.

        Raises:
            NotFound: There is none.
        """
        found = find_role(reference) or self._custom(work, role_key(reference))
        if found is None:
            raise NotFound(
                f"There is no role {reference[:128]!r}. List them with `smalt role list`.",
                code="RoleDefinitionDoesNotExist",
            )
        return found

    def by_id(self, work: Work, role_ids: Collection[str]) -> Mapping[str, RoleDefinition]:
        """The roles with these ids, as far as they exist."""
        found = {role_id: _BUILT_IN[role_id] for role_id in role_ids if role_id in _BUILT_IN}
        for role_id in set(role_ids) - found.keys():
            row = store.definition(work.connection, role_id)
            if row is not None:
                found[role_id] = _role(row)
        return found

    def list(self, work: Work, scope: tuple[str, ...]) -> Sequence[RoleDefinition]:
        """The built-in roles, and the custom ones that can be given at a scope or inside it."""
        custom = (_role(row) for row in store.list_definitions(work.connection))
        return [*ROLES, *(role for role in custom if is_near(role, scope))]

    def put(
        self,
        work: Work,
        role_id: str,
        *,
        name: str,
        description: str,
        actions: Sequence[str],
        not_actions: Sequence[str],
        assignable_scopes: Sequence[str],
    ) -> tuple[RoleDefinition, bool]:
        """Make a custom role or replace what it says; and whether it is new.

        Raises:
            Conflict: The name is taken, or somebody holds the role where it could no longer be given.
            Forbidden: The caller may not define roles at one of the scopes, the present or the new ones.
            InvalidRequest: Something of it is not usable.
        """
        wanted = RoleDefinition(
            checked_guid(role_id, "role definition"),
            _checked_name(name),
            _checked_description(description),
            _checked_actions(actions, "actions"),
            _checked_actions(not_actions, "notActions"),
            _checked_scopes(assignable_scopes),
            is_custom=True,
        )
        if wanted.id in _BUILT_IN:
            raise InvalidRequest(f"The role {wanted.id} is built in and stays as it is. Make one with another id.")
        if not wanted.actions:
            raise InvalidRequest("The role allows nothing. Give at least one action.", target="actions")
        present = store.definition(work.connection, wanted.id)
        for role in (wanted, *([_role(present)] if present else [])):
            _require_right_to_define(work, role)
        self._check_free(work, wanted)
        self._check_holders(work, wanted)
        store.put_definition(work.connection, _row(work, wanted))
        work.after_commit(self._forget)
        return wanted, present is None

    def delete(self, work: Work, role: RoleDefinition) -> None:
        """Remove a custom role that nobody holds.

        Raises:
            Conflict: Somebody holds it.
            InvalidRequest: It is built in.
        """
        if not role.is_custom:
            raise InvalidRequest(f"The role {role.name!r} is built in and stays. Make a custom one.", target="role")
        _require_right_to_define(work, role)
        held = store.holders(work.connection, role.id)
        if held:
            raise Conflict(
                f"Somebody holds the role {role.name!r}, by assignment {held[0]['id']}. Take it away first; "
                "`smalt role assignments` lists who holds what.",
                code="RoleDefinitionHasAssignments",
            )
        store.delete_definition(work.connection, role.id)

    def _custom(self, work: Work, key: str) -> RoleDefinition | None:
        if "\x00" in key:
            return None
        row = store.definition(work.connection, key) or store.definition_named(work.connection, key)
        return _role(row) if row is not None else None

    def _check_free(self, work: Work, wanted: RoleDefinition) -> None:
        other = find_role(wanted.name) or self._custom(work, wanted.name.lower())
        if other is not None and other.id != wanted.id:
            raise Conflict(
                f"There is a role {other.name!r} already, {other.id}. Choose another name.",
                code="RoleDefinitionWithSameNameExists",
            )

    def _check_holders(self, work: Work, wanted: RoleDefinition) -> None:
        for held in store.holders(work.connection, wanted.id):
            if not is_assignable(wanted, split_scope(held["scope_key"])):
                raise Conflict(
                    f"The role is held at {held['scope']!r}, which its new assignable scopes leave out. "
                    f"Keep that scope, or take the assignment {held['id']} away first.",
                    code="RoleDefinitionHasAssignments",
                )


def is_assignable(role: RoleDefinition, scope: tuple[str, ...]) -> bool:
    """Whether a role may be given at a scope."""
    return any(scope[: len(held)] == held for held in map(split_scope, role.assignable_scopes))


def is_near(role: RoleDefinition, scope: tuple[str, ...]) -> bool:
    """Whether a role may be given at a scope or at one inside it."""
    return is_assignable(role, scope) or any(
        held[: len(scope)] == scope for held in map(split_scope, role.assignable_scopes)
    )


def checked_guid(text: str, what: str) -> str:
    """The usual spelling of a guid.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidRequest(
            f"The {what} id {text[:64]!r} is no guid. Make one, e.g. with `uuidgen`.", target="id"
        ) from None


def _require_right_to_define(work: Work, role: RoleDefinition) -> None:
    for scope in role.assignable_scopes:
        if not allows(work.actor, "authorization/roleDefinitions/write", scope):
            raise Forbidden(
                f"{work.actor.name!r} may not define roles at {scope!r}, an assignable scope of {role.name!r}. "
                "Ask an owner of that scope, or leave it out."
            )


def _checked_name(name: str) -> str:
    text = name.strip()
    if not 1 <= len(text) <= _LONGEST_NAME or not text.isprintable() or "/" in text:
        raise InvalidRequest(
            f"The role name {text[:64]!r} is not usable. Give 1 to {_LONGEST_NAME} printable characters without '/'.",
            target="roleName",
        )
    return text


def _checked_description(text: str) -> str:
    if len(text) > _LONGEST_DESCRIPTION or "\x00" in text:
        raise InvalidRequest(
            f"The description is longer than {_LONGEST_DESCRIPTION} characters or holds a NUL. Shorten it.",
            target="description",
        )
    return text


def _checked_actions(actions: Sequence[str], field: str) -> tuple[str, ...]:
    if len(actions) > _MOST_ACTIONS:
        raise InvalidRequest(f"{field} has more than {_MOST_ACTIONS} entries. Use wildcards.", target=field)
    for action in actions:
        if not _ACTION.fullmatch(action) or len(action) > 256 or action.count("*") > _MOST_STARS or "**" in action:
            raise InvalidRequest(
                f"{action[:80]!r} is no action. Write it as Microsoft.MachineLearningServices/workspaces/jobs/read, "
                f"with '*' for any words (at most {_MOST_STARS} times).",
                target=field,
                code="InvalidActionOrNotAction",
            )
    return tuple(dict.fromkeys(actions))


def _checked_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(scopes) <= _MOST_SCOPES:
        raise InvalidRequest(
            f"A role needs 1 to {_MOST_SCOPES} assignable scopes, e.g. /subscriptions/<id>.", target="assignableScopes"
        )
    for scope in scopes:
        is_usable = scope.startswith("/") and len(scope) <= _LONGEST_SCOPE and scope.isprintable()
        if not is_usable or (scope != "/" and not scope.lower().startswith("/subscriptions/")):
            raise InvalidRequest(
                f"{scope[:80]!r} is no scope. Write '/', /subscriptions/<id> or the id of a group or workspace.",
                target="assignableScopes",
            )
    return tuple(dict.fromkeys(scope.rstrip("/") or "/" for scope in scopes))


def _row(work: Work, role: RoleDefinition) -> dict[str, object]:
    return {
        "id": role.id,
        "name": role.name,
        "name_key": role.name.lower(),
        "description": role.description,
        "actions": list(role.actions),
        "not_actions": list(role.not_actions),
        "assignable_scopes": list(role.assignable_scopes),
        "created_at": work.now,
        "created_by": work.actor.name,
        "modified_at": work.now,
        "modified_by": work.actor.name,
    }


def _role(row: RowMapping) -> RoleDefinition:
    return RoleDefinition(
        row["id"],
        row["name"],
        row["description"],
        tuple(row["actions"]),
        tuple(row["not_actions"]),
        tuple(row["assignable_scopes"]),
        is_custom=True,
    )
