"""The provider's side of OpenID Connect: the authorization code flow with PKCE, and the check of what comes back."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from smalt.errors import Forbidden, Unavailable
from smalt.server.signin.settings import SignInSettings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY_SECONDS = 60
_KNOWN_FOR_SECONDS = 3600.0
_SECONDS = 15.0
_MOST_BYTES = 1 << 20


class Provider:
    """The provider of accounts.

    Args:
        settings: The operator's.
    """

    def __init__(self, settings: SignInSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, redirect_uri: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in.

        Raises:
            Unavailable: The provider cannot be asked.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._settings.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(self._settings.scopes),
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        endpoint = self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    def claims(self, code: str, redirect_uri: str, *, nonce: str, verifier: str) -> Mapping[str, Any]:
        """What the provider says of the person who came back with a code.

        Raises:
            Forbidden: The code, or what it was exchanged for, is not good.
            Unavailable: The provider cannot be asked.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.client_id,
            "code_verifier": verifier,
        }
        if self._settings.client_secret is not None:
            form["client_secret"] = self._settings.client_secret.get_secret_value()
        answer = self._asked("POST", self._endpoint("token_endpoint"), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Forbidden("The provider has taken the code and sent no id_token. Add openid to scopes.")
        return self._checked(token, nonce)

    def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        found = self._decoded(token, fresh=False) or self._decoded(token, fresh=True)
        if found is None:
            raise Forbidden("The id_token was not signed by a key of the provider. Sign in again.")
        now = time.time()
        audience = found.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        wrong = (
            found.get("iss") != self._settings.issuer
            or self._settings.client_id not in audiences
            or (len(audiences) > 1 and found.get("azp") != self._settings.client_id)
            or not isinstance(found.get("exp"), int | float)
            or found["exp"] < now - _LEEWAY_SECONDS
            or found.get("nonce") != nonce
            or not isinstance(found.get("sub"), str)
        )
        if wrong:
            raise Forbidden("The id_token is for somebody else, too old, or of another issuer. Sign in again.")
        return found

    def _decoded(self, token: str, *, fresh: bool) -> dict[str, Any] | None:
        keys = self._document(self._endpoint("jwks_uri"), fresh=fresh)
        try:
            return dict(jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def _endpoint(self, name: str) -> str:
        document = self._document(self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != self._settings.issuer:
            raise Unavailable(
                f"The provider calls itself {str(document.get('issuer'))[:200]!r}, not {self._settings.issuer!r}. "
                "Write its issuer into sign-in.yaml as it is."
            )
        found = document.get(name)
        if not isinstance(found, str):
            raise Unavailable(f"The provider at {self._settings.issuer} tells no {name}. Is it OpenID Connect?")
        return found

    def _document(self, url: str, *, fresh: bool = False) -> dict[str, Any]:
        with self._lock:
            at, found = self._known.get(url, (0.0, {}))
            if fresh or time.monotonic() - at > _KNOWN_FOR_SECONDS or not found:
                found = self._asked("GET", url)
                self._known[url] = (time.monotonic(), found)
            return found

    def _asked(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = httpx2.request(method, url, data=form, timeout=_SECONDS, headers={"Accept": "application/json"})
            content: Any = answer.json() if len(answer.content) <= _MOST_BYTES else None
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable(
                f"The provider at {self._settings.issuer} cannot be asked ({type(error).__name__}). Try again later."
            ) from None
        if method == "POST" and answer.status_code in {400, 401}:
            reason = str(content.get("error", ""))[:100] if isinstance(content, dict) else ""
            raise Forbidden(f"The provider does not take the code ({reason}). Sign in again.")
        if answer.status_code != 200 or not isinstance(content, dict):
            raise Unavailable(
                f"The provider at {self._settings.issuer} answered {answer.status_code} where it tells of itself. "
                "Check issuer in sign-in.yaml."
            )
        return content
