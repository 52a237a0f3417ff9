"""Who gets in: keys, tokens, and how much each may ask for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from smalt.gateway.quotas import tokens_in
from tests.gateway.running import KEY, deployment, endpoint

SIGNER = RSAKey.generate_key(2048, {"kid": "one"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})
AUDIENCE = "https://ml.azure.com"


def token(signer: RSAKey = SIGNER, **claims: object) -> str:
    whole = {"iss": "us", "aud": AUDIENCE, "sub": "ann", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({"alg": "RS256", "kid": "one"}, whole, signer)


def with_tokens(blue, **settings):
    keys = {"keys": [SIGNER.as_dict(private=False)]}
    return endpoint(
        {"blue": deployment(blue)}, auth="aad_token", token_keys=keys, issuer="us", audience=AUDIENCE, **settings
    )


def test_both_keys_open_and_nothing_else_does(gateway, blue):
    gateway.serve(
        endpoint({"blue": deployment(blue)}), endpoint({"blue": deployment(blue)}, name="other", key_hashes=[])
    )

    assert [gateway.ask({}, key=key).status for key in (KEY, "second")] == [200, 200]
    assert [gateway.ask({}, key=key).status for key in (None, "x", KEY + "x", KEY.upper())] == [401] * 4
    assert gateway.ask({}, headers={"authorization": f"Basic {KEY}"}, key=None).status == 401
    assert gateway.ask({}, path="/endpoints/w/other/score").status == 401
    assert gateway.ask({}, key=token()).headers["www-authenticate"] == "Bearer"


def test_a_refused_request_leaves_the_connection_usable(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}))
    connection = gateway.connect()
    statuses, sockets = [], []
    for key, body in (("wrong", b"{}"), (KEY, b"{}"), ("wrong", None), (KEY, None)):
        method = "POST" if body else "GET"
        connection.request(method, "/endpoints/w/e/score", body, {"authorization": f"Bearer {key}"})
        sockets.append(connection.sock)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)

    assert statuses == [401, 200, 401, 200]
    assert all(each is sockets[0] for each in sockets)
    connection.close()


def test_tokens_are_believed_by_signature_audience_and_time(gateway, blue):
    gateway.serve(with_tokens(blue))
    hs256 = jwt.encode({"alg": "HS256"}, {"aud": AUDIENCE, "exp": time.time() + 600}, _shared())

    assert gateway.ask({}, key=token()).status == 200
    assert gateway.ask({}, key=token(aud=["x", AUDIENCE])).status == 200
    wrong = [
        token(iss="them"),
        token(STRANGER),
        token(aud="https://else"),
        token(exp=int(time.time()) - 120),
        hs256,
        "a.b.c",
        KEY,
    ]
    assert [gateway.ask({}, key=each).status for each in wrong] == [401] * len(wrong)


def test_only_those_with_the_right_may_score(gateway, blue):
    gateway.serve(with_tokens(blue, subjects=["ann"]))

    assert gateway.ask({}, key=token()).status == 200
    assert gateway.ask({}, key=token(sub="bob", oid="ann")).status == 200
    assert gateway.ask({}, key=token(sub="bob")).status == 403


def test_each_key_has_its_own_rate(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}, limits={"requests_per_minute": 3}))
    replies = [gateway.ask({}) for _ in range(4)]

    assert [each.status for each in replies] == [200, 200, 200, 429]
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 21
    assert gateway.ask({}, key="second").status == 200


def test_each_key_has_so_many_requests_at_once(gateway, blue, tmp_path):
    gateway.serve(endpoint({"blue": deployment(blue)}, limits={"concurrent_requests": 1}))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(gateway.ask, {"print": "holds-its-place", "until": str(tmp_path / "go")})
        blue.wait_for("holds-its-place")
        second, other = gateway.ask({}), gateway.ask({}, key="second")
        (tmp_path / "go").touch()
        first.result()

    assert (second.status, second.json["error"]["code"]) == (429, "TooManyAtOnce")
    assert other.status == gateway.ask({}).status == 200


def test_each_key_has_so_many_tokens_a_minute_which_answers_tell(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}, limits={"tokens_per_minute": 100}))
    before = gateway.stats()["tokens"]
    replies = [gateway.ask({"usage": {"total_tokens": 90}}) for _ in range(3)]

    assert [each.status for each in replies] == [200, 200, 429]
    assert replies[2].json["error"]["code"] == "TokensUsedUp"
    assert int(replies[2].headers["retry-after"]) >= 48
    assert gateway.ask({}, key="second").status == 200
    assert gateway.stats()["tokens"] - before == 180


def test_what_a_stream_took_is_told_at_its_end_whether_anybody_is_bounded_or_not(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}))
    before = gateway.stats()["tokens"]

    gateway.ask({"pieces": 2, "go": "/", "took": 7})

    assert gateway.stats()["tokens"] - before == 7


@pytest.mark.parametrize(
    ("tail", "tokens"),
    [(b'{"usage": {"prompt_tokens": 1, "total_tokens": 42}}', 42), (b"data: [DONE]\n\n: smalt-tokens 7\n\n", 7),
     (b'{"content": "\\"total_tokens\\": 9"}', 0), (b"", 0)],
)  # fmt: skip
def test_tokens_are_read_at_the_end_of_an_answer_and_not_in_its_text(tail, tokens):
    assert tokens_in(tail) == tokens


@pytest.mark.parametrize("path", ["/", "/endpoints", "/endpoints/w/none/score", "/endpoints/%77/e2/score", "/other"])
def test_what_is_not_there_is_a_404(gateway, blue, path):
    gateway.serve(endpoint({"blue": deployment(blue)}))

    assert gateway.ask({}, path=path).status == 404


def test_the_pages_of_the_gateway_need_its_token(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}))
    gateway.ask({})

    assert [gateway.ask(method="GET", path=each).status for each in ("/stats", "/metrics")] == [401, 401]
    assert gateway.ask(method="GET", path="/healthz", key=None).json["status"] == "ok"
    assert (gateway.home / "gateway.token").stat().st_mode & 0o777 == 0o600
    assert gateway.control.tokens == {f"Bearer {(gateway.home / 'gateway.token').read_text()}"}
    metrics = gateway.own("/metrics").body.decode()
    assert 'smalt_requests_total{workspace="w",endpoint="e",deployment="blue",status="200"}' in metrics
    assert 'smalt_request_seconds_bucket{workspace="w",endpoint="e",deployment="blue",le="+Inf"}' in metrics


def _shared() -> object:
    from joserfc.jwk import OctKey

    return OctKey.import_key("x" * 32)
