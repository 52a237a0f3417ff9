"""Actors and personal tokens over HTTP, and the front of all routes of this slice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.audit import FindScope
from smalt.server.http import SIGNED_IN, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.identity.access import allows
from smalt.server.identity.cloud_routes import cloud_routes
from smalt.server.identity.directory import Directory
from smalt.server.identity.role_routes import role_routes
from smalt.server.identity.service import IdentityService
from smalt.server.identity.token_routes import token_routes
from smalt.server.work import ActorKind

_ADD = "authorization/actors/write"
_PERSONAL = "name! expiresAt:moment"
_KINDS = {"user": ActorKind.USER, "service_principal": ActorKind.APPLICATION}


def routes(identity: IdentityService, find_scope: FindScope) -> list[Route]:
    """Every route of this slice."""
    return [
        *cloud_routes(identity),
        *token_routes(identity),
        *role_routes(identity.directory, identity.definitions, find_scope),
        *_actor_routes(identity.directory),
    ]


def _actor_routes(directory: Directory) -> list[Route]:
    table = Routes(prefix="/smalt")
    pages = _Actors(directory)
    read, write, remove = "authorization/actors/read", _ADD, "authorization/actors/delete"
    table.add("GET", "/me", pages.me, action=SIGNED_IN)
    table.add("GET", "/me/tokens", pages.own_tokens, action=SIGNED_IN)
    table.add("POST", "/me/tokens", pages.create_own_token, action=SIGNED_IN, body=_PERSONAL)
    table.add("DELETE", "/me/tokens/{token}", pages.revoke_own_token, action=SIGNED_IN)
    table.add("GET", "/actors", pages.list, action=read, query=("$top", "$skip"))
    table.add("POST", "/actors", pages.create, action=write, body="name! kind")
    table.add("GET", "/actors/{actor}", pages.show, action=read)
    table.add("DELETE", "/actors/{actor}", pages.delete, action=remove)
    table.add("POST", "/actors/{actor}/secrets", pages.renew_secret, action=write)
    table.add("GET", "/actors/{actor}/tokens", pages.tokens, action=read)
    table.add("POST", "/actors/{actor}/tokens", pages.create_token, action=write, body=_PERSONAL)
    table.add("DELETE", "/actors/{actor}/tokens/{token}", pages.revoke_token, action=remove)
    return table.all


class _Actors:
    """The handlers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def me(self, call: Call) -> Answer:
        """Who the caller is, what they may do, and whether they may add others."""
        actor = call.actor
        scopes = [{"scope": held.scope, "actions": list(held.actions)} for held in actor.permissions]
        who = {"id": actor.id, "name": actor.name, "kind": actor.kind.value}
        return ok({**who, "permissions": scopes, "mayAddActors": allows(actor, _ADD, "/")})

    def list(self, call: Call) -> Answer:
        """Everyone who can sign in."""
        after = call.position(str)
        limit = call.number("$top", default=100, low=1, high=1000)
        page = self._directory.list_actors(call.work, after=after, limit=limit)
        return ok(call.listing(Page([_actor(row) for row in page.items], page.after)))

    def create(self, call: Call) -> Answer:
        """Add a person or a service principal; the secret is shown this once."""
        body = call.json_object()
        kind = _KINDS.get(str(body.get("kind", "user")))
        if kind is None:
            raise InvalidRequest(f"The kind is unknown. Send one of {', '.join(_KINDS)}.", target="kind")
        made = self._directory.create_actor(call.work, _text(body, "name"), kind)
        return created({**_actor(made.row), "clientSecret": made.client_secret}, is_new=True)

    def show(self, call: Call) -> Answer:
        """One actor, by id or name."""
        return ok(_actor(self._directory.actor(call.work, call.params["actor"])))

    def delete(self, call: Call) -> Answer:
        """Remove an actor; their tokens end at once."""
        self._directory.delete_actor(call.work, call.params["actor"])
        return empty()

    def renew_secret(self, call: Call) -> Answer:
        """A new client secret; the earlier ones end."""
        secret = self._directory.renew_secret(call.work, call.params["actor"])
        row = self._directory.actor(call.work, call.params["actor"])
        return created({**_actor(row), "clientSecret": secret}, is_new=True)

    def tokens(self, call: Call) -> Answer:
        """An actor's personal tokens, without their text."""
        return self._tokens(call, call.params["actor"])

    def create_token(self, call: Call) -> Answer:
        """A personal token for an actor; its text is shown this once."""
        return self._create_token(call, call.params["actor"])

    def revoke_token(self, call: Call) -> Answer:
        """End a personal token."""
        return self._revoke_token(call, call.params["actor"])

    def own_tokens(self, call: Call) -> Answer:
        """The caller's personal tokens, without their text."""
        return self._tokens(call, call.actor.id)

    def create_own_token(self, call: Call) -> Answer:
        """A personal token for the caller; its text is shown this once."""
        return self._create_token(call, call.actor.id)

    def revoke_own_token(self, call: Call) -> Answer:
        """End one of the caller's tokens."""
        return self._revoke_token(call, call.actor.id)

    def _tokens(self, call: Call, actor: str) -> Answer:
        rows = self._directory.list_tokens(call.work, actor)
        shown = [_token(row["id"], row["name"], row["expires_at"], row["created_at"]) for row in rows]
        return ok({"value": shown})

    def _create_token(self, call: Call, actor: str) -> Answer:
        body = call.json_object()
        made = self._directory.create_token(call.work, actor, _text(body, "name"), expires_at=_expiry(body))
        shown = _token(made.id, made.name, made.expires_at, call.work.now)
        return created({**shown, "token": made.text}, is_new=True)

    def _revoke_token(self, call: Call, actor: str) -> Answer:
        was_there = self._directory.revoke_token(call.work, actor, call.params["token"])
        return empty(200 if was_there else 204)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} is missing or not text. Send it as text.", target=name)
    return value


def _expiry(body: dict[str, Any]) -> datetime | None:
    value = body.get("expiresAt")
    if value is None:
        return None
    try:
        return clock.from_text(value)
    except (TypeError, ValueError):
        raise InvalidRequest("expiresAt is no moment. Write it as 2026-01-31T12:00:00Z.", target="expiresAt") from None


def _actor(row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "kind": row["kind"],
        "clientId": row["id"],
        "createdAt": clock.to_text(row["created_at"]),
        "createdBy": row["created_by"],
    }


def _token(token_id: str, name: str, expires_at: datetime | None, created_at: datetime) -> dict[str, Any]:
    return {
        "id": token_id,
        "name": name,
        "createdAt": clock.to_text(created_at),
        "expiresAt": None if expires_at is None else clock.to_text(expires_at),
    }
