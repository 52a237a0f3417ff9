"""The built pages: how they are served, and under which policy."""

from __future__ import annotations

import re

import pytest

from smalt.errors import NotFound
from smalt.server.studio import Pages


@pytest.mark.parametrize("path", ["/", "/studio"])
def test_short_addresses_lead_to_the_studio(browser, path):
    answer = browser.get(path)

    assert (answer.status_code, answer.headers["location"]) == (302, "/studio/")


SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.mark.parametrize(
    ("tracking", "place"),
    [("/mlflow/default/", "workspace=default"), (f"/mlflow/v2.0{SCOPE}/", f"wsid={SCOPE.replace('/', '%2F')}")],
)
def test_the_address_of_a_tracking_server_leads_a_browser_to_the_studio(browser, tracking, place):
    answer = browser.get(tracking)

    assert (answer.status_code, answer.headers["location"]) == (302, f"/studio/mlflow?{place}")


@pytest.mark.parametrize(
    "path", ["/studio/", "/studio/jobs/some_name?wsid=/subscriptions/s", "/studio/assets/models/m"]
)
def test_every_deep_link_is_the_page_itself(browser, path):
    answer = browser.get(path)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert '<div id="root">' in answer.text


def test_the_policy_lets_nothing_in_but_our_own_files_and_styles_with_the_nonce_of_the_page(browser):
    first, second = browser.get("/studio/"), browser.get("/studio/")

    policy = first.headers["content-security-policy"]
    nonce = re.search(r'csp-nonce" content="([^"]+)"', first.text)[1]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert f"'nonce-{nonce}'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert nonce not in second.text


def test_files_of_the_build_are_packed_and_kept_for_ever(browser):
    script = re.search(r'src="(/studio/built/[^"]+\.js)"', browser.get("/studio/").text)[1]

    answer = browser.get(script, headers={"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["built/none.js", "built/..%2Fpages.py", "built/%2e%2e/pages.py", "built/.hidden"])
def test_what_is_no_file_of_the_build_is_not_found(browser, path):
    assert browser.get(f"/studio/{path}").status_code == 404


def test_a_server_without_a_build_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFound, match="make studio"):
        Pages(tmp_path).answer("", packs=True)


def test_what_users_have_stored_is_never_run_as_a_page(owner, scope):
    workspace = owner.get(scope).json()["properties"]["workspaceId"]
    path = f"/blob/{workspace}/azureml/ExperimentRun/dcid.evil/page.html"
    owner.put(path, content=b"<script>alert(1)</script>", headers={"x-ms-blob-type": "BlockBlob"})

    answer = owner.get(path)

    assert answer.status_code == 200
    assert "sandbox" in answer.headers["content-security-policy"]
