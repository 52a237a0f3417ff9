"""People of an organisation come in through its own provider of accounts, with the roles that their groups have."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from smalt.server.main import Server, build
from smalt.server.settings import Settings

SETTINGS = """
name: Example
issuer: {issuer}
client_id: smalt
client_secret: quiet
allowed: ["@example.org"]
roles:
  - role: Reader
  - role: AzureML Data Scientist
    group: scientists
"""


class FakeProvider:
    """OpenID Connect as a provider speaks it, for one account whose claims a test sets."""

    def __init__(self) -> None:
        self.published = self.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.redeemed: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, provider.document(self.path))

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                self._answer(*provider.token(form))

            def _answer(self, status: int, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{place}" for name, place in names.items()}}
        return {"keys": [self.published.as_dict(private=False)]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, str]]:
        self.redeemed = form
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if form["code"] != "good" or challenge.decode() != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer,
            "aud": "smalt",
            "exp": int(time.time()) + 300,
            "nonce": self.asked["nonce"],
            **self.claims,
        }
        return 200, {"id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)}


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    found = FakeProvider()
    yield found
    found.server.shutdown()


@pytest.fixture
def provider(running: FakeProvider) -> FakeProvider:
    running.key = running.published
    running.claims = {"sub": "7", "email": "ada@example.org", "groups": ["scientists"]}
    return running


@pytest.fixture
def server(tmp_path: Path, provider: FakeProvider) -> Iterator[Server]:
    (tmp_path / "sign-in.yaml").write_text(SETTINGS.format(issuer=provider.issuer))
    found = build(Settings(home=tmp_path))
    yield found
    found.close()


def browser(server: Server) -> TestClient:
    return TestClient(server.app, base_url="http://localhost", follow_redirects=False)


def begin(client: TestClient, provider: FakeProvider, place: str = "/studio/jobs?x=1") -> str:
    """Go to the provider; the state that it gives back."""
    answer = client.get("/smalt/signIn/begin", params={"next": place})
    assert answer.status_code == 302
    url = urlsplit(answer.headers["location"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{provider.issuer}/authorize"
    provider.asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    return provider.asked["state"]


def end(client: TestClient, state: str, code: str = "good") -> tuple[dict[str, str], str]:
    """Come back; what the page to sign in is told, and the link that opens the session."""
    answer = client.get("/smalt/signIn/end", params={"state": state, "code": code})
    assert answer.status_code == 302
    url = urlsplit(answer.headers["location"])
    assert url.path == "/studio/signin"
    return dict(parse_qsl(url.query)), url.fragment


def sign_in(server: Server, provider: FakeProvider) -> dict[str, Any]:
    """A whole sign-in; who it is then, by the server's word."""
    client = browser(server)
    told, link = end(client, begin(client, provider))
    assert link, told
    opened = client.post("/studio/session", json={"token": link}, headers={"origin": "http://localhost"})
    assert opened.status_code == 201
    found: dict[str, Any] = client.get("/smalt/me").json()
    return found


def refusal(server: Server, provider: FakeProvider, code: str = "good") -> str:
    client = browser(server)
    told, link = end(client, begin(client, provider), code)
    assert link == ""
    return told["refused"]


def test_a_person_comes_in_and_lands_where_they_wanted_to_go(server: Server, provider: FakeProvider) -> None:
    client = browser(server)
    assert client.get("/smalt/signIn").json()["value"] == [{"name": "Example", "url": "/smalt/signIn/begin"}]

    told, _ = end(client, begin(client, provider))

    assert told == {"next": "/studio/jobs?x=1"}
    assert provider.redeemed["client_secret"] == "quiet"
    assert sign_in(server, provider)["name"] == "ada@example.org"


def test_roles_follow_the_groups_of_today(server: Server, provider: FakeProvider) -> None:
    before = sign_in(server, provider)
    provider.claims["groups"] = ["elsewhere"]

    after = sign_in(server, provider)

    assert before["id"] == after["id"]
    assert len(before["permissions"]) == 2
    assert [held["actions"] for held in after["permissions"]] == [["*/read"]]


def test_a_new_address_of_the_same_account_is_the_same_person(server: Server, provider: FakeProvider) -> None:
    before = sign_in(server, provider)
    provider.claims["email"] = "ada.byron@example.org"

    assert sign_in(server, provider)["id"] == before["id"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "eve@elsewhere.org"}, "not among those"),
        ({"email_verified": False}, "not verified"),
        ({"aud": "another"}, "somebody else"),
        ({"aud": ["smalt", "another"]}, "somebody else"),
        ({"iss": "https://elsewhere.org"}, "another issuer"),
        ({"exp": 1000}, "too old"),
        ({"nonce": "another"}, "somebody else"),
        ({"email": None}, "tells no 'email'"),
    ],
)
def test_who_is_not_meant_does_not_come_in(
    server: Server, provider: FakeProvider, claims: dict[str, Any], words: str
) -> None:
    provider.claims |= claims

    assert words in refusal(server, provider)


def test_a_token_that_another_key_has_signed_is_refused(server: Server, provider: FakeProvider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)

    assert "not signed by a key of the provider" in refusal(server, provider)


def test_a_way_back_that_this_browser_did_not_begin_is_refused(server: Server, provider: FakeProvider) -> None:
    state = begin(browser(server), provider)

    told, link = end(browser(server), state)

    assert link == ""
    assert "not begun in this browser" in told["refused"]


def test_a_code_that_the_provider_does_not_take_is_told_of(server: Server, provider: FakeProvider) -> None:
    assert "invalid_grant" in refusal(server, provider, code="bad")


@pytest.mark.parametrize(
    "place", ["https://elsewhere.org/", "//elsewhere.org", "/studio//elsewhere.org", "/studio/\\x"]
)
def test_nobody_is_led_elsewhere(server: Server, provider: FakeProvider, place: str) -> None:
    client = browser(server)

    told, _ = end(client, begin(client, provider, place))

    assert told == {"next": "/studio/"}


def test_a_name_that_somebody_here_has_is_not_taken_over(server: Server, provider: FakeProvider) -> None:
    assert server.owner is not None
    headers = {"Authorization": f"Bearer {server.owner.token}"}
    made = browser(server).post("/smalt/actors", json={"name": "ada@example.org"}, headers=headers)
    assert made.status_code == 201

    assert "does not come from Example" in refusal(server, provider)


def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    server = build(Settings(home=tmp_path))
    client = browser(server)

    assert client.get("/smalt/signIn").json() == {"value": []}
    assert client.get("/smalt/signIn/begin").status_code == 403
    server.close()
