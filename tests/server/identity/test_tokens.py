"""Tokens: the ones that open, and every kind that must not."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from sqlalchemy import select

from smalt.kit import clock
from smalt.server.identity import SigningKey
from smalt.server.identity.tables import job_tokens
from smalt.server.identity.tokens import TokenMint
from smalt.server.work import SYSTEM, JobGrant


def signed(key: SigningKey, subject: str, **changes) -> str:
    now = int(clock.now().timestamp())
    claims = {"iss": key.issuer, "aud": "x", "exp": now + 60, "nbf": now, "oid": subject, "jti": "1", **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key.private, algorithms=["RS256"])


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def begun(key: SigningKey, subject: str, algorithm: str, **more) -> str:
    """Header and claims, ready to be signed by hand."""
    now = int(clock.now().timestamp())
    parts = [{"alg": algorithm, "kid": key.kid}, {"iss": key.issuer, "exp": now + 60, "oid": subject, "jti": "1"}]
    parts[1] |= more
    return ".".join(encoded(json.dumps(part).encode()) for part in parts)


def unsigned(key: SigningKey, subject: str) -> str:
    return begun(key, subject, "none") + "."


def by_public_key(key: SigningKey, subject: str) -> str:
    text = begun(key, subject, "HS256")
    return f"{text}.{encoded(hmac.digest(key.public.as_pem(private=False), text.encode(), 'sha256'))}"


def by_another_key(key: SigningKey, subject: str) -> str:
    other = SigningKey.generate()
    now = clock.now()
    other.kid, other.issuer = key.kid, key.issuer
    return TokenMint(other).sign(
        subject=subject, name="x", audience="x", now=now, expires_at=now + timedelta(minutes=1)
    )


def by_the_secret_of_jobs(key: SigningKey, subject: str, **changes) -> str:
    text = begun(key, subject, "HS256", **changes)
    return f"{text}.{encoded(hmac.digest(key.of_jobs.raw_value, text.encode(), 'sha256'))}"


FORGERIES = {
    "expired": lambda key, who: signed(key, who, exp=1),
    "without end": lambda key, who: signed(key, who, exp=None),
    "not yet valid": lambda key, who: signed(key, who, nbf=4102444800),
    "other issuer": lambda key, who: signed(key, who, iss="https://sts.example/"),
    "times as text": lambda key, who: signed(key, who, exp="4102444800"),
    "unknown actor": lambda key, who: signed(key, "nobody"),
    "no actor": lambda key, who: signed(key, who, oid=None),
    "job that was not issued": lambda key, who: signed(key, who, smalt_job="train"),
    "no algorithm": unsigned,
    "public key as secret": by_public_key,
    "no job, by the secret of jobs": by_the_secret_of_jobs,
    "job that was not issued, by that": lambda key, who: by_the_secret_of_jobs(key, who, smalt_job="train"),
    "another key under our id": by_another_key,
    "another key": lambda key, who: signed(SigningKey.generate(), who, iss=key.issuer),
    "cut": lambda key, who: signed(key, who)[:-4],
    "nonsense": lambda key, who: "a.b.c",
    "not a token": lambda key, who: "hello",
    "long": lambda key, who: "a." * 9000,
    "unknown personal": lambda key, who: "smalt_" + "x" * 43,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_opens_nothing(house, forge):
    token = forge(house.identity.key, house.owner.client_id)

    answer = house.client(token).get(house.default.scope)

    assert answer.status_code == 401
    assert token not in answer.text


def test_a_signed_token_of_any_audience_opens(house):
    token = signed(house.identity.key, house.owner.client_id, aud="https://ml.azure.local.x")

    assert house.client(token).get(house.default.scope).status_code == 200


def test_basic_authentication_takes_the_token_as_password(house):
    pair = base64.b64encode(f"anyone:{house.owner.token}".encode()).decode()

    answer = house.client("").get(house.default.scope, headers={"Authorization": f"Basic {pair}"})

    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic !!", "Basic YQ==", "Digest x", "smalt_x"])
def test_other_headers_open_nothing(house, header):
    assert house.client("").get(house.default.scope, headers={"Authorization": header}).status_code == 401


class TestJobTokens:
    """What a running job's token opens."""

    def issue(self, house, job="train", workspace_id=None, lifetime=timedelta(hours=1)) -> str:
        with house.works.write(SYSTEM) as work:
            grant = JobGrant(job, workspace_id or house.default.id, ("c/in",), ("c/out",))
            return house.identity.issue_job_token(work, grant, lifetime=lifetime)

    def test_it_opens_the_job_itself_by_either_path(self, house):
        client = house.client(self.issue(house))

        assert client.get(house.default.scope + "/jobs/train").json() == {"actor": "train"}
        assert client.get("/short/default/jobs/train").status_code == 200
        assert client.get(f"/short/{house.default.id}/jobs/train").status_code == 200

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/jobs/other"), ("PUT", "/jobs/train"), ("GET", "/smalt/audit"), ("DELETE", ""), ("PATCH", "")],
    )
    def test_it_opens_nothing_else(self, house, method, path):
        client = house.client(self.issue(house))

        assert client.request(method, house.default.scope + path, json={}).status_code == 403

    def test_it_opens_nothing_in_another_workspace(self, house):
        other = house.default.scope[: -len("default")] + "other"
        assert house.client().put(other, json={"properties": {}}).status_code == 201
        client = house.client(self.issue(house))

        assert client.get(other + "/jobs/train").status_code == 403
        assert client.get(other).status_code == 403
        assert client.get("/short/other/jobs/train").status_code == 403
        assert client.get("/short/nowhere/jobs/train").status_code == 403

    def test_it_ends_when_it_is_revoked(self, house):
        client = house.client(self.issue(house))
        assert client.get(house.default.scope + "/jobs/train").status_code == 200

        with house.works.write(SYSTEM) as work:
            house.identity.revoke_job_token(work, house.default.id, "train")

        assert client.get(house.default.scope + "/jobs/train").status_code == 401

    def test_its_end_lets_nobody_else_be_looked_up_anew(self, house, monkeypatch):
        others = [house.client(), house.client(self.issue(house, job="other"))]
        for client in others:
            assert client.get(house.default.scope + "/jobs/other").status_code == 200

        with house.works.write(SYSTEM) as work:
            house.identity.revoke_job_token(work, house.default.id, "train")
        monkeypatch.setattr(house.identity, "authenticate", None)

        for client in others:
            assert client.get(house.default.scope + "/jobs/other").status_code == 200

    def test_those_that_have_expired_are_discarded(self, house):
        self.issue(house, job="old", lifetime=timedelta(microseconds=1))
        self.issue(house, job="new")

        with house.works.write(SYSTEM) as work:
            house.identity.discard_expired(work)
            left = work.connection.execute(select(job_tokens.c.job)).scalars().all()

        assert left == ["new"]

    def test_it_ends_by_itself(self, house):
        client = house.client(self.issue(house, lifetime=timedelta(microseconds=1)))

        assert client.get(house.default.scope + "/jobs/train").status_code == 401

    def test_an_exchanged_one_is_revoked_with_it(self, house):
        held = self.issue(house)
        path = "/msi/token?api-version=2019-08-01&resource=https://storage.azure.com"
        given = house.client("").get(path, headers={"X-IDENTITY-HEADER": held}).json()
        client = house.client(given["access_token"])
        assert client.get(house.default.scope + "/jobs/train").status_code == 200
        assert client.get(house.default.scope + "/jobs/other").status_code == 403

        with house.works.write(SYSTEM) as work:
            house.identity.revoke_job_token(work, house.default.id, "train")

        assert client.get(house.default.scope + "/jobs/train").status_code == 401
        assert house.client("").get(path, headers={"X-IDENTITY-HEADER": held}).status_code == 401
