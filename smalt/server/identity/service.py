"""Who a caller is: signs actors in, knows tokens, and makes and revokes the tokens of running jobs."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smalt.errors import InvalidRequest
from smalt.kit import ids
from smalt.server.audit import split_scope
from smalt.server.identity import store
from smalt.server.identity.access import covers
from smalt.server.identity.attempts import Attempts
from smalt.server.identity.definitions import RoleDefinitions
from smalt.server.identity.directory import Directory
from smalt.server.identity.errors import InvalidClient
from smalt.server.identity.keys import SigningKey
from smalt.server.identity.memory import ShortMemory
from smalt.server.identity.tokens import PERSONAL_PREFIX, TokenMint, digest, refuse
from smalt.server.work import Actor, ActorKind, JobGrant, Permission, Work

ACCESS_TOKEN_LIFETIME = timedelta(hours=1)
_OWN_AUDIENCE = "smalt"
_NO_SECRET = digest("")
_FEW = 100


@dataclass(frozen=True)
class Identified:
    """An actor, and when the token that proves it stops doing so.

    Args:
        actor: Who it is: a job, or whoever types what a job does at the moment.
        expires_at: When the token ends by itself.
        job: The id of the workspace and the name of the job whose token it is.
    """

    actor: Actor
    expires_at: datetime | None
    job: tuple[str, str] | None = None


@dataclass(frozen=True)
class AccessToken:
    """A signed token for one audience."""

    text: str
    audience: str
    issued_at: datetime
    expires_at: datetime


class IdentityService:
    """Signs in and identifies.

    Args:
        key: Signs the tokens.
        attempts: Counts wrong secrets.

    Attributes:
        directory: Who there is and what they may do.
        definitions: The roles, built-in and custom.
        known: Who was identified, by the hash of the token; forgotten whenever a role or a token is taken away.
        acts_for: Whose rights a job has, by the id of that actor, where it does what somebody types at the moment.
    """

    def __init__(self, key: SigningKey, attempts: Attempts | None = None) -> None:
        self.key = key
        self.known: ShortMemory[bytes, Identified] = ShortMemory()
        self.directory = Directory(self.known.forget_all)
        self.definitions = RoleDefinitions(self.known.forget_all)
        self._mint = TokenMint(key)
        self._attempts = attempts or Attempts()
        self.acts_for: Callable[[Work, JobGrant], str | None] = lambda work, grant: None

    @property
    def tenant(self) -> str:
        """The installation's tenant id."""
        return self.key.tenant

    def authenticate(self, work: Work, token: str) -> Identified:
        """The actor that a token of any kind stands for.

        Raises:
            NotAuthenticated: It stands for none, or no longer.
        """
        if token.startswith(PERSONAL_PREFIX):
            return self._by_personal_token(work, token)
        claims = self._mint.read(token, now=work.now)
        expires_at = datetime.fromtimestamp(claims.expires_at, UTC)
        if claims.job is not None:
            grant = self._grant(work, claims.token_id, claims.job)
            return Identified(self._acting(work, grant), expires_at, (grant.workspace_id, grant.job))
        found = self.find_actor(work, claims.subject)
        if found is None:
            refuse("belongs to an actor that was removed")
        return Identified(found, expires_at)

    def sign_in(self, work: Work, client_id: str, secret: str, *, audience: str, address: str) -> AccessToken:
        """A token for a client that proves itself by its secret.

        Raises:
            InvalidClient: Unknown client or wrong secret.
            TooManyAttempts: Wrong secrets came too often from this address for this client.
        """
        key = f"{address} {client_id[:64]}"
        self._attempts.check(key)
        if not self._has_secret(work, client_id, secret):
            self._attempts.failed(key)
            raise InvalidClient(
                f"The client {client_id[:64]!r} is unknown or its secret is wrong. Check AZURE_CLIENT_ID and "
                "AZURE_CLIENT_SECRET; `smalt env` prints valid ones."
            )
        self._attempts.succeeded(key)
        found = self.find_actor(work, client_id)
        if found is None:
            raise InvalidClient(f"The client {client_id[:64]!r} was removed. Ask an owner for another.")
        return self._access_token(work, found, audience)

    def exchange(self, work: Work, token: str, *, audience: str) -> AccessToken:
        """A token of another audience for the same actor; a job's keeps its own end and can still be revoked.

        Raises:
            NotAuthenticated: The given token is not valid.
        """
        identified = self.authenticate(work, token)
        if identified.actor.grant is None:
            return self._access_token(work, identified.actor, audience)
        claims = self._mint.read(token, now=work.now)
        assert identified.expires_at is not None
        return self._access_token(
            work, identified.actor, audience, expires_at=identified.expires_at, job_token_id=claims.token_id
        )

    def find_actor(self, work: Work, actor_id: str) -> Actor | None:
        """A person or service principal with the rights they have now; None when they were removed."""
        row = store.actor(work.connection, actor_id)
        if row is None:
            return None
        held = store.assignments_of(work.connection, actor_id)
        roles = self.definitions.by_id(work, {each["role"] for each in held})
        permissions = tuple(
            Permission(each["scope_key"], roles[each["role"]].actions, roles[each["role"]].not_actions)
            for each in held
            if each["role"] in roles
        )
        return Actor(row["id"], row["name"], ActorKind(row["kind"]), permissions)

    def issue_job_token(self, work: Work, grant: JobGrant, *, lifetime: timedelta) -> str:
        """A token for a running job that opens what the grant says and nothing else, until it ends or is revoked."""
        if lifetime <= timedelta(0):
            raise InvalidRequest(f"A job's token cannot live for {lifetime}. Give a time above zero.")
        token_id = ids.guid()
        expires_at = work.now + lifetime
        row = {
            "id": token_id,
            "workspace_id": grant.workspace_id,
            "job": grant.job,
            "grant": {
                "readable": list(grant.readable),
                "writable": list(grant.writable),
                "root": grant.root,
                "connections": list(grant.connections),
            },
            "expires_at": expires_at,
        }
        store.add_job_token(work.connection, row)
        actor = _job_actor(grant)
        return self._mint.sign_for_job(
            grant.job, subject=actor.id, audience=_OWN_AUDIENCE, now=work.now, expires_at=expires_at, token_id=token_id
        )

    def issue_endpoint_token(self, work: Work, actor: Actor, *, audience: str) -> AccessToken:
        """A token by which an actor calls one endpoint; nothing else here takes it for theirs.

        Its subject is nobody's id, so that it opens no route of this server.
        """
        expires_at = work.now + ACCESS_TOKEN_LIFETIME
        subject = str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:smalt:endpoint:{audience.lower()}:{actor.id}"))
        text = self._mint.sign(subject=subject, name=actor.name, audience=audience, now=work.now, expires_at=expires_at)
        return AccessToken(text, audience, work.now, expires_at)

    def issue_access_token(self, work: Work, actor: Actor, *, audience: str) -> AccessToken:
        """A token by which this server goes somewhere on behalf of an actor whom it has admitted."""
        return self._access_token(work, actor, audience)

    def who_may(self, work: Work, action: str, scope: str) -> list[str]:
        """Ids of the people and service principals whose roles cover an action at a scope."""
        found = []
        after = None
        while True:
            page = self.directory.list_actors(work, after=after, limit=_FEW)
            for row in page.items:
                actor = self.find_actor(work, row["id"])
                if actor is not None and covers(actor.permissions, action, split_scope(scope)):
                    found.append(actor.id)
            if page.after is None:
                return found
            after = page.after

    def revoke_job_token(self, work: Work, workspace_id: str, job: str) -> None:
        """End every token of a job: in this process with the commit, in others within seconds."""
        store.delete_job_tokens(work.connection, workspace_id, job)
        # Only those: jobs end all the time, and everybody else goes on asking.
        work.after_commit(lambda: self.known.forget(lambda found: found.job == (workspace_id, job)))

    def discard_expired(self, work: Work) -> None:
        """Remove the tokens of jobs that open nothing any more, as time has passed over them."""
        store.delete_expired_job_tokens(work.connection, work.now)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """End every token of every job of a workspace."""
        store.delete_tokens_of_workspace(work.connection, workspace_id)
        work.after_commit(self.known.forget_all)

    def last_end(self, work: Work) -> datetime:
        """When the last token that was signed until now has ended."""
        access = work.now + ACCESS_TOKEN_LIFETIME
        return max(access, store.last_job_token_end(work.connection) or access)

    def _access_token(
        self,
        work: Work,
        actor: Actor,
        audience: str,
        *,
        expires_at: datetime | None = None,
        job_token_id: str | None = None,
    ) -> AccessToken:
        expires = expires_at or work.now + ACCESS_TOKEN_LIFETIME
        text = self._mint.sign(
            subject=actor.id,
            name=actor.name,
            audience=audience,
            now=work.now,
            expires_at=expires,
            token_id=job_token_id,
            job=actor.grant.job if actor.grant else None,
        )
        return AccessToken(text, audience, work.now, expires)

    def _by_personal_token(self, work: Work, token: str) -> Identified:
        row = store.personal_token(work.connection, digest(token), work.now)
        if row is None:
            refuse("is unknown, revoked or expired")
        found = self.find_actor(work, row["actor_id"])
        assert found is not None  # credentials go with their actor
        return Identified(found, row["expires_at"])

    def _has_secret(self, work: Work, client_id: str, secret: str) -> bool:
        given = digest(secret)
        known = store.list_credentials(work.connection, client_id, kind="secret") if "\x00" not in client_id else []
        live = [row["digest"] for row in known if row["expires_at"] is None or row["expires_at"] > work.now]
        # An unknown client costs the same comparison as a known one.
        matches = [hmac.compare_digest(given, stored) for stored in live or [_NO_SECRET]]
        return bool(live) and any(matches)

    def _grant(self, work: Work, token_id: str, job: str) -> JobGrant:
        row = store.job_token(work.connection, token_id, work.now)
        if row is None or row["job"] != job:
            refuse("of this job was revoked or has expired")
        return JobGrant(
            job=row["job"],
            workspace_id=row["workspace_id"],
            readable=tuple(row["grant"]["readable"]),
            writable=tuple(row["grant"]["writable"]),
            root=row["grant"].get("root"),
            connections=tuple(row["grant"].get("connections") or ()),
        )

    def _acting(self, work: Work, grant: JobGrant) -> Actor:
        person = self.acts_for(work, grant)
        if person is None:
            return _job_actor(grant)
        found = self.find_actor(work, person)
        if found is None:
            refuse("belongs to an actor that was removed")
        return found


def _job_actor(grant: JobGrant) -> Actor:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:smalt:job:{grant.workspace_id}:{grant.job}")
    return Actor(str(identity), grant.job, ActorKind.JOB, grant=grant)
