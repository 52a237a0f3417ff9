"""Endpoints in a real browser: tried, shared out, looked at, made."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .house import House


@pytest.fixture
def endpoint(page: Page, house: House, served) -> Page:
    page.goto(f"{house.url}/studio/endpoints/online/{served['endpoint']}")
    page.get_by_role("heading", name="words").wait_for()
    return page


def editor(page: Page, label: str):
    return page.get_by_role("textbox", name=label)


def test_an_endpoint_is_found_in_the_navigation_and_tried_with_a_request(page: Page, served):
    page.get_by_role("link", name="Endpoints", exact=True).click()
    page.get_by_role("link", name="words").click()
    page.get_by_role("tab", name="Test").click()
    page.get_by_label("Who answers").select_option("green")

    expect(editor(page, "Request")).to_contain_text("hello")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text(re.compile("200 by green"))).to_be_visible()
    expect(editor(page, "Answer")).to_contain_text("hello")


def test_a_request_that_is_no_json_is_not_sent(endpoint: Page):
    endpoint.get_by_role("tab", name="Test").click()
    editor(endpoint, "Request").fill("{")

    endpoint.get_by_role("button", name="Send").click()

    expect(endpoint.get_by_text(re.compile("The request is no JSON"))).to_be_visible()


def test_traffic_is_shared_out_with_the_keyboard_and_always_adds_up(endpoint: Page, house: House):
    slider = endpoint.get_by_role("slider", name=re.compile("green"))
    slider.focus()
    for _ in range(10):
        endpoint.keyboard.press("ArrowRight")
    expect(endpoint.get_by_text("blue: 90%")).to_be_visible()

    endpoint.get_by_role("button", name="Save the traffic").click()
    expect(endpoint.get_by_role("button", name="Save the traffic")).to_be_enabled()
    endpoint.reload()

    expect(endpoint.get_by_text("green: 10%")).to_be_visible()
    endpoint.get_by_role("button", name="Roll the traffic back").click()
    expect(endpoint.get_by_text("blue: 100%")).to_be_visible()


def test_an_endpoint_says_what_sends_its_traffic_back(page: Page, house: House, tmp_path: Path):
    bounds = {"max_error_rate": 0.05, "max_p95_ms": 1000, "min_requests": 20, "watch_seconds": 600}
    (tmp_path / "careful.yml").write_text(json.dumps({"name": "careful", "auth_mode": "key", "rollout": bounds}))
    house.smalt("online-endpoint", "create", "-f", str(tmp_path / "careful.yml"))

    page.goto(f"{house.url}/studio/endpoints/online/careful")

    said = "more than 5 % fail or p95 is over 1000 ms (from 20 requests on, watched for 600 s)"
    expect(page.locator(".facts")).to_contain_text(f"Traffic goes back when{said}")


def test_keys_are_shown_when_asked_for_and_that_is_audited(endpoint: Page, house: House):
    keys = house.call("POST", f"{house.scope}/onlineEndpoints/words/listKeys", {})
    endpoint.get_by_role("tab", name="Consume").click()
    expect(endpoint.get_by_text(keys["primaryKey"])).to_have_count(0)

    endpoint.get_by_role("button", name="Show the keys").click()

    expect(endpoint.get_by_text(keys["primaryKey"])).to_be_visible()
    actions = [each["action"] for each in house.call("GET", f"{house.scope}/smalt/audit")["value"]]
    assert actions.count("workspaces/onlineEndpoints/listKeys/action") == 2


def test_the_audit_trail_is_searched_by_any_words_of_an_action(page: Page, house: House, served):
    house.call("POST", f"{house.scope}/onlineEndpoints/words/listkeys", {})
    page.goto(f"{house.url}/studio/audit")

    page.get_by_role("textbox", name="What").fill("listKeys")

    expect(page.get_by_text("workspaces/onlineEndpoints/listKeys/action").first).to_be_visible()
    expect(page.get_by_text("workspaces/jobs/write")).to_have_count(0)


def test_figures_and_logs_follow_what_happens(endpoint: Page, house: House):
    endpoint.get_by_role("tab", name="Metrics").click()
    row = endpoint.get_by_role("row", name=re.compile("green"))
    before = row.get_by_role("cell").nth(1).inner_text() if row.count() else "0"

    headers = {"azureml-model-deployment": "green"}
    house.call("POST", f"{house.scope}/onlineEndpoints/words/invoke/score", {"word": "live"}, headers)

    expect(row.get_by_role("cell").nth(1)).not_to_have_text(before, timeout=20_000)
    expect(endpoint.locator("canvas").first).to_be_visible()
    endpoint.get_by_role("tab", name="Logs").click()
    expect(endpoint.get_by_text(re.compile("up as blue"))).to_be_visible()
    endpoint.get_by_label("Deployment").select_option("green")
    house.call("POST", f"{house.scope}/onlineEndpoints/words/invoke/score", {"word": "now"}, headers)
    expect(endpoint.get_by_text(re.compile("asked for now"))).to_be_visible()


def test_a_deployment_appears_and_goes_by_itself(endpoint: Page, house: House):
    path = f"{house.scope}/onlineEndpoints/words/deployments"
    green = house.call("GET", f"{path}/green")

    house.call("PUT", f"{path}/third", {key: green[key] for key in ("location", "sku", "properties")})
    row = endpoint.get_by_role("row", name=re.compile("third"))
    expect(row.get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    row.get_by_role("button", name="Delete the deployment third").click()
    endpoint.get_by_role("alertdialog").get_by_role("button", name="Delete").click()

    expect(row).to_have_count(0, timeout=30_000)


def test_a_folder_becomes_data_and_its_files_are_there(page: Page, house: House, tmp_path: Path):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "first.csv").write_text("word,count\nhello,2\n")
    page.goto(f"{house.url}/studio/new/data?type=uri_folder")
    page.get_by_role("textbox", name=re.compile("^Name")).fill("uploaded")
    page.locator("input[type=file][multiple]").set_input_files(tmp_path / "words" / "first.csv")

    page.get_by_role("button", name="Register").click()

    expect(page.get_by_role("heading", name="uploaded")).to_be_visible()
    page.get_by_role("button", name="first.csv").click()
    expect(page.get_by_role("cell", name="hello")).to_be_visible()


def test_a_file_of_many_parts_arrives_whole(page: Page, house: House, tmp_path: Path):
    content = bytes(range(256)) * 4096 * 17
    (tmp_path / "big.bin").write_bytes(content)
    page.goto(f"{house.url}/studio/new/data?type=uri_file")
    page.get_by_role("textbox", name=re.compile("^Name")).fill("big")
    page.locator("input[type=file][multiple]").set_input_files(tmp_path / "big.bin")

    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="big")).to_be_visible()

    found = house.call("GET", f"{house.scope}/data/big/versions/1")
    (file,) = house.call("GET", f"{house.scope}/smalt/files?uri={found['id']}")["value"]
    assert file["size"] == len(content)


def test_a_model_is_deployed_with_a_script_of_mine(page: Page, house: House, served, tmp_path: Path):
    (tmp_path / "score.py").write_text("def init():\n    pass\ndef run(body):\n    return 'mine'\n")
    page.goto(f"{house.url}/studio/new/models")
    page.get_by_role("textbox", name=re.compile("^Name")).fill("rules")
    page.get_by_role("combobox", name="Type").select_option("custom_model")
    page.locator("input[type=file][multiple]").set_input_files(tmp_path / "score.py")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("button", name="Deploy").click()

    page.get_by_label("With a script of mine").check()
    page.locator("input[type=file][multiple]").set_input_files(tmp_path / "score.py")
    page.get_by_role("combobox", name=re.compile("^Environment")).select_option("plain")
    page.get_by_label("Name of the endpoint").fill("mine")
    page.get_by_role("button", name="Deploy").click()

    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("blue")).get_by_text("Succeeded")).to_be_visible(timeout=30_000)
    answer = house.call("POST", f"{house.scope}/onlineEndpoints/mine/invoke/score", {})
    assert answer == "mine"
