"""People and rights: users, roles and the audit trail."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import clock
from smalt.sdk.room import Room
from smalt.wire.arm import access

if TYPE_CHECKING:
    from smalt.entities.audit_event import AuditEvent
    from smalt.entities.role import Role, RoleAssignment
    from smalt.entities.user import PersonalToken, User


class UserOperations:
    """`client.users`: who can sign in to the installation."""

    def __init__(self, room: Room) -> None:
        self._transport = room.transport

    def create(self, name: str, *, type: str = "user") -> User:  # noqa: A002 - the word of the entity
        """Add a person or a service principal (`type="service_principal"`). Its secret is readable only here."""
        body = {"name": name, "kind": type}
        return access.user_from_wire(self._transport.json("POST", "/smalt/actors", body=body))

    def list(self, *, max_results: int | None = None) -> Iterator[User]:
        """Everyone who can sign in, by name."""
        return (access.user_from_wire(body) for body in islice(self._transport.items("/smalt/actors"), max_results))

    def get(self, name: str) -> User:
        """One user, by name or id."""
        return access.user_from_wire(self._transport.json("GET", _user(name)))

    def delete(self, name: str) -> None:
        """Remove a user; their tokens and roles end at once."""
        self._transport.request("DELETE", _user(name))

    def renew_secret(self, name: str) -> User:
        """A new client secret, readable only here; the earlier ones end."""
        return access.user_from_wire(self._transport.json("POST", _user(name, "secrets"), body={}))

    def studio_link(self) -> str:
        """An address of the studio that signs its first visitor in as you, within two minutes."""
        return str(self._transport.json("POST", "/studio/links", body={})["url"])

    def create_token(self, name: str, token_name: str, *, expires_at: datetime | None = None) -> PersonalToken:
        """A personal token of a user, readable only here."""
        body = {"name": token_name} | ({"expiresAt": clock.to_text(expires_at)} if expires_at else {})
        return access.token_from_wire(self._transport.json("POST", _user(name, "tokens"), body=body))

    def list_tokens(self, name: str) -> builtins.list[PersonalToken]:
        """A user's personal tokens, without their text."""
        return [access.token_from_wire(body) for body in self._transport.items(_user(name, "tokens"))]

    def revoke_token(self, name: str, token_id: str) -> None:
        """End a personal token."""
        self._transport.request("DELETE", _user(name, "tokens", token_id))


