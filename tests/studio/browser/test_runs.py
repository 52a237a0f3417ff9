"""Jobs in a real browser: dialogs, running them again, what is compared and what is looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .house import House, Made


def submit(house: House, folder: Path, text: str) -> str:
    """The name of a job that has been submitted."""
    file = folder / "job.yml"
    file.write_text(f"experiment_name: dialogs\nenvironment: {{image: python:3.11}}\n{text}")
    return house.smalt("job", "create", "-f", str(file), "--query", "name", "-o", "tsv")


def keep(house: House, run: str, path: str, content: Any) -> None:
    """Something that a run has logged, as JSON."""
    workspace = house.call("GET", house.scope)["properties"]["workspaceId"]
    address = f"/blob/{workspace}/azureml/ExperimentRun/dcid.{run}/{path}"
    house.call("PUT", address, content, {"x-ms-blob-type": "BlockBlob"})


@pytest.fixture
def running(house: House, tmp_path: Path) -> Iterator[str]:
    name = submit(house, tmp_path, "command: sleep 600\ndisplay_name: Takes long\n")
    yield name
    house.call("POST", f"{house.scope}/jobs/{name}/cancel", {})


def test_a_dialog_gives_the_keyboard_back_to_what_opened_it(page: Page, house: House, running: str):
    page.goto(f"{house.url}/studio/jobs/{running}")
    opener = page.get_by_role("button", name="Cancel job")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog", name="Cancel this job?")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_search_gives_the_keyboard_back(page: Page, work):
    page.get_by_role("link", name="Jobs", exact=True).click()
    opener = page.get_by_role("button", name="Refresh")
    opener.focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("sizes")

    page.keyboard.press("Escape")

    expect(page.get_by_role("combobox", name="Search")).to_have_count(0)
    expect(opener).to_be_focused()


def test_what_the_arrows_choose_in_the_search_is_in_sight(page: Page, work):
    page.keyboard.press("Control+k")
    options = page.get_by_role("option")
    expect(options).to_have_count(22)
    expect(options.last).not_to_be_in_viewport()

    page.keyboard.press("ArrowUp")

    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(options.last).to_be_in_viewport(ratio=1)


def test_a_dialog_of_a_menu_gives_the_keyboard_back_to_the_button_of_the_menu(page: Page, house: House):
    house.call("PUT", f"{house.scope}/smalt/flows/renamed", {"template": "chat"})
    page.goto(f"{house.url}/studio/flows/renamed")
    opener = page.get_by_role("button", name="More about answer", exact=True)
    opener.press("Enter")
    page.get_by_role("menuitem", name="Rename").press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()

    page.keyboard.press("Escape")

    expect(opener).to_be_focused()


def test_a_job_is_submitted_again_with_a_priority(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}/clone")
    page.get_by_label("Priority").select_option(label="High")
    page.get_by_role("button", name="Submit").click()

    expect(page.locator("dt", has_text="Priority").locator("+ dd")).to_have_text("High")
    again = house.call("GET", f"{house.scope}/jobs/{page.url.rpartition('/')[2].partition('?')[0]}")
    assert again["properties"]["queueSettings"] == {"priority": 3}


def test_a_job_is_called_otherwise(page: Page, house: House, tmp_path: Path):
    name = submit(house, tmp_path, "command: 'true'\ndisplay_name: Nameless\n")
    page.goto(f"{house.url}/studio/jobs/{name}")

    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("The one to keep")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="The one to keep")).to_be_visible()
    expect(page.get_by_role("button", name="Rename")).to_be_focused()


def test_a_job_is_run_again_as_it_was(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['failed']}")

    page.get_by_role("button", name="Rerun", exact=True).click()

    expect(page).to_have_url(re.compile(f"{work['failed']}_c"))
    expect(page.get_by_text("echo almost && exit 3")).to_be_visible()


def test_a_run_of_a_flow_that_is_run_again_is_one_of_the_flow(page: Page, house: House, made: Made):
    page.goto(f"{house.url}/studio/jobs/{made['written']['run']}")

    page.get_by_role("button", name="Rerun", exact=True).click()
    expect(page).to_have_url(re.compile(f"{made['written']['run']}_c"))
    page.get_by_role("button", name="Lines").click()

    expect(page).to_have_url(re.compile("/flows/axe-sorter/runs/"))


def test_what_a_pipeline_has_done_is_not_done_again_when_it_is_rerun(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['pipeline']}")

    page.get_by_role("button", name="Rerun", exact=True).click()

    expect(page).to_have_url(re.compile(f"{work['pipeline']}_c"))
    expect(page.get_by_text("Reused")).to_have_count(2, timeout=30_000)


def test_what_runs_were_given_is_compared_even_where_nothing_was_logged(page: Page, house: House, tmp_path: Path):
    one, other = (
        submit(
            house, tmp_path, f"command: echo ${{{{inputs.size}}}}\ninputs: {{size: {size}}}\ntags: {{by: tag{size}}}\n"
        )
        for size in (7, 8)
    )

    page.goto(f"{house.url}/studio/compare?jobs={one},{other}")

    expect(page.get_by_role("row", name=re.compile("size Input 7 8"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("by Tag tag7 tag8"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Command"))).to_have_count(0)
    page.get_by_role("switch", name="Only what differs").click()
    expect(page.get_by_role("row", name=re.compile("Command"))).to_be_visible()


def test_a_link_shows_charts_as_they_were_looked_at(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=metrics")
    page.get_by_label("Horizontal axis").select_option("time")
    page.get_by_role("switch", name="Logarithmic").click()
    page.get_by_role("slider", name="Smoothing").press("ArrowRight")

    expect(page).to_have_url(re.compile(r"axis=time&scale=log&smoothing=0\.05"))
    page.reload()

    expect(page.get_by_label("Horizontal axis")).to_have_value("time")
    expect(page.get_by_role("switch", name="Logarithmic")).to_be_checked()
    expect(page.get_by_role("slider", name="Smoothing")).to_have_value("0.05")


def test_a_link_shows_what_a_log_was_searched_for(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=logs")
    page.get_by_role("searchbox", name="Search the log").fill("line 1999")

    expect(page).to_have_url(re.compile("find=line"))
    page.reload()

    expect(page.get_by_text("1 / 1")).to_be_visible()


def test_jobs_that_are_archived_are_chosen_no_more(page: Page, house: House, tmp_path: Path):
    name = submit(house, tmp_path, "command: 'true'\n")
    house.smalt("job", "stream", "-n", name)
    page.goto(f"{house.url}/studio/jobs?q={name}")
    page.get_by_role("checkbox", name=f"Select {name}").click()

    page.get_by_role("button", name="Archive", exact=True).click()

    expect(page.get_by_text("No job fits.")).to_be_visible()
    expect(page.get_by_text("1 selected")).to_have_count(0)


def test_a_view_that_is_opened_gets_out_of_the_way(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs?status=Failed")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("bad ones")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="bad ones", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("Status").select_option("")

    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="bad ones", exact=True).click()

    expect(page.get_by_label("Name of the view")).to_have_count(0)
    expect(page.get_by_label("Status")).to_have_value("Failed")


def test_a_view_that_is_shared_is_in_the_browser_of_everybody(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs?status=Failed")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("all that failed")
    page.get_by_role("checkbox", name="Show it to everybody").check()
    page.get_by_role("button", name="Keep this view").click()
    page.get_by_role("button", name="all that failed", exact=True).wait_for()

    page.evaluate("localStorage.clear()")
    page.goto(f"{house.url}/studio/jobs")
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_text("shared by owner")).to_be_visible()
    page.get_by_role("button", name="all that failed", exact=True).click()
    expect(page.get_by_label("Status")).to_have_value("Failed")

    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Forget the view all that failed").click()
    page.get_by_role("button", name="Delete it for everybody?").click()
    expect(page.get_by_text("shared by owner")).to_have_count(0)


def test_a_table_that_mlflow_logs_is_shown_as_one(page: Page, house: House, tmp_path: Path):
    run = submit(house, tmp_path, "command: 'true'\n")
    keep(house, run, "answers/table.json", {"columns": ["word", "count"], "data": [["one", 1], ["<b>two</b>", 2]]})
    keep(house, run, "answers/other.json", {"columns": "many"})
    noted = {
        "run_id": run,
        "key": "mlflow.loggedArtifacts",
        "value": '[{"path": "answers/table.json", "type": "table"}]',
    }
    house.call("POST", f"/mlflow/v2.0{house.scope}/api/2.0/mlflow/runs/set-tag", noted)

    page.goto(f"{house.url}/studio/jobs/{run}?tab=images")

    expect(page.get_by_role("row", name="<b>two</b> 2")).to_be_visible()
    expect(page.get_by_text("other.json")).to_have_count(0)


def test_a_drawing_is_shown_and_what_is_in_it_does_not_run(page: Page, house: House, tmp_path: Path):
    file = tmp_path / "drawing.svg"
    script = "<script>parent.document.title = 'taken'</script>"
    file.write_text(f"<svg xmlns='http://www.w3.org/2000/svg' width='90' height='60'>{script}<circle r='9'/></svg>")
    house.smalt("data", "create", "--name", "drawing", "--path", str(file), "--type", "uri_file")

    page.goto(f"{house.url}/studio/assets/data/drawing?tab=files&path=drawing.svg")

    picture = page.get_by_role("img", name="drawing.svg")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 90
    expect(page).to_have_title(re.compile("drawing"))


def test_a_model_says_what_it_takes(page: Page, house: House, tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    signature = """{inputs: '[{"name": "age", "type": "double", "required": true}]'}"""
    (folder / "MLmodel").write_text(f"flavors: {{sklearn: {{sklearn_version: 1.9.1}}}}\nsignature: {signature}\n")
    house.smalt("model", "create", "--name", "says", "--path", str(folder), "--type", "mlflow_model")

    page.goto(f"{house.url}/studio/assets/models/says?tab=files")

    expect(page.get_by_text("sklearn 1.9.1")).to_be_visible()
    expect(page.get_by_role("row", name="age double Yes")).to_be_visible()
