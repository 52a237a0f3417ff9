"""Keys that open nothing, or not this: forged tokens, the token of a job, signed URLs that were changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import httpx2
import pytest
from joserfc import jwt

from smalt.kit import clock
from smalt.server.assets import Signer
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.identity import IdentityService, SigningKey
from smalt.server.work import SYSTEM, JobGrant, Works
from tests.campaigns.call_everything import ENVELOPES, Target, is_helpful
from tests.hostile.test_requests import FILES, FLOW

pytestmark = [
    pytest.mark.parametrize("target", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("unchanged"),
]

Forge = Callable[[SigningKey, str], str]


def claims(key: SigningKey, who: str, **changes: object) -> dict[str, object]:
    now = int(clock.now().timestamp())
    return {"iss": key.issuer, "aud": "x", "exp": now + 60, "nbf": now, "oid": who, "jti": "1", **changes}


def signed(key: SigningKey, given: dict[str, object]) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, given, key.private, algorithms=["RS256"])


def unsigned(key: SigningKey, who: str) -> str:
    parts = {"alg": "none", "kid": key.kid}, claims(key, who)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


FORGERIES: dict[str, Forge] = {
    "expired": lambda key, who: signed(key, claims(key, who, exp=1)),
    "by no algorithm": unsigned,
    "by another key": lambda key, who: signed(SigningKey.generate(), claims(key, who)),
    "of nobody": lambda key, who: signed(key, claims(key, "nobody")),
    "of a job that never was": lambda key, who: signed(key, claims(key, who, smalt_job="first")),
    "personal and made up": lambda key, who: "smalt_" + "a" * 43,
    "noise": lambda key, who: "%00\\u0000'--",
    "of 60 000 letters": lambda key, who: "a." * 30_000,
}
DOORS = {
    "arm": "{ws}/jobs",
    "mlflow": f"{FLOW}/experiments/search",
    "blob": "/blob/{id}/azureml?comp=list&restype=container",
}


@pytest.fixture
def signing(target: Target) -> SigningKey:
    """The server's own key: what a forger would give most for."""
    return SigningKey.at(target.home / "keys" / "signing.pem")


@pytest.fixture
def stranger(target: Target) -> Iterator[httpx2.Client]:
    """A client without a key."""
    with httpx2.Client(base_url=target.url, verify=False) as client:
        yield client


def address(target: Target, template: str) -> str:
    return template.replace("{ws}", target.scope).replace("{id}", target.known["workspace_id"])


