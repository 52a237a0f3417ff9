"""The gate of the dispatcher: reads the token of a call, remembers who it stands for, and decides what they may do."""

from __future__ import annotations

import base64
import binascii
import hashlib

from smalt.errors import Forbidden, NotAuthenticated
from smalt.server.audit import FindScope, scope_segments, scope_text, split_scope, workspace_scope
from smalt.server.http import SIGNED_IN, Call
from smalt.server.identity.access import covers, full_action, roles_with
from smalt.server.identity.service import IdentityService
from smalt.server.identity.sessions import admitted_token
from smalt.server.work import NOBODY, Actor, JobGrant, Works


class IdentityGate:
    """Admits callers by token: ours, personal, either as the password of HTTP Basic, or in the cookie of a session.

    Args:
        identity: Knows the tokens.
        works: Opens the look into the database.
        find_scope: Finds the scope of a workspace from the parameters of a path.
    """

    def __init__(self, identity: IdentityService, works: Works, find_scope: FindScope) -> None:
        self._identity = identity
        self._works = works
        self._find_scope = find_scope

    def recall(self, call: Call) -> Actor | None:
        """The caller, when their token was seen within the last seconds."""
        token = _token(call)
        found = None if token is None else self._identity.known.get(_key(token))
        return None if found is None else found.actor

    def identify(self, call: Call) -> Actor:
        """The caller.

        Raises:
            NotAuthenticated: No token came, or one that is not valid.
        """
        token = _token(call)
        if token is None:
            raise NotAuthenticated(
                "No token came with the request. Send `Authorization: Bearer <token>`; `smalt env` prints a valid one."
            )
        ticket = self._identity.known.ticket()
        with self._works.read(NOBODY) as work:
            found = self._identity.authenticate(work, token)
            left = None if found.expires_at is None else (found.expires_at - work.now).total_seconds()
        self._identity.known.put(_key(token), found, ticket=ticket, lifetime_seconds=left)
        return found.actor

    def authorize(self, call: Call, actor: Actor) -> None:
        """Return when the actor may do the route's action at the scope of the call.

        Raises:
            Forbidden: They may not.
        """
        if actor.grant is not None:
            self._authorize_job(call, actor, actor.grant)
            return
        if call.route.action != SIGNED_IN:
            self.authorize_action(call, actor, call.route.action)

    def authorize_action(self, call: Call, actor: Actor, action: str) -> None:
        """Return when the actor may do an action at the scope of the call, whatever its route declares.

        Raises:
            Forbidden: They may not.
        """
        scope = scope_segments(call, self._find_scope)
        if covers(actor.permissions, action, scope):
            return
        helpful = " or ".join(repr(name) for name in roles_with(action)[:4])
        raise Forbidden(
            f"{actor.name!r} ({actor.id}) may not do {full_action(action)} at {scope_text(scope)!r}. "
            f"Ask an owner for one of the roles {helpful} there."
        )

    def _authorize_job(self, call: Call, actor: Actor, grant: JobGrant) -> None:
        allowed = call.route.for_jobs
        if allowed is None:
            raise Forbidden(
                f"The token of job {grant.job!r} does not open {call.route.method} {call.path[:200]!r}. "
                "A running job reaches its own run, inputs and outputs only."
            )
        if not self._is_at_home(call, grant) or not allowed(call, actor):
            raise Forbidden(
                f"The token of job {grant.job!r} opens only what belongs to it, and {call.path[:200]!r} does not. "
                "Use a person's token for anything else."
            )

    def _is_at_home(self, call: Call, grant: JobGrant) -> bool:
        """Whether the call names the job's workspace, or none at all."""
        if "workspace" not in call.params and "workspace_id" not in call.params:
            return True
        home = self._find_scope({"workspace_id": grant.workspace_id})
        return home is not None and workspace_scope(call, self._find_scope) == split_scope(home)


def _token(call: Call) -> str | None:
    header = call.header("authorization")
    return admitted_token(call) if header is None else bearer_token(header)


def bearer_token(header: str | None) -> str | None:
    """The token in an `Authorization` header; with Basic it is the password."""
    if not header:
        return None
    scheme, _, rest = header.partition(" ")
    token = rest.strip()
    if scheme.lower() == "bearer":
        return token or None
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[2] or None


def _key(token: str) -> bytes:
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=32).digest()