class RoleOperations:
    """`client.roles`: what may be done, and who may do it where.

    A scope is the id of a subscription, group, workspace or resource, or `/` for the whole installation; the
    workspace of the client unless given.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._transport = room.transport

    def list(self, *, scope: str | None = None, custom_only: bool = False) -> Iterator[Role]:
        """The roles that can be given at a scope or inside it."""
        query = {"$filter": "type eq 'CustomRole'"} if custom_only else None
        items = self._transport.items(f"{self._at(scope)}/roleDefinitions", params=query)
        return (access.role_from_arm(body) for body in items)

    def get(self, name: str, *, scope: str | None = None) -> Role:
        """One role, by name or id."""
        return access.role_from_arm(self._transport.json("GET", self._definition(name, scope)))

    def create_or_update(self, role: Role) -> Role:
        """Write a custom role; one of the same name is replaced."""
        if not role.assignable_scopes:
            raise InvalidRequest(
                f"The role {role.name!r} has no assignable_scopes. Name at least one, e.g. {self._room.path}.",
                target="assignable_scopes",
            )
        scope = role.assignable_scopes[0]
        role_id = role.id.rsplit("/", 1)[-1] if role.id else self._id_of(role.name, scope)
        path = self._definition(role_id, scope)
        return access.role_from_arm(self._transport.json("PUT", path, body=access.role_to_arm(role)))

    def delete(self, name: str, *, scope: str | None = None) -> None:
        """Remove a custom role that nobody holds.

        Raises:
            NotFound: There is none of this name.
        """
        found = self.get(name, scope=scope)
        self._transport.request("DELETE", self._definition(str(found.id).rsplit("/", 1)[-1], scope))

    def assign(self, role: str, assignee: str, *, scope: str | None = None) -> RoleAssignment:
        """Give a role to a user, both by name or id."""
        path = f"{self._at(scope)}/roleAssignments/{uuid.uuid4()}"
        body = {"properties": {"roleDefinitionId": role, "principalId": assignee}}
        return access.assignment_from_arm(self._transport.json("PUT", path, body=body))

    def revoke(self, role: str, assignee: str, *, scope: str | None = None) -> RoleAssignment:
        """Take a role away from a user, where it was given at exactly this scope.

        Raises:
            NotFound: They do not hold it there.
        """
        wanted = self._scope(scope).lower()
        for held in self.assignments(scope=scope, assignee=assignee, role=role):
            if held.scope.rstrip("/").lower() == wanted:
                self.revoke_by_id(str(held.id))
                return held
        raise NotFound(
            f"{assignee!r} was not given the role {role!r} at {wanted or '/'!r}. `smalt role assignments` lists "
            "where they hold what."
        )

    def revoke_by_id(self, assignment_id: str) -> None:
        """Take away what an assignment gives.

        Raises:
            InvalidRequest: It is not the full id of an assignment.
        """
        if "/providers/Microsoft.Authorization/roleAssignments/".lower() not in assignment_id.lower():
            raise InvalidRequest(f"{assignment_id[:80]!r} is no id of a role assignment. Copy it from the list.")
        self._transport.request("DELETE", assignment_id)

    def assignments(
        self, *, scope: str | None = None, assignee: str | None = None, role: str | None = None
    ) -> Iterator[RoleAssignment]:
        """Who holds what at a scope, above it and inside it."""
        for body in self._transport.items(f"{self._at(scope)}/roleAssignments"):
            found = access.assignment_from_arm(body)
            definition = str(body["properties"]["roleDefinitionId"])
            if _means(assignee, found.user, found.user_id) and _means(role, found.role, definition):
                yield found

    def _id_of(self, name: str, scope: str) -> str:
        for found in self.list(scope=scope, custom_only=True):
            if found.name.lower() == name.lower():
                return str(found.id).rsplit("/", 1)[-1]
        return str(uuid.uuid4())

    def _scope(self, scope: str | None) -> str:
        text = self._room.path if scope is None else scope
        if not text.startswith("/"):
            raise InvalidRequest(f"{text!r} is no scope. Write '/' or an id that begins with /subscriptions/.")
        return text.rstrip("/")

    def _at(self, scope: str | None) -> str:
        return self._scope(scope) + access.AUTHORIZATION

    def _definition(self, name: str, scope: str | None) -> str:
        return f"{self._at(scope)}/roleDefinitions/{quote(name.rsplit('/', 1)[-1], safe='')}"


class AuditOperations:
    """`client.audit`: who changed what."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        resource: str | None = None,
        everywhere: bool = False,
        max_results: int | None = None,
    ) -> Iterator[AuditEvent]:
        """Writes and refused writes, newest first.

        Args:
            since: The first moment.
            until: The moment after the last.
            actor: Name or id of who did it.
            action: E.g. `workspaces/jobs/write`; `*` stands for any words.
            resource: An id, or a path in the workspace such as `jobs/<name>`; what is inside it is meant as well.
            everywhere: The whole installation instead of the workspace.
            max_results: At most so many.
        """
        given = {
            "since": clock.to_text(since) if since else None,
            "until": clock.to_text(until) if until else None,
            "actor": actor,
            "action": action,
            "resource": resource,
            "$top": str(min(max_results, 1000)) if max_results else None,
        }
        path = "/smalt/audit" if everywhere else f"{self._room.path}/smalt/audit"
        query = {name: value for name, value in given.items() if value}
        return (
            access.event_from_wire(body) for body in islice(self._room.transport.items(path, params=query), max_results)
        )


def _user(name: str, *rest: str) -> str:
    return "/".join(("/smalt/actors", *(quote(word, safe="") for word in (name, *rest))))


def _means(wanted: str | None, *names: str | None) -> bool:
    """Whether one of the names is the wanted one; the last part of an id does as well."""
    if wanted is None:
        return True
    key = wanted.rsplit("/", 1)[-1].lower()
    return any(name is not None and name.rsplit("/", 1)[-1].lower() == key for name in names)
