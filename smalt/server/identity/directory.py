"""Who there is and what they may do: actors, their secrets and tokens, and the roles they were given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from smalt.errors import Conflict, InvalidRequest, NotFound
from smalt.kit import ids
from smalt.server.audit import split_scope
from smalt.server.http import Page
from smalt.server.identity import store
from smalt.server.identity.definitions import checked_guid, is_assignable
from smalt.server.identity.roles import OWNER, RoleDefinition
from smalt.server.identity.tokens import digest, new_personal_token, new_secret
from smalt.server.work import ActorKind, Work

_LONGEST_NAME = 128
_LONGEST_LIFE = timedelta(days=3653)


@dataclass(frozen=True)
class FirstOwner:
    """The first owner's way in; the secret and the token can be read only here."""

    name: str
    client_id: str
    client_secret: str
    token: str


@dataclass(frozen=True)
class NewActor:
    """An actor that was just made; the secret can be read only here."""

    row: RowMapping
    client_secret: str


@dataclass(frozen=True)
class NewToken:
    """A personal token that was just made; its text can be read only here."""

    id: str
    name: str
    text: str
    expires_at: datetime | None


class Directory:
    """Manages actors and roles.

    Args:
        forget: Called after the commit of whatever takes something away.
    """

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget

    def ensure_first_owner(self, work: Work, name: str = "owner") -> FirstOwner | None:
        """Make an owner of the whole installation. None when there is one: their secrets cannot be read again."""
        if store.root_holder(work.connection, OWNER.id) is not None:
            return None
        made = self.create_actor(work, name, ActorKind.USER)
        self.assign(work, role=OWNER, actor_id=made.row["id"], scope="/")
        token = self.create_token(work, made.row["id"], "first")
        return FirstOwner(name, made.row["id"], made.client_secret, token.text)

    def renew_first_owner(self, work: Work) -> FirstOwner:
        """A new secret and token for the first owner; the earlier ones end. For whoever lost the file with them."""
        row = store.root_holder(work.connection, OWNER.id)
        if row is None:
            raise NotFound("Nobody owns this installation yet. Start it once to make the first owner.")
        store.delete_credentials(work.connection, row["id"], kind="token")
        secret = self.renew_secret(work, row["id"])
        return FirstOwner(row["name"], row["id"], secret, self.create_token(work, row["id"], "first").text)

    def create_actor(self, work: Work, name: str, kind: ActorKind) -> NewActor:
        """Add a person or a service principal, who may do nothing yet.

        Raises:
            Conflict: The name is taken.
        """
        actor_id = ids.guid()
        self._add(work, actor_id, name, kind)
        secret = self._add_secret(work, actor_id)
        return NewActor(self.actor(work, actor_id), secret)

    def create_person(self, work: Work, actor_id: str, name: str) -> None:
        """Add a person who has no secret here, since somebody else knows them.

        Raises:
            Conflict: The name is taken.
        """
        self._add(work, actor_id, name, ActorKind.USER)

    def _add(self, work: Work, actor_id: str, name: str, kind: ActorKind) -> None:
        checked = _checked_name(name)
        if store.actor_named(work.connection, checked) is not None:
            raise Conflict(f"There is an actor {checked!r} already. Choose another name.", target="name")
        row = {
            "id": actor_id,
            "name": checked,
            "kind": kind.value,
            "created_at": work.now,
            "created_by": work.actor.name,
        }
        store.add_actor(work.connection, row)

    def actor(self, work: Work, reference: str) -> RowMapping:
        """The actor with this id or name.

        Raises:
            NotFound: There is none.
        """
        found = None
        if "\x00" not in reference:
            found = store.actor(work.connection, reference) or store.actor_named(work.connection, reference)
        if found is None:
            raise NotFound(f"There is no actor {reference[:128]!r}. List them with `smalt user list`.", target="actor")
        return found

    def list_actors(self, work: Work, *, after: str | None, limit: int) -> Page[RowMapping]:
        """Actors by name."""
        rows = store.list_actors(work.connection, after=after, limit=limit + 1)
        return Page(rows[:limit], rows[limit - 1]["name"] if len(rows) > limit else None)

    def delete_actor(self, work: Work, reference: str) -> None:
        """Remove an actor; their tokens end with the commit.

        Raises:
            Conflict: It is the last owner.
        """
        row = self.actor(work, reference)
        held = store.assignments_of(work.connection, row["id"])
        if any(item["role"] == OWNER.id and item["scope_key"] == "/" for item in held):
            self._keep_one_owner(work)
        store.delete_actor(work.connection, row["id"])
        work.after_commit(self._forget)

    def renew_secret(self, work: Work, reference: str) -> str:
        """A new client secret; the earlier ones end."""
        row = self.actor(work, reference)
        store.delete_credentials(work.connection, row["id"], kind="secret")
        work.after_commit(self._forget)
        return self._add_secret(work, row["id"])

    def create_token(self, work: Work, reference: str, name: str, *, expires_at: datetime | None = None) -> NewToken:
        """A personal token of an actor.

        Raises:
            InvalidRequest: It would have ended already.
        """
        row = self.actor(work, reference)
        if expires_at is not None and not work.now < expires_at < work.now + _LONGEST_LIFE:
            raise InvalidRequest(
                f"expiresAt {expires_at} is past or more than ten years away. Give a moment in between, or none.",
                target="expiresAt",
            )
        token = NewToken(ids.guid(), _checked_name(name), new_personal_token(), expires_at)
        self._add_credential(work, row["id"], "token", token.text, token_id=token.id, name=token.name, ends=expires_at)
        return token

    def list_tokens(self, work: Work, reference: str) -> Sequence[RowMapping]:
        """An actor's personal tokens, never their text."""
        return store.list_credentials(work.connection, self.actor(work, reference)["id"], kind="token")

    def revoke_token(self, work: Work, reference: str, token_id: str) -> bool:
        """End a personal token; whether it was there."""
        row = self.actor(work, reference)
        work.after_commit(self._forget)
        return store.delete_credential(work.connection, row["id"], token_id)

    def assign(
        self, work: Work, *, role: RoleDefinition, actor_id: str, scope: str, assignment_id: str | None = None
    ) -> tuple[RowMapping, bool]:
        """Give a role at a scope; the assignment, and whether it is new.

        Raises:
            Conflict: The id or the same role is taken by another assignment.
            InvalidRequest: The role is not for this scope.
            NotFound: There is no such actor.
        """
        actor = self.actor(work, actor_id)
        key = "/" + "/".join(split_scope(scope))
        if not is_assignable(role, split_scope(scope)):
            raise InvalidRequest(
                f"The role {role.name!r} cannot be given at {scope!r}. Its assignable scopes are "
                f"{', '.join(role.assignable_scopes)}; add this one there first.",
                code="RoleAssignmentScopeNotAssignableToRoleDefinition",
            )
        wanted = checked_guid(assignment_id, "role assignment") if assignment_id else ids.guid()
        present = store.assignment(work.connection, wanted)
        if present is not None:
            if (present["actor_id"], present["role"], present["scope_key"]) == (actor["id"], role.id, key):
                return present, False
            raise Conflict(
                f"The role assignment {wanted} says something else. Delete it first, or use a new id.",
                code="RoleAssignmentUpdateNotPermitted",
            )
        same = store.same_assignment(work.connection, actor_id=actor["id"], role=role.id, scope_key=key)
        if same is not None:
            raise Conflict(
                f"{actor['name']!r} has the role {role.name!r} at {scope!r} already, by {same['id']}. Keep that.",
                code="RoleAssignmentExists",
            )
        row = {
            "id": wanted,
            "actor_id": actor["id"],
            "role": role.id,
            "scope": scope,
            "scope_key": key,
            "created_at": work.now,
            "created_by": work.actor.name,
        }
        store.add_assignment(work.connection, row)
        work.after_commit(self._forget)
        return self.assignment(work, wanted), True

    def assignment(self, work: Work, assignment_id: str) -> RowMapping:
        """The assignment with this id.

        Raises:
            NotFound: There is none.
        """
        found = store.assignment(work.connection, assignment_id.lower()) if "\x00" not in assignment_id else None
        if found is None:
            raise NotFound(
                f"There is no role assignment {assignment_id[:64]!r}. List those there are.",
                code="RoleAssignmentNotFound",
            )
        return found

    def roles_of(self, work: Work, actor_id: str) -> Sequence[RowMapping]:
        """Everything an actor was given."""
        return store.assignments_of(work.connection, actor_id)

    def assignments(self, work: Work, scope: tuple[str, ...]) -> list[RowMapping]:
        """Assignments that hold at a scope, and those inside it."""
        found = []
        for row in store.list_assignments(work.connection):
            held = split_scope(row["scope_key"])
            shorter = min(len(held), len(scope))
            if held[:shorter] == scope[:shorter]:
                found.append(row)
        return found

    def unassign(self, work: Work, assignment_id: str) -> None:
        """Take a role away.

        Raises:
            Conflict: It is the last owner's.
        """
        row = self.assignment(work, assignment_id)
        if row["role"] == OWNER.id and row["scope_key"] == "/":
            self._keep_one_owner(work)
        store.delete_assignment(work.connection, row["id"])
        work.after_commit(self._forget)

    def unassign_within(self, work: Work, scope: str) -> None:
        """Take away every role at a scope and inside it: whoever makes it anew shall not find others there."""
        store.delete_assignments_within(work.connection, "/" + "/".join(split_scope(scope)))
        work.after_commit(self._forget)

    def _keep_one_owner(self, work: Work) -> None:
        if store.count_root_holders(work.connection, OWNER.id) <= 1:
            raise Conflict(
                "This is the last owner of the installation. Give the role Owner at '/' to someone else first.",
                code="LastOwner",
            )

    def _add_secret(self, work: Work, actor_id: str) -> str:
        secret = new_secret()
        self._add_credential(work, actor_id, "secret", secret, token_id=ids.guid(), name="client secret", ends=None)
        return secret

    def _add_credential(
        self, work: Work, actor_id: str, kind: str, text: str, *, token_id: str, name: str, ends: datetime | None
    ) -> None:
        row = {
            "id": token_id,
            "actor_id": actor_id,
            "kind": kind,
            "name": name,
            "digest": digest(text),
            "created_at": work.now,
            "expires_at": ends,
        }
        store.add_credential(work.connection, row)


def _checked_name(name: str) -> str:
    text = name.strip()
    if not 1 <= len(text) <= _LONGEST_NAME or not text.isprintable():
        raise InvalidRequest(
            f"The name {text[:64]!r} is not usable. Give 1 to {_LONGEST_NAME} printable characters.", target="name"
        )
    return text
