"""Where the official clients get their tokens: OpenID documents, the OAuth token endpoint, managed identity."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, quote

from smalt.errors import NotAuthenticated
from smalt.server.http import ANYONE, Answer, Call, Route, Routes, Wire, ok
from smalt.server.identity.errors import InvalidTokenRequest, TooManyAttempts, UnsupportedGrant
from smalt.server.identity.service import AccessToken, IdentityService

_LONGEST_FORM = 64 * 1024
_LONGEST_AUDIENCE = 1000


def token_routes(identity: IdentityService) -> list[Route]:
    """The public routes by which a client signs in."""
    table = Routes(Wire.OAUTH)
    pages = _Tokens(identity)
    for path, handler in {
        "/{tenant}/.well-known/openid-configuration": pages.openid,
        "/{tenant}/v2.0/.well-known/openid-configuration": pages.openid_v2,
        "/{tenant}/discovery/keys": pages.keys,
        "/{tenant}/discovery/v2.0/keys": pages.keys,
        "/{tenant}/discovery/instance": pages.instance,
    }.items():
        table.add("GET", path, handler, action=ANYONE)
    table.add("GET", "/msi/token", pages.managed_identity, action=ANYONE, query=("resource", "scope"))
    # Signing in reads only, so it must not queue behind the writers.
    options: dict[str, Any] = {"action": ANYONE, "writes": False, "max_body_bytes": _LONGEST_FORM}
    options["body"] = "grant_type! client_id client_secret scope resource"
    table.add("POST", "/{tenant}/oauth2/v2.0/token", pages.sign_in, **options)
    table.add("POST", "/{tenant}/oauth2/token", pages.sign_in_v1, **options)
    return table.all


class _Tokens:
    """The handlers."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def openid(self, call: Call) -> Answer:
        """The OpenID document of the first token endpoint."""
        return ok(self._document(call, ""))

    def openid_v2(self, call: Call) -> Answer:
        """The OpenID document of the second token endpoint."""
        return ok(self._document(call, "/v2.0"))

    def keys(self, call: Call) -> Answer:
        """The public keys that tokens are checked with."""
        return ok(self._identity.key.jwks(call.work.now))

    def instance(self, call: Call) -> Answer:
        """Where a client finds the OpenID document."""
        host = call.base_url.partition("://")[2]
        return ok(
            {
                "tenant_discovery_endpoint": self._base(call) + "/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    def sign_in(self, call: Call) -> Answer:
        """A token for a client id and secret."""
        return self._sign_in(call, is_v1=False)

    def sign_in_v1(self, call: Call) -> Answer:
        """A token for a client id and secret, with the answer's older fields."""
        return self._sign_in(call, is_v1=True)

    def managed_identity(self, call: Call) -> Answer:
        """A token for a process that holds one already: the managed identity of a job."""
        held = call.header("x-identity-header") or call.header("secret")
        if not held:
            raise NotAuthenticated("The header X-IDENTITY-HEADER is missing. Set IDENTITY_HEADER to a token.")
        audience = _audience(call.query.get("resource") or call.query.get("scope") or "")
        return ok(_spelled(self._identity.exchange(call.work, held, audience=audience), is_v1=True))

    def _sign_in(self, call: Call, *, is_v1: bool) -> Answer:
        form = _form(call.body)
        grant = form.get("grant_type", "")
        if grant != "client_credentials":
            raise UnsupportedGrant(f"The grant type {grant[:64]!r} is not offered. Use client_credentials.")
        client_id, secret = _client(call, form)
        audience = _audience(form.get("scope") or form.get("resource") or "")
        client = call.request.client
        try:
            token = self._identity.sign_in(
                call.work, client_id, secret, audience=audience, address=client.host if client else ""
            )
        except TooManyAttempts as error:
            body = {"error": "slow_down", "error_description": error.message}
            return Answer(error.status, body, {"Retry-After": str(error.retry_after_seconds)})
        return ok(_spelled(token, is_v1=is_v1))

    def _document(self, call: Call, version: str) -> dict[str, Any]:
        base = self._base(call)
        return {
            "issuer": self._identity.key.issuer,
            "authorization_endpoint": f"{base}/oauth2{version}/authorize",
            "token_endpoint": f"{base}/oauth2{version}/token",
            "jwks_uri": f"{base}/discovery{version}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _base(self, call: Call) -> str:
        return f"{call.base_url}/{quote(call.params['tenant'], safe='')}"


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise InvalidTokenRequest("The body is no form. Send it as application/x-www-form-urlencoded.") from error


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, rest = (call.header("authorization") or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise InvalidTokenRequest(
                "The Authorization header is not valid HTTP Basic. Encode client id and secret."
            ) from error
        return name, secret
    if "client_id" not in form or "client_secret" not in form:
        raise InvalidTokenRequest("client_id and client_secret are needed. `smalt env` prints both.")
    return form["client_id"], form["client_secret"]


def _audience(wanted: str) -> str:
    """The audience that a scope or resource asks for: what stands before `/.default`."""
    words = wanted.split()
    chosen = next((word for word in words if word.endswith("/.default")), words[0] if words else "")
    audience = chosen.removesuffix("/.default")
    if not audience or len(audience) > _LONGEST_AUDIENCE or not audience.isprintable():
        raise InvalidTokenRequest("scope (or resource) is needed, e.g. https://storage.azure.com/.default.")
    return audience


def _spelled(token: AccessToken, *, is_v1: bool) -> dict[str, Any]:
    lifetime = max(int((token.expires_at - token.issued_at).total_seconds()), 0)
    if not is_v1:
        return {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token.text,
        }
    return {
        "token_type": "Bearer",
        "expires_in": str(lifetime),
        "expires_on": str(int(token.expires_at.timestamp())),
        "not_before": str(int(token.issued_at.timestamp())),
        "resource": token.audience,
        "access_token": token.text,
    }