def refused(answer: httpx2.Response, wire: str, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    told = ENVELOPES[wire](answer)
    assert told is not None, answer.text
    assert is_helpful(*told), told


@pytest.mark.parametrize("wire", DOORS)
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_opens_no_door(target, stranger, signing, wire, forge):
    who = json.loads((target.home / "credentials.json").read_text())["client_id"]
    header = {"Authorization": f"Bearer {forge(signing, who)}"}

    answer = stranger.get(address(target, DOORS[wire]), headers=header)

    refused(answer, wire, 401)
    assert header["Authorization"][7:27] not in answer.text


@pytest.mark.parametrize("wire", DOORS)
@pytest.mark.parametrize("header", ["", "Bearer", "Basic !!", "Basic Og==", "Digest a", "Negotiate x" * 99])
def test_no_token_opens_no_door(target, stranger, wire, header):
    refused(stranger.get(address(target, DOORS[wire]), headers={"Authorization": header}), wire, 401)


@pytest.fixture
def job_token(target: Target, signing: SigningKey) -> str:
    """The token of a running job."""
    database = Database.at(target.home / "smalt.db")
    grant = JobGrant("first", target.known["workspace_id"], ("azureml/in",), ("azureml/ExperimentRun/dcid.first",))
    with Works(database, Events()).write(SYSTEM) as work:
        token = IdentityService(signing).issue_job_token(work, grant, lifetime=timedelta(minutes=10))
    database.close()
    return token


OUTSIDE = {
    "another run": ("arm", "GET", "/history/v1.0{ws}/runs/other"),
    "all jobs": ("arm", "GET", "{ws}/jobs"),
    "its own job": ("arm", "DELETE", "{ws}/jobs/first"),
    "secrets": ("arm", "POST", "{ws}/connections/repo/listsecrets"),
    "keys of the store": ("arm", "POST", "{ws}/datastores/workspaceblobstore/listSecrets"),
    "the audit trail": ("arm", "GET", "{ws}/smalt/audit"),
    "people": ("arm", "GET", "/smalt/actors"),
    "a token for itself": ("arm", "POST", "/smalt/me/tokens"),
    "another workspace": ("arm", "GET", "{ws}2"),
    "a person's run": ("mlflow", "GET", f"{FLOW}/runs/get?run_id={{run}}"),
    "a person's artifacts": ("mlflow", "GET", f"{FILES}/ExperimentRun/dcid.{{run}}/a"),
    "a write to its neighbour": ("mlflow", "PUT", f"{FILES}/ExperimentRun/dcid.{{run}}/a"),
    "a blob it may not read": ("blob", "GET", "/blob/{id}/azureml/other/a"),
    "a blob it may only read": ("blob", "PUT", "/blob/{id}/azureml/in/a"),
    "a blob that only begins alike": ("blob", "PUT", "/blob/{id}/azureml/ExperimentRun/dcid.first2/a"),
    "a blob behind dots": ("blob", "PUT", "/blob/{id}/azureml/ExperimentRun/dcid.first/%2e%2e/%2e%2e/in/a"),
    "a whole container": ("blob", "GET", "/blob/{id}/azureml?comp=list&restype=container"),
    "the container of data": ("blob", "GET", "/blob/{id}/azureml-blobstore-{id}/iris/a.csv"),
}


@pytest.mark.parametrize(("wire", "method", "path"), OUTSIDE.values(), ids=OUTSIDE.keys())
def test_the_token_of_a_job_opens_nothing_else(target, watch, stranger, job_token, wire, method, path):
    watch.look()  # the token is a row of its own
    url = address(target, path).replace("{run}", target.known["run_id"])

    answer = stranger.request(method, url, headers={"Authorization": f"Bearer {job_token}"})

    refused(answer, wire, *((400, 403) if "%2e" in path else (403, 404) if path == "{ws}2" else (403,)))


CHANGES = {
    "another signature": {"sig": "0" * 64},
    "no signature": {"sig": ""},
    "half a character": {"sig": "ä"},
    "a later end": {"se": "2999-01-01T00:00:00Z"},
    "an end that is none": {"se": "never"},
    "further rights": {"sp": "racwdl"},
    "a wider folder": {"sdd": ""},
    "another folder": {"sdd": "b"},
    "a folder with dots": {"sdd": "a/../b"},
    "a NUL": {"sdd": "a\0"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_signed_url_that_was_changed_opens_nothing(target, stranger, change):
    query = {**signature(target, "a", timedelta(hours=1)), **change}

    answer = stranger.get(f"/blob/{target.known['workspace_id']}/azureml/a/x?{urlencode(query)}")

    refused(answer, "blob", 400, 401, 403)


@pytest.mark.parametrize(("key", "method"), [("b/x", "GET"), ("ab", "GET"), ("a/%2e%2e/b/x", "GET"), ("a/x", "PUT")])
def test_a_signed_url_opens_nothing_beside_its_folder(target, stranger, key, method):
    query = urlencode(signature(target, "a", timedelta(hours=1)))

    answer = stranger.request(method, f"/blob/{target.known['workspace_id']}/azureml/{key}?{query}", content=b"")

    refused(answer, "blob", 400, 403)


def test_a_signed_url_ends(target, stranger):
    query = urlencode(signature(target, "a", -timedelta(seconds=1)))

    refused(stranger.get(f"/blob/{target.known['workspace_id']}/azureml/a/x?{query}"), "blob", 403)


def signature(target: Target, prefix: str, lifetime: timedelta) -> dict[str, str]:
    """A signature for reading below a prefix, as the server makes them."""
    signer = Signer((target.home / "secret.key").read_bytes())
    workspace = target.known["workspace_id"]
    signed_query = signer.sign(workspace, "azureml", prefix, permissions="rl", expires_at=clock.now() + lifetime)
    return dict(parse_qsl(signed_query))
