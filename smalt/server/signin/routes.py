"""Sign-in over HTTP: the way to the provider, and the way back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from smalt.errors import Forbidden, SmaltError
from smalt.server.audit import AuditRecorder
from smalt.server.http import ANYONE, Answer, Call, Route, Routes, ok
from smalt.server.identity import IdentityService, Sessions, cookie_name
from smalt.server.signin.people import PROVIDER, People
from smalt.server.signin.provider import Provider
from smalt.server.signin.settings import SignInSettings
from smalt.server.work import Works

_log = logging.getLogger(__name__)

_BEGIN = "/smalt/signIn/begin"
_END = "/smalt/signIn/end"
_SECONDS = 600


class _Handlers:
    """The handlers.

    Args:
        settings: The operator's; None where nobody comes in this way.
        identity: Knows who there is.
        works: Opens the transaction in which a person is admitted.
        recorder: Writes it down.
    """

    def __init__(
        self, settings: SignInSettings | None, identity: IdentityService, works: Works, recorder: AuditRecorder
    ) -> None:
        self._settings = settings
        self._provider = None if settings is None else Provider(settings)
        self._people = None if settings is None else People(settings, identity)
        self._sessions = Sessions(identity)
        self._works = works
        self._recorder = recorder
        self._key = secrets.token_bytes(32)  # a sign-in that a restart cuts off begins anew

    def ways(self, call: Call) -> Answer:
        """Through whom one can sign in, besides by a token."""
        value = [] if self._settings is None else [{"name": self._settings.name, "url": _BEGIN}]
        return ok({"value": value})

    def begin(self, call: Call) -> Answer:
        """Go to the provider; what comes back must come to this browser."""
        if self._provider is None:
            raise Forbidden("This server has no provider of accounts. The operator names one in sign-in.yaml.")
        going: dict[str, Any] = {  # Any: JSON
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "next": _inside(call.query.get("next", "")),
            "until": int(time.time()) + _SECONDS,
        }
        url = self._provider.address(
            call.base_url + _END, state=going["state"], nonce=going["nonce"], verifier=going["verifier"]
        )
        return _redirect(url, _cookie(call, self._sealed(going), _SECONDS))

    def end(self, call: Call) -> Answer:
        """Come back from the provider, and go on signed in; what went wrong is told on the page to sign in."""
        try:
            code, place = self._admitted(call)
        except SmaltError as error:
            _log.warning("A sign-in through the provider failed: %s", error.message)
            return _redirect(f"/studio/signin?{urlencode({'refused': error.message[:500]})}", _cookie(call, "", 0))
        return _redirect(f"/studio/signin?{urlencode({'next': place})}#{quote(code)}", _cookie(call, "", 0))

    def _admitted(self, call: Call) -> tuple[str, str]:
        if self._provider is None or self._people is None:
            raise Forbidden("This server has no provider of accounts. The operator names one in sign-in.yaml.")
        going = self._opened(_value(call))
        given = call.query.get("state", "")
        if going is None or not hmac.compare_digest(given.encode(), str(going["state"]).encode()):
            raise Forbidden("This sign-in was not begun in this browser, or too long ago. Begin again.")
        if "code" not in call.query:
            reason = call.query.get("error_description") or call.query.get("error") or "it gave no reason"
            raise Forbidden(f"The provider did not sign you in: {reason[:200]}.")
        claims = self._provider.claims(
            call.query["code"], call.base_url + _END, nonce=going["nonce"], verifier=going["verifier"]
        )
        with self._works.write(PROVIDER) as work:
            actor = self._people.admit(work, claims)
            work.tell(signed_in=actor.name)
            self._recorder.happened(work, action="authorization/signIn/action", scope="/", workspace_scope="/")
            return self._sessions.link(work, actor), str(going["next"])

    def _sealed(self, going: dict[str, Any]) -> str:
        content = base64.urlsafe_b64encode(json.dumps(going).encode()).decode()
        return f"{content}.{self._proof(content)}"

    def _opened(self, text: str) -> dict[str, Any] | None:
        content, _, given = text.partition(".")
        if not hmac.compare_digest(given.encode(), self._proof(content).encode()):
            return None
        going: dict[str, Any] = json.loads(base64.urlsafe_b64decode(content))
        return going if going["until"] >= time.time() else None

    def _proof(self, content: str) -> str:
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


def routes(
    settings: SignInSettings | None, identity: IdentityService, works: Works, recorder: AuditRecorder
) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(settings, identity, works, recorder)
    table = Routes()
    table.add("GET", "/smalt/signIn", handlers.ways, action=ANYONE)
    table.add("GET", _BEGIN, handlers.begin, action=ANYONE, query=("next",))
    table.add("GET", _END, handlers.end, action=ANYONE, query=("code", "state", "error", "error_description"))
    return table.all


def _inside(place: str) -> str:
    """A page of the studio, whatever was asked for."""
    return place if place.startswith("/studio/") and "//" not in place and "\\" not in place else "/studio/"


def _redirect(url: str, cookie: str) -> Answer:
    return Answer(302, None, {"Location": url, "Set-Cookie": cookie, "Cache-Control": "no-store"})


def _cookie(call: Call, value: str, lifetime: int) -> str:
    # Lax: the way back begins at the provider's page, and the cookie has to come along.
    secure = "; Secure" if call.base_url.startswith("https:") else ""
    return f"{_name(call)}={value}; Path=/smalt/signIn; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}"


def _name(call: Call) -> str:
    return cookie_name(call.base_url).replace("session", "signin")


def _value(call: Call) -> str:
    try:
        found = SimpleCookie(call.header("cookie") or "").get(_name(call))
    except CookieError:
        return ""
    return found.value if found is not None else ""
