"""Datastores, registries, pipelines, automated ML, the workspace, and what a browser is told when it has ended."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from .house import House


def put(house: House, path: str, text: str) -> None:
    """A file in the default datastore."""
    workspace = house.call("GET", house.scope)["properties"]["workspaceId"]
    container = house.call("GET", f"{house.scope}/datastores/workspaceblobstore")["properties"]["containerName"]
    address = f"/blob/{workspace}/{container}/{path}"
    house.call("PUT", address, text, {"x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain"})


def test_a_file_of_a_datastore_becomes_a_data_asset(page: Page, house: House):
    put(house, "raw/points.csv", "x,y\n1,2\n")
    page.get_by_role("link", name="Data", exact=True).click()
    page.get_by_role("tab", name="Datastores").click()
    page.get_by_role("link", name="workspaceblobstore").click()
    page.get_by_role("button", name="raw").click()
    page.get_by_role("button", name="points.csv").click()
    page.get_by_role("button", name="Create a data asset").click()
    page.get_by_role("textbox", name=re.compile("^Name")).fill("points")

    page.get_by_role("button", name="Register").click()

    expect(page.get_by_role("heading", name="points", level=1)).to_be_visible()
    made = house.call("GET", f"{house.scope}/data/points/versions/1")["properties"]
    assert (made["dataType"], made["dataUri"].endswith("paths/raw/points.csv")) == ("uri_file", True)


def test_a_folder_is_taken_home_as_one_archive(page: Page, house: House, work, tmp_path: Path):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=outputs&file=table")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()

    download.value.save_as(tmp_path / "all.zip")
    assert set(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == {"facts.json", "table.csv"}


def test_columns_of_a_table_are_told_in_figures(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=outputs&file=table&path=table.csv")

    page.get_by_role("tab", name="Profile").click()

    row = page.get_by_role("row").filter(has_text="size")
    expect(row).to_contain_text("1.5000")


def test_a_version_is_shared_to_a_registry(page: Page, house: House, served):
    page.get_by_role("link", name="Registries").click()
    page.get_by_role("button", name="New").click()
    page.get_by_role("textbox", name=re.compile("^Name of the registry")).fill("browser-shared")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="browser-shared")).to_be_visible()
    page.goto(f"{house.url}/studio/assets/environments/plain")

    page.get_by_role("button", name="Share").click()
    page.get_by_role("combobox", name="Registry").select_option("browser-shared")
    page.get_by_role("dialog").get_by_role("button", name="Share").click()

    expect(page.locator(".fui-ToastBody")).to_have_text("Shared as browser-shared/plain:1.")
    page.goto(f"{house.url}/studio/registries/browser-shared?kind=environments")
    expect(page.get_by_role("cell", name="plain", exact=True)).to_be_visible()


def test_an_environment_tells_its_packages(page: Page, house: House, work, served):
    page.goto(f"{house.url}/studio/assets/environments/plain?tab=packages")

    expect(page.get_by_role("cell", name="pip", exact=True)).to_be_visible()


def test_pipelines_stand_in_one_place(page: Page, work):
    page.get_by_role("link", name="Pipelines", exact=True).click()

    expect(page.get_by_role("link", name="Two steps")).to_be_visible()
    page.get_by_role("tab", name="Drafts").click()
    expect(page.get_by_role("heading", name="Drafts in this browser")).to_be_visible()


def test_a_table_leads_to_a_search_for_a_model(page: Page, house: House, work):
    page.get_by_role("link", name="Automated ML").click()
    page.get_by_role("button", name="New automated ML job").click()
    page.get_by_role("combobox", name="Data", exact=False).first.select_option("sizes")
    page.get_by_role("radio", name="Regression").click()
    page.get_by_role("combobox", name="Target column").fill("size")
    page.get_by_role("textbox", name="Name", exact=True).fill("Tell sizes")
    page.get_by_role("checkbox", name="ElasticNet").click()
    page.get_by_label("Priority").select_option(label="Low")

    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("heading", name="Tell sizes")).to_be_visible()
    name = page.url.rpartition("/")[2].partition("?")[0]
    job = house.call("GET", f"{house.scope}/jobs/{name}")["properties"]
    details = job["taskDetails"]
    house.call("POST", f"{house.scope}/jobs/{name}/cancel", {})
    assert (details["taskType"], details["targetColumnName"]) == ("Regression", "size")
    assert details["trainingSettings"]["allowedTrainingAlgorithms"] == ["ElasticNet"]
    assert job["queueSettings"] == {"priority": 1}


def test_settings_of_the_workspace_are_changed_and_taken_along(page: Page, house: House):
    page.get_by_role("link", name="Workspace", exact=True).click()
    page.get_by_role("textbox", name="Description").fill("Where tests work.")
    page.get_by_role("button", name="Save").click()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download config.json").click()

    assert json.loads(download.value.path().read_text())["workspace_name"] == "default"
    expect(page.get_by_label("Definition").get_by_text("Where tests work.")).to_be_visible()


def test_a_browser_is_told_when_what_it_has_submitted_has_ended(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['failed']}/clone")
    page.get_by_role("textbox", name="Display name").fill("Fails once more")

    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".fui-ToastBody")).to_have_text("Fails once more has ended: Failed.", timeout=30_000)
    page.get_by_role("button", name="Notifications, 1 new").click()
    expect(page.get_by_label("Notifications").get_by_role("link", name="Fails once more")).to_be_visible()


def test_the_search_finds_flows_and_computes(page: Page, house: House):
    house.call("PUT", f"{house.scope}/smalt/flows/zebra-talk", {"template": "chat"})
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("zebra")
    page.get_by_role("option").filter(has_text="zebra-talk").wait_for()

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/studio/flows/zebra-talk"))
