"""Who may score: keys by their hash, tokens by their signature."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from smalt.gateway.refusal import Refusal
from smalt.gateway.table import EndpointEntry

_ALGORITHMS = ["RS256"]
_REMEMBERED = 4096
_REMEMBERED_KEYS = 16
_LEEWAY_SECONDS = 60
_UNAUTHENTICATED = ((b"www-authenticate", b"Bearer"),)


class Access:
    """The door of one endpoint.

    Args:
        endpoint: As the table has it.
        now: Seconds since the epoch.
    """

    def __init__(self, endpoint: EndpointEntry, now: Callable[[], float] = time.time) -> None:
        self._endpoint = endpoint
        self._now = now
        self._hashes = frozenset(each.lower() for each in endpoint.key_hashes)
        self._key_set: Any = None  # Any: of joserfc, read with the first token
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._opened: dict[bytes, str] = {}

    def check(self, authorization: bytes | None) -> str | Refusal:
        """Who calls, as a name that is no secret; or why they may not."""
        # The header of a key that was right is known again without a hash: there are as many of them as spellings.
        known = self._opened.get(authorization) if authorization is not None else None
        return self._look_at(authorization) if known is None else known

    def _look_at(self, authorization: bytes | None) -> str | Refusal:
        if authorization is None:
            return _unauthenticated("No credentials came with the request. Send Authorization: Bearer <key or token>.")
        scheme, _, secret = authorization.partition(b" ")
        secret = secret.strip()
        if scheme.lower() != b"bearer" or not secret:
            return _unauthenticated("The Authorization header is of another kind. Send Authorization: Bearer <...>.")
        digest = hashlib.sha256(secret).hexdigest()
        if self._endpoint.auth == "key":
            if digest in self._hashes:
                if len(self._opened) < _REMEMBERED_KEYS:
                    self._opened[authorization] = digest[:12]
                return digest[:12]
            return _unauthenticated("The key is not one of this endpoint. Get it with get-credentials.")
        return self._check_token(digest, secret)

    def _check_token(self, digest: str, token: bytes) -> str | Refusal:
        known = self._known.get(digest)
        if known is not None and known[1] > self._now():
            self._known.move_to_end(digest)
            return known[0]
        try:
            claims = self._claims(token.decode("ascii"))
        except (JoseError, ValueError, TypeError, KeyError) as failure:
            return _unauthenticated(f"The token is not valid here ({type(failure).__name__}). Get a new one.")
        subject = str(claims.get("oid") or claims.get("sub") or "")
        subjects = self._endpoint.subjects
        if subjects is not None and not {subject, str(claims.get("sub") or "")} & set(subjects):
            return Refusal(403, "Forbidden", "The token is valid, but its owner may not score here. Ask for the role.")
        caller = subject[:64] or digest[:12]
        self._known[digest] = (caller, float(claims["exp"]))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return caller

    def _claims(self, token: str) -> dict[str, Any]:
        if self._key_set is None:
            self._key_set = KeySet.import_key_set(dict(self._endpoint.token_keys or {"keys": []}))  # type: ignore[arg-type]  # JSON
        claims = jwt.decode(token, self._key_set, algorithms=_ALGORITHMS).claims
        now = self._now()
        if float(claims["exp"]) + _LEEWAY_SECONDS < now or float(claims.get("nbf", 0)) - _LEEWAY_SECONDS > now:
            raise ValueError("expired")
        if self._endpoint.issuer is not None and claims.get("iss") != self._endpoint.issuer:
            raise ValueError("issuer")
        audience = claims.get("aud")
        wanted = self._endpoint.audience
        if not wanted or wanted not in (audience if isinstance(audience, list) else [audience]):
            raise ValueError("audience")
        return dict(claims)


def _unauthenticated(message: str) -> Refusal:
    return Refusal(401, "Unauthorized", message, _UNAUTHENTICATED)
