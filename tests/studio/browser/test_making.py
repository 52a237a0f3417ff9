"""What is made with a form: an environment, a compute, a connection, a schedule, a model of what a job has written."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .house import House

EXAMPLES = Path(__file__).parents[3] / "examples"


def fill_name(page: Page, name: str) -> None:
    page.get_by_role("textbox", name=re.compile("^Name")).fill(name)


def test_a_cluster_is_made_with_all_its_fields_and_tagged_later(page: Page, house: House):
    page.goto(f"{house.url}/studio/new/compute")
    page.get_by_label("Name", exact=False).first.fill("wide")
    page.get_by_label("Tier").select_option("LowPriority")
    page.get_by_label("Most nodes").fill("7")
    page.get_by_label("Seconds idle").fill("300")
    page.get_by_role("button", name="Create").click()

    page.get_by_role("button", name="Tags of wide").click()
    page.get_by_label("New tag").fill("team=blue")
    page.keyboard.press("Enter")

    expect(page.get_by_text("team: blue")).to_be_visible()
    made = house.call("GET", f"{house.scope}/computes/wide")
    inner = made["properties"]["properties"]
    scale = {"minNodeCount": 0, "maxNodeCount": 7, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    assert (made["tags"], inner["vmPriority"], inner["scaleSettings"]) == ({"team": "blue"}, "LowPriority", scale)


def test_a_compute_instance_is_made_and_stopped(page: Page, house: House):
    page.goto(f"{house.url}/studio/new/compute")
    page.get_by_role("combobox", name="Type").select_option("ComputeInstance")
    fill_name(page, "my-desk")
    page.get_by_label("Minutes idle").fill("30")
    page.get_by_role("button", name="Create").click()

    page.get_by_role("button", name="Stop my-desk").click()

    expect(page.get_by_role("button", name="Start my-desk")).to_be_visible()
    made = house.call("GET", f"{house.scope}/computes/my-desk")["properties"]["properties"]
    assert (made["state"], made["idleTimeBeforeShutdown"]) == ("Stopped", "PT30M")


def test_a_model_is_packed_with_its_software(page: Page, house: House):
    folder = str(EXAMPLES / "endpoints" / "online" / "mlflow" / "model")
    house.smalt("model", "create", "-n", "petals-kept", "-p", folder, "--type", "mlflow_model")
    page.goto(f"{house.url}/studio/assets/models/petals-kept")
    page.get_by_role("button", name="Pack").click()

    page.get_by_role("dialog").get_by_role("button", name="Pack").click()

    expect(page.get_by_role("heading", name="petals-kept-package")).to_be_visible()
    expect(page.get_by_role("link", name="petals-kept:1")).to_be_visible()


def test_an_environment_is_created(page: Page, house: House):
    page.get_by_role("link", name="Environments", exact=True).click()
    page.get_by_role("button", name="New").click()
    fill_name(page, "own-software")

    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("heading", name="own-software")).to_be_visible()
    made = house.call("GET", f"{house.scope}/environments/own-software/versions/1")
    assert "mlflow-skinny" in made["properties"]["condaFile"]


def test_a_compute_is_created(page: Page, house: House):
    page.get_by_role("link", name="Compute", exact=True).click()
    page.get_by_role("button", name="New").click()
    fill_name(page, "big-cluster")

    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("cell", name="big-cluster", exact=True)).to_be_visible()


def test_a_connection_is_created_and_its_secret_is_not_shown(page: Page, house: House):
    page.get_by_role("link", name="Connections", exact=True).click()
    page.get_by_role("button", name="New").click()
    fill_name(page, "search")
    page.get_by_role("combobox", name="Type").select_option("CognitiveSearch")
    page.get_by_role("textbox", name="Address").fill("https://search.example")
    page.get_by_label("Secret").fill("very-secret")

    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("cell", name="https://search.example")).to_be_visible()
    expect(page.get_by_text("very-secret")).to_have_count(0)
    kept = house.call("POST", f"{house.scope}/connections/search/listsecrets", {})
    assert kept["properties"]["credentials"]["key"] == "very-secret"


def test_a_connection_is_edited_and_a_secret_that_is_left_empty_stays(page: Page, house: House):
    body = {"category": "AzureOpenAI", "authType": "ApiKey", "target": "https://old.example"}
    path = f"{house.scope}/connections/edited"
    house.call("PUT", path, {"properties": {**body, "credentials": {"key": "kept"}}})
    page.get_by_role("link", name="Connections", exact=True).click()
    page.get_by_role("button", name="Edit edited").press("Enter")
    expect(page.get_by_role("textbox", name="Address")).to_have_value("https://old.example")

    page.get_by_role("textbox", name="Address").fill("https://new.example")
    page.get_by_label("Metadata").fill("ApiVersion=2024-10-21")
    page.keyboard.press("Tab")
    expect(page.get_by_label("New secret")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("cell", name="https://new.example")).to_be_visible()
    expect(page.get_by_role("button", name="Edit edited")).to_be_focused()
    kept = house.call("POST", f"{path}/listsecrets", {})["properties"]
    assert (kept["credentials"], kept["metadata"]["ApiVersion"]) == ({"key": "kept"}, "2024-10-21")

    page.get_by_role("button", name="Edit edited").click()
    page.get_by_label("New secret").fill("another")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert house.call("POST", f"{path}/listsecrets", {})["properties"]["credentials"] == {"key": "another"}


def test_a_job_is_run_again_and_again(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}")
    page.get_by_role("button", name="Schedule", exact=True).click()
    fill_name(page, "every-night")

    page.get_by_role("button", name="Create").click()

    expect(page.get_by_text("0 3 * * * (UTC)")).to_be_visible()
    page.get_by_label("New tag, as key=value").fill("team=night")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("team: night")).to_be_visible()


def test_what_a_job_has_written_becomes_a_model(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=outputs&file=table")
    page.get_by_role("button", name="Register as a model").click()
    fill_name(page, "from-a-job")
    page.get_by_role("combobox", name="Type").select_option("custom_model")

    page.get_by_role("button", name="Register").click()

    expect(page.get_by_role("button", name="table.csv")).to_be_visible()
    page.get_by_role("tab", name="Lineage").click()
    expect(page.locator(".step-card").get_by_role("link", name="Write a table")).to_be_visible()


def test_schedules_say_when_they_fire_and_what_they_wait_for(page: Page, house: House, tmp_path: Path):
    weekly = {"type": "recurrence", "frequency": "week", "interval": 1, "schedule": {"hours": 6, "week_days": "monday"}}
    job = {"type": "command", "command": "true", "environment": {"image": "python:3.11"}}
    for name, trigger in {
        "mondays": weekly,
        "after-failures": {"type": "event", "event": "job_finished", "status": ["Failed"], "experiment_name": "prod"},
        "on-numbers": {"type": "asset", "asset_type": "data", "name": "numbers"},
    }.items():
        file = tmp_path / f"{name}.yml"
        file.write_text(json.dumps({"name": name, "trigger": trigger, "create_job": job}))
        house.smalt("schedule", "create", "-f", str(file))

    page.goto(f"{house.url}/studio/schedules")

    expect(page.get_by_role("row", name=re.compile("^mondays"))).to_contain_text("Every week, Monday, 6:00 (UTC)")
    row = page.get_by_role("row", name=re.compile("^after-failures"))
    expect(row).to_contain_text("When a job has ended: Failed, prod")
    expect(page.get_by_role("row", name=re.compile("^on-numbers"))).to_contain_text("When data is registered: numbers")


def test_the_page_of_computes_tells_how_busy_this_machine_is(page: Page):
    page.get_by_role("link", name="Compute", exact=True).click()

    utilisation = page.get_by_role("region", name="Utilisation of this machine")
    for name in ("Processor: .* cores", "Memory: .* of ", "Places for jobs: .* waiting"):
        expect(utilisation.get_by_role("progressbar", name=re.compile(name))).to_be_visible()


def test_a_compute_a_connection_and_a_schedule_are_deleted_where_they_stand(page: Page, house: House, tmp_path: Path):
    house.smalt("compute", "create", "-n", "gone", "--type", "amlcompute")
    house.call("PUT", f"{house.scope}/connections/gone", {"properties": {"category": "OpenAI", "authType": "None"}})
    job = {"type": "command", "command": "true", "environment": {"image": "python:3.11"}}
    (tmp_path / "gone.yml").write_text(
        json.dumps({"name": "gone", "trigger": {"type": "cron", "expression": "0 0 1 1 *"}, "create_job": job})
    )
    house.smalt("schedule", "create", "-f", str(tmp_path / "gone.yml"))

    for address, button in {"compute": "Delete gone", "connections": "Delete gone", "schedules/gone": "Delete"}.items():
        page.goto(f"{house.url}/studio/{address}")
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        if address == "schedules/gone":
            expect(page.get_by_role("heading", name="Schedules")).to_be_visible()
        expect(page.get_by_text("gone", exact=True)).to_have_count(0)
