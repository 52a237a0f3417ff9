"""Sessions of browsers: a personal token of a few hours in a cookie, and the proof that a write was meant by our page.

A cookie goes along with every request, whoever caused it. So one alone opens only reads; a write also needs a word that
follows from the cookie and that only a page of this server can have read.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from smalt.errors import Forbidden, NotAuthenticated
from smalt.server.http import Call
from smalt.server.identity import store
from smalt.server.identity.directory import Directory
from smalt.server.identity.service import IdentityService
from smalt.server.identity.tokens import digest
from smalt.server.work import Actor, Work

PROOF_HEADER = "x-csrf-token"
_SESSION, _LINK = "studio session", "studio link"
_SESSION_LIFETIME = timedelta(hours=12)
_LINK_LIFETIME = timedelta(minutes=2)
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class BrowserSession:
    """A session that was opened.

    Args:
        token: What the cookie holds.
        actor: Who is signed in.
        expires_at: When it ends by itself.
    """

    token: str
    actor: Actor
    expires_at: datetime


class Sessions:
    """Opens and ends sessions of browsers.

    Args:
        identity: Knows the tokens.
    """

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def link(self, work: Work, actor: Actor) -> str:
        """A token that opens one session within two minutes."""
        self._forget_expired(work, actor.id)
        return self._directory.create_token(work, actor.id, _LINK, expires_at=work.now + _LINK_LIFETIME).text

    def open(self, work: Work, token: str) -> BrowserSession:
        """A session for whoever a token stands for. It never outlives the token; a link is used up.

        Raises:
            NotAuthenticated: The token is not valid, or a link that was used.
            Forbidden: It is the token of a running job.
        """
        found = self._identity.authenticate(work, token)
        if found.actor.grant is not None:
            raise Forbidden("The token of a running job opens no studio. Sign in with a token of your own.")
        ends = work.now + _SESSION_LIFETIME
        if not self._use_up(work, found.actor, token) and found.expires_at is not None:
            ends = min(ends, found.expires_at)
        self._forget_expired(work, found.actor.id)
        made = self._directory.create_token(work, found.actor.id, _SESSION, expires_at=ends)
        return BrowserSession(made.text, found.actor, ends)

    def close(self, work: Work, token: str) -> None:
        """End a session. Tokens that are none stay."""
        row = store.personal_token(work.connection, digest(token), work.now)
        if row is not None and row["name"] == _SESSION:
            self._directory.revoke_token(work, row["actor_id"], row["id"])

    @property
    def _directory(self) -> Directory:
        return self._identity.directory

    def _use_up(self, work: Work, actor: Actor, token: str) -> bool:
        """Whether the token is a link; it is one no more."""
        row = store.personal_token(work.connection, digest(token), work.now)
        if row is None or row["name"] != _LINK:
            return False
        if not self._directory.revoke_token(work, actor.id, row["id"]):
            raise NotAuthenticated("This link was used already. Make another with `smalt studio`.")
        return True

    def _forget_expired(self, work: Work, actor_id: str) -> None:
        for row in self._directory.list_tokens(work, actor_id):
            if row["name"] in {_SESSION, _LINK} and row["expires_at"] <= work.now:
                store.delete_credential(work.connection, actor_id, row["id"])


def cookie_name(base_url: str) -> str:
    """What the cookie of a listener is called: browsers do not part cookies by port."""
    address = urlsplit(base_url)
    return f"smalt_session_{address.port or (443 if address.scheme == 'https' else 80)}"


def session_token(call: Call) -> str | None:
    """The token in the cookie of a call, whatever it is worth."""
    try:
        found = SimpleCookie(call.header("cookie") or "").get(cookie_name(call.base_url))
    except CookieError:
        return None
    return found.value if found is not None and found.value else None


def proof(token: str) -> str:
    """The word that has to come with a write of a session."""
    return hmac.new(token.encode(), b"smalt studio writes", hashlib.sha256).hexdigest()


def admitted_token(call: Call) -> str | None:
    """The token of a session, if its cookie may stand for this call.

    Raises:
        Forbidden: It is a write, and nothing shows that a page of this server asked for it.
    """
    token = session_token(call)
    if token is None or call.request.method in _SAFE:
        return token
    given = call.header(PROOF_HEADER) or ""
    if not is_same_origin(call) or not hmac.compare_digest(given.encode(), proof(token).encode()):
        raise Forbidden(
            f"This write came with the cookie of a session and without its {PROOF_HEADER}. Reload the studio; "
            "programs send `Authorization: Bearer <token>`.",
            code="CrossSiteRequest",
        )
    return token


def is_same_origin(call: Call) -> bool:
    """Whether nothing in a call says that a page of elsewhere has caused it."""
    site, origin = call.header("sec-fetch-site"), call.header("origin")
    return site in {None, "same-origin"} and origin in {None, call.base_url}
