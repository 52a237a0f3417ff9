"""Sessions of browsers: how one is opened, what its cookie opens, and how it ends."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from smalt.kit import clock
from tests.studio.conftest import ORIGIN

NEW = {"properties": {"category": "custom", "target": "https://example.org", "authType": "None"}}


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser, server):
    answer = browser.post("/studio/session", json={"token": server.owner.token})

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie  # plain HTTP is on loopback only
    assert server.owner.token not in cookie


def test_over_https_the_cookie_never_travels_in_plain(server):
    secure = TestClient(server.app, base_url="https://localhost:8788")

    answer = secure.post("/studio/session", json={"token": server.owner.token})

    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_token_opens_no_session(browser):
    answer = browser.post("/studio/session", json={"token": "smalt_wrong"})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_session_reads_with_its_cookie_alone(signed_in, scope):
    assert signed_in.get(f"{scope}/jobs").status_code == 200
    assert signed_in.get("/studio/session").json()["name"] == "owner"


def test_without_a_session_nothing_is_seen(browser, scope):
    assert browser.get(f"{scope}/jobs").status_code == 401
    assert browser.get(f"{scope}/smalt/events").status_code == 401
    assert browser.get("/studio/session").json() == {"id": None, "name": None, "csrfToken": None}


def test_a_write_without_the_word_of_the_session_is_refused(signed_in, scope):
    answer = signed_in.put(f"{scope}/connections/other", json=NEW)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "CrossSiteRequest"
    assert signed_in.get(f"{scope}/connections/other").status_code == 404


def test_a_write_that_another_site_has_caused_is_refused_even_with_the_word(signed_in, scope):
    word = signed_in.get("/studio/session").json()["csrfToken"]

    answer = signed_in.put(
        f"{scope}/connections/other", json=NEW, headers={"x-csrf-token": word, "origin": "https://evil.example"}
    )

    assert answer.status_code == 403


def test_a_write_of_our_own_page_is_done_and_audited(signed_in, scope):
    word = signed_in.get("/studio/session").json()["csrfToken"]
    headers = {"x-csrf-token": word, "origin": ORIGIN, "sec-fetch-site": "same-origin"}

    answer = signed_in.put(f"{scope}/connections/mine", json=NEW, headers=headers)

    assert answer.status_code in {200, 201}
    newest = signed_in.get(f"{scope}/smalt/audit?$top=1").json()["value"][0]
    assert newest["actor"]["name"] == "owner"


def test_another_site_cannot_sign_a_browser_in(browser, server):
    answer = browser.post(
        "/studio/session", json={"token": server.owner.token}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403


def test_signing_out_ends_the_session_for_every_tab(signed_in, server, scope):
    name, value = next(iter(signed_in.cookies.items()))
    other_tab = TestClient(server.app, base_url=ORIGIN, cookies={name: value})
    word = signed_in.get("/studio/session").json()["csrfToken"]

    signed_in.delete("/studio/session", headers={"x-csrf-token": word})

    assert other_tab.get(f"{scope}/jobs").status_code == 401


def test_a_link_signs_in_once(owner, browser, server):
    url = owner.post("/studio/links", json={}).json()["url"]
    address, _, code = url.partition("#")

    first = browser.post("/studio/session", json={"token": code})
    second = TestClient(server.app, base_url=ORIGIN).post("/studio/session", json={"token": code})

    assert address == f"{ORIGIN}/studio/signin"
    assert first.status_code == 201
    assert second.status_code == 401


def test_a_session_never_outlives_the_token_it_was_opened_with(owner, browser):
    ends = clock.to_text(clock.now() + timedelta(minutes=5))
    token = owner.post("/smalt/me/tokens", json={"name": "soon", "expiresAt": ends}).json()["token"]

    cookie = browser.post("/studio/session", json={"token": token}).headers["set-cookie"]

    lifetime = int(cookie.partition("Max-Age=")[2].partition(";")[0])
    assert 0 < lifetime <= 300
