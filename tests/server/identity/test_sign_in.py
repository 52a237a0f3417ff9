"""How a client finds the token endpoint and gets a token there."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from smalt.server.identity.attempts import Attempts
from smalt.server.identity.errors import TooManyAttempts


def form(house, **changes) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": house.owner.client_id,
        "client_secret": house.owner.client_secret,
        "scope": "https://storage.azure.com/.default",
        **changes,
    }


@pytest.mark.parametrize(
    "document", ["/adfs/.well-known/openid-configuration", "/t/v2.0/.well-known/openid-configuration"]
)
def test_the_documents_lead_to_a_token_that_opens_and_can_be_checked(house, document):
    client = house.client("")
    found = client.get(document).json()

    token = client.post(found["token_endpoint"], data=form(house)).json()["access_token"]

    keys = KeySet.import_key_set(client.get(found["jwks_uri"]).json())
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (found["issuer"], "https://storage.azure.com")
    assert claims["tid"] == house.identity.tenant
    assert house.client(token).get(house.default.scope).status_code == 200


def test_the_older_endpoint_takes_a_resource(house):
    body = form(house, resource="https://management.azure.com/")
    del body["scope"]

    answer = house.client("").post("/adfs/oauth2/token", data=body).json()

    assert answer["resource"] == "https://management.azure.com/"
    assert int(answer["expires_on"]) - int(answer["not_before"]) == 3600


def test_the_secret_may_come_by_basic_authentication(house):
    body = {"grant_type": "client_credentials", "scope": "x/.default"}

    answer = house.client("").post(
        "/adfs/oauth2/v2.0/token", data=body, auth=(house.owner.client_id, house.owner.client_secret)
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"client_id": "\x00"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"scope": "x" * 2000}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_in_the_words_of_oauth(house, changes, status, code):
    answer = house.client("").post("/adfs/oauth2/v2.0/token", data=form(house, **changes))

    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert house.owner.client_secret not in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=b" * 20000, b"", b"&" * 100, b"client_id=%ED%A0%80"])
def test_a_body_that_is_no_form_is_refused(house, body):
    assert 400 <= house.client("").post("/adfs/oauth2/v2.0/token", content=body).status_code < 500


def test_guessing_secrets_is_slowed_down_for_the_one_who_guesses(house):
    client = house.client("")
    for _ in range(10):
        client.post("/adfs/oauth2/v2.0/token", data=form(house, client_secret="guess"))

    answer = client.post("/adfs/oauth2/v2.0/token", data=form(house))

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert house.client().get(house.default.scope).status_code == 200


def test_attempts_are_heard_again_after_a_while_and_the_table_stays_small():
    now = [0.0]
    attempts = Attempts(limit=2, window_seconds=10, size=3, clock=lambda: now[0])
    attempts.failed("a")
    attempts.failed("a")
    with pytest.raises(TooManyAttempts):
        attempts.check("a")

    now[0] = 11
    attempts.check("a")
    for number in range(100):
        attempts.failed(str(number))

    assert len(attempts._failures) == 3


def test_managed_identity_answers_as_app_service_does(house):
    answer = house.client("").get(
        "/msi/token?api-version=2019-08-01&resource=https://ml.azure.local.x",
        headers={"X-IDENTITY-HEADER": house.owner.token},
    )

    body = answer.json()
    assert body["resource"] == "https://ml.azure.local.x"
    assert body["expires_on"].isdigit()
    assert house.client(body["access_token"]).get(house.default.scope).status_code == 200


@pytest.mark.parametrize("held", ["", "smalt_wrong", "x"])
def test_managed_identity_needs_a_token_to_begin_with(house, held):
    headers = {"X-IDENTITY-HEADER": held} if held else {}

    assert house.client("").get("/msi/token?resource=x", headers=headers).status_code == 401


def test_the_cloud_is_a_list_or_an_object_by_version(house):
    client = house.client("")

    old = client.get("/metadata/endpoints?api-version=2019-05-01").json()
    new = client.get("/metadata/endpoints?api-version=2022-09-01").json()

    assert old == [new]
    assert new["resourceManager"] == new["authentication"]["loginEndpoint"] == "http://testserver"
    assert new["suffixes"]["storage"] == "smalt.local"
