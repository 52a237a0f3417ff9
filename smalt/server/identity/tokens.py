"""Tokens as text: signed ones that expire by themselves, and personal ones that are only a random number."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey, RSAKey

from smalt.errors import NotAuthenticated
from smalt.kit import ids
from smalt.server.identity.keys import SigningKey

PERSONAL_PREFIX = "smalt_"
_ANYONE, _OF_JOBS = "RS256", "HS256"
_ALGORITHMS = [_ANYONE, _OF_JOBS]
_MAX_LENGTH = 8192


@dataclass(frozen=True)
class Claims:
    """What a valid signed token says.

    Args:
        subject: The actor's id.
        token_id: The token's own id, by which a job's token is revoked.
        job: The job it was made for.
        expires_at: Epoch seconds.
    """

    subject: str
    token_id: str
    job: str | None
    expires_at: int


class TokenMint:
    """Makes and checks signed tokens.

    Args:
        key: Signs them; tokens of keys that it does not know are refused.
    """

    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def sign(
        self,
        *,
        subject: str,
        name: str,
        audience: str,
        now: datetime,
        expires_at: datetime,
        token_id: str | None = None,
        job: str | None = None,
    ) -> str:
        """A token for an audience, in the shape that the official clients take apart. Whoever asks may check it."""
        claims = self._claims(subject, name, audience, now=now, expires_at=expires_at, token_id=token_id, job=job)
        header = {"alg": _ANYONE, "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, claims, self.key.private, algorithms=_ALGORITHMS)

    def sign_for_job(
        self, job: str, *, subject: str, audience: str, now: datetime, expires_at: datetime, token_id: str
    ) -> str:
        """A token that only servers with this key check, in the same shape: it takes a small part of the time."""
        claims = self._claims(subject, job, audience, now=now, expires_at=expires_at, token_id=token_id, job=job)
        header = {"alg": _OF_JOBS, "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, claims, self.key.of_jobs, algorithms=_ALGORITHMS)

    def _claims(
        self,
        subject: str,
        name: str,
        audience: str,
        *,
        now: datetime,
        expires_at: datetime,
        token_id: str | None,
        job: str | None,
    ) -> dict[str, Any]:  # Any: JSON
        issued = int(now.timestamp())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": self.key.issuer,
            "iat": issued,
            "nbf": issued,
            "exp": int(expires_at.timestamp()),
            "jti": token_id or ids.guid(),
            "tid": self.key.tenant,
            "oid": subject,
            "sub": subject,
            "appid": subject,
            "name": name,
            "idtyp": "app",
            "ver": "1.0",
        }
        if job is not None:
            claims["smalt_job"] = job
        return claims

    def read(self, token: str, *, now: datetime) -> Claims:
        """What a token says, once its signature, issuer and times are found right. Any audience will do.

        Raises:
            NotAuthenticated: Something about it is wrong.
        """
        if len(token) > _MAX_LENGTH or token.count(".") != 2:
            refuse("is not a token of this server")
        try:
            decoded = jwt.decode(token, lambda header: self._key_of(header, now), algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            refuse("was not signed by this server")
        if decoded.header["alg"] == _OF_JOBS and "smalt_job" not in decoded.claims:
            refuse("was not signed by this server")
        return self._checked(decoded.claims, int(now.timestamp()))

    def _key_of(self, header: GuestProtocol, now: datetime) -> RSAKey | OctKey:
        said = header.headers()
        # By the algorithm, so that a public half is never taken for a secret.
        known = self.key.known_of_jobs if said.get("alg") == _OF_JOBS else self.key.known
        found = known(said.get("kid"), now)
        if found is None:
            raise ValueError("another key")
        return found

    def _checked(self, claims: Mapping[str, Any], now: int) -> Claims:
        if claims.get("iss") != self.key.issuer:
            refuse("comes from another issuer")
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires, int) or not isinstance(begins, int):
            refuse("says no times")
        if expires <= now:
            refuse("has expired")
        if begins > now + 60:  # the clocks of two servers may differ a little
            refuse("is not valid yet")
        subject, token_id, job = claims.get("oid"), claims.get("jti"), claims.get("smalt_job")
        if not isinstance(subject, str) or not isinstance(token_id, str) or not (job is None or isinstance(job, str)):
            refuse("names no actor")
        return Claims(subject, token_id, job, expires)


def refuse(why: str) -> NoReturn:
    """Say what is wrong with a token, never showing it.

    Raises:
        NotAuthenticated: Always.
    """
    raise NotAuthenticated(f"The token {why}. Get a new one: run `smalt env`, or sign in again.")


def new_secret() -> str:
    """A random secret of 32 bytes."""
    return secrets.token_urlsafe(32)


def new_personal_token() -> str:
    """A random token that a person keeps."""
    return PERSONAL_PREFIX + new_secret()


def digest(secret: str) -> str:
    """How a secret is stored. It is random and long, so a fast hash hides it for good."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
