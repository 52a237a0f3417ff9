"""Pipelines are composed in the studio: with the mouse, with the keyboard, and from YAML that somebody else wrote."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .house import ROOT, House

FOLDERS = [ROOT / "examples", *(Path(each) for each in os.environ.get("SMALT_PIPELINES", "").split(":") if each)]
"""Where pipelines are looked for; `SMALT_PIPELINES` names folders of more of them."""

COMPONENTS = {
    "shop_count": {
        "command": "echo ${{inputs.rows}} > ${{outputs.table}}/rows.txt",
        "inputs": {"rows": {"type": "integer", "default": "5"}, "seed": {"type": "number", "optional": True}},
        "outputs": {"table": {"type": "uri_folder"}},
    },
    "shop_print": {
        "command": "cat ${{inputs.table}}/rows.txt",
        "inputs": {"table": {"type": "uri_folder"}, "label": {"type": "string", "default": "none"}},
        "outputs": {"report": {"type": "uri_file"}},
    },
}


@pytest.fixture(scope="module", autouse=True)
def components(house: House) -> None:
    for name, document in COMPONENTS.items():
        spec = {"name": name, "type": "command", "environment": {"image": "python:3.11"}, **document}
        path = f"{house.scope}/components/{name}/versions/1"
        house.call("PUT", path, {"properties": {"componentSpec": spec}})


def begin(page: Page) -> None:
    page.get_by_role("link", name="Designer").click()
    page.get_by_role("button", name="New pipeline").click()
    page.get_by_role("complementary", name="Components").get_by_text("shop_print").wait_for()


def step(page: Page, name: str) -> Locator:
    return page.locator(".design-step", has_text=name)


def port(page: Page, of: str, handle: str) -> Locator:
    return step(page, of).locator(f'[data-handleid="{handle}"]')


def pull(page: Page, source: Locator, target: Locator) -> None:
    """Pull a line from one port to another."""
    for each in (source, target):
        each.hover()  # Waits until the drawing stands still.
    begin, end = (each.bounding_box() for each in (source, target))
    assert begin is not None
    assert end is not None
    page.mouse.move(begin["x"] + 4, begin["y"] + 4)
    page.mouse.down()
    page.mouse.move(end["x"] + 4, end["y"] + 4, steps=8)
    page.mouse.up()


def exported(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    return Path(download.value.path()).read_bytes().decode("utf-8-sig")


def test_a_pipeline_is_composed_and_submitted_without_a_mouse(page: Page, house: House, work):
    begin(page)

    page.get_by_role("button", name="Add shop_count").press("Enter")
    page.get_by_role("button", name="Make rows an input of the pipeline").press("Enter")
    page.get_by_role("button", name="Add shop_print").press("Enter")
    page.get_by_label("Source of table").select_option(label="shop_count.table")
    expect(page.get_by_text("Nothing is wrong with this pipeline.")).to_be_visible()
    page.get_by_role("button", name="Submit").press("Enter")

    expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible(timeout=60_000)
    expect(page.locator(".step-card")).to_have_count(2)


def test_a_pipeline_is_submitted_with_a_priority(page: Page, house: House):
    begin(page)
    page.get_by_label("Priority").select_option(label="High")
    assert "queue_settings:\n  priority: high\n" in exported(page)
    page.get_by_role("button", name="Add shop_count").click()
    expect(page.get_by_text("Nothing is wrong with this pipeline.")).to_be_visible()

    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible(timeout=60_000)
    job = house.call("GET", f"{house.scope}/jobs/{page.url.rpartition('/')[2].partition('?')[0]}")
    assert job["properties"]["queueSettings"] == {"priority": 3}


def test_a_priority_that_is_taken_back_leaves_nothing(page: Page):
    begin(page)
    before = exported(page)
    page.get_by_label("Priority").select_option(label="Low")

    page.get_by_label("Priority").select_option(label="Default")

    assert exported(page) == before


def test_a_pipeline_is_composed_by_dragging(page: Page, house: House, work):
    begin(page)
    canvas = page.locator(".react-flow__pane")

    for name, place in (("shop_count", {"x": 60, "y": 150}), ("shop_print", {"x": 330, "y": 150})):
        palette = page.get_by_role("complementary", name="Components")
        palette.get_by_role("listitem").filter(has_text=name).drag_to(canvas, target_position=place)
    expect(step(page, "shop_print").get_by_text("table")).to_be_visible()
    pull(page, port(page, "shop_count", "o:table"), port(page, "shop_print", "i:table"))

    expect(page.get_by_text("Nothing is wrong with this pipeline.")).to_be_visible()
    assert "table: ${{parent.jobs.shop_count.outputs.table}}" in exported(page)


def test_a_step_that_is_moved_with_the_arrows_stays_there(page: Page, house: House):
    begin(page)
    page.get_by_role("button", name="Add shop_count").press("Enter")
    node = page.locator(".react-flow__node", has=step(page, "shop_count"))
    node.press("Enter")

    before = node.evaluate("node => node.style.transform")
    node.press("Shift+ArrowRight")
    moved = node.evaluate("node => node.style.transform")
    page.reload()

    assert moved != before
    expect(node).to_have_attribute("style", re.compile(re.escape(moved)))


def test_types_that_do_not_fit_are_not_connected(page: Page, house: House, work):
    begin(page)
    page.get_by_role("button", name="Add shop_count").click()
    page.get_by_role("button", name="Make rows an input of the pipeline").click()
    page.get_by_role("button", name="Add shop_print").click()

    offered = page.get_by_label("Source of table").locator("option")
    expect(offered).to_have_text(["A path", "shop_count.table"])
    expect(page.get_by_text("The input 'table' (uri_folder) is required.").first).to_be_visible()
    pull(page, page.locator(".design-port .react-flow__handle"), port(page, "shop_print", "i:table"))

    expect(page.get_by_text("table does not take literal.").first).to_be_visible()


def test_what_is_wrong_leads_to_its_place(page: Page, house: House, work):
    begin(page)
    page.get_by_role("button", name="Add shop_print").click()
    page.get_by_role("button", name="Add shop_count").click()

    problem = page.get_by_role("region", name="Problems").get_by_role("button", name="is required")
    expect(problem).to_be_visible()
    expect(page.get_by_role("button", name="Submit")).to_be_disabled()
    problem.click()

    panel = page.get_by_role("complementary", name="shop_print")
    expect(panel.get_by_text("The input 'table' (uri_folder) is required.")).to_be_visible()


def test_a_draft_survives_a_reload_and_every_change_has_a_way_back(page: Page, house: House, work):
    begin(page)
    page.get_by_role("button", name="Add shop_count").click()
    page.get_by_label("Name of the step").fill("counted")
    page.get_by_label("Name of the step").press("Enter")
    expect(step(page, "counted")).to_be_visible()

    page.get_by_role("button", name="Undo").click()
    expect(step(page, "shop_count")).to_be_visible()
    page.reload()

    expect(step(page, "shop_count")).to_be_visible()


def test_a_pipeline_that_ran_is_opened(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['pipeline']}")

    page.get_by_role("button", name="Open in designer").click()

    expect(page).to_have_url(re.compile("/studio/designer/"))
    expect(page.locator(".design-step")).to_have_count(2)
    expect(page.locator(".react-flow__edge")).to_have_count(1)


def test_a_folder_is_opened_with_the_components_its_pipelines_name(page: Page, house: House, work):
    page.get_by_role("link", name="Designer").click()

    page.get_by_label("Open a folder").set_input_files(ROOT / "examples" / "pipelines" / "regression")
    page.get_by_role("link", name="Regression of two pipelines").click()

    expect(step(page, "model").get_by_text("training")).to_be_visible()
    expect(page.get_by_text("Nothing is wrong with this pipeline.")).to_be_visible()


def test_code_of_a_folder_is_uploaded_at_submit(page: Page, house: House, work, tmp_path: Path):
    component = "type: command\ncode: ../src\ncommand: cat said.txt\nenvironment: {image: 'python:3.11'}\n"
    files = {
        "pipeline.yml": "type: pipeline\njobs:\n  say:\n    component: ./parts/say.yml\n",
        "parts/say.yml": component,
        "src/said.txt": "words from a folder",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    page.get_by_role("link", name="Designer").click()

    page.get_by_label("Open a folder").set_input_files(tmp_path)
    page.get_by_role("button", name="Submit").click()
    page.locator(".step-card", has_text="say").click()
    page.get_by_role("complementary", name="say").get_by_role("link", name="Logs").click()

    expect(page.get_by_text("words from a folder")).to_be_visible(timeout=60_000)


def meaning(house: House, text: str) -> Any:
    kind = "component" if "pipelineComponent.schema" in text else "job"
    return house.call("POST", f"{house.scope}/smalt/pipelines/check", {"yaml": text, "kind": kind})["body"]


PIPELINES = [
    file
    for folder in FOLDERS
    for file in sorted(folder.rglob("*.y*ml"))
    if re.search(r"^jobs:", file.read_text(), re.MULTILINE)
]


def test_every_pipeline_opens_and_what_is_not_drawn_survives(open_page: Callable[[], Page], house: House):
    page = open_page()
    for file in PIPELINES:
        text = file.read_bytes().decode("utf-8-sig")
        page.get_by_role("link", name="Designer", exact=True).first.click()
        page.get_by_label("Open YAML").set_input_files(file)
        page.locator(".design-step").first.wait_for()
        untouched = exported(page)

        page.get_by_label("Display name").fill("Changed in the designer")
        page.get_by_label("Display name").press("Enter")
        changed = exported(page)

        expected, found = meaning(house, text), meaning(house, changed)
        assert meaning(house, untouched) == expected, file
        if expected is not None:
            properties = expected["properties"].get("componentSpec", expected["properties"])
            properties["displayName" if "jobType" in properties else "display_name"] = "Changed in the designer"
        assert found == expected, file
        assert {line.strip() for line in text.splitlines() if line.lstrip().startswith("#")} <= {
            line.strip() for line in changed.splitlines()
        }, file


def test_a_branch_is_added_and_filled_in_without_yaml(page: Page):
    begin(page)
    page.get_by_role("button", name="Add shop_count").click()
    page.get_by_role("button", name="Add Branch").click()

    page.get_by_role("combobox", name="When it is true").select_option("shop_count")

    text = exported(page)
    assert "type: if_else" in text
    assert "true_block: ${{parent.jobs.shop_count}}" in text


def two_steps(page: Page) -> None:
    begin(page)
    page.get_by_role("button", name="Add shop_count").click()
    page.get_by_role("button", name="Add shop_print").click()
    page.get_by_label("Source of table").select_option(label="shop_count.table")


def test_steps_become_a_pipeline_of_their_own(page: Page, house: House, work):
    two_steps(page)
    page.get_by_role("button", name="Add shop_print").click()
    page.get_by_label("Source of table").select_option(label="shop_count.table")

    page.get_by_role("button", name="Group steps").click()
    page.get_by_role("checkbox", name="shop_count").check()
    page.get_by_role("button", name="Make a group").click()

    expect(page.get_by_text("Nothing is wrong with this pipeline.")).to_be_visible()
    text = exported(page)
    assert "table: ${{parent.jobs.group.outputs.shop_count_table}}" in text
    assert "table: ${{parent.outputs.shop_count_table}}" in text
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible(timeout=60_000)


def test_a_shared_draft_is_followed_and_never_written_over(open_page: Callable[[], Page], house: House, work):
    mine = open_page()
    two_steps(mine)
    mine.get_by_role("button", name="Save for all").click()
    expect(mine.get_by_text("Everybody in the workspace sees this draft.").first).to_be_visible()
    path = f"{house.scope}/smalt/notebooks"
    (entry,) = house.call("GET", f"{path}/entries?path=Designer")["value"]
    draft = house.call("GET", f"{path}/files/{entry['path'].replace(' ', '%20')}")

    mine.get_by_role("button", name="Undo").click()
    theirs = draft | {"text": draft["text"].replace("New pipeline", "Theirs")}
    target = f"{path}/files/{entry['path'].replace(' ', '%20')}"
    house.call("PUT", target, theirs, {"If-Match": f'"{entry["etag"]}"'})
    expect(mine.get_by_text("Nothing was overwritten.", exact=False)).to_be_visible()
    mine.get_by_role("button", name="Take theirs").click()

    expect(mine.get_by_role("heading", name="Theirs")).to_be_visible()
    mine.get_by_role("link", name="Designer").first.click()
    expect(mine.get_by_role("button", name="Remove New pipeline", exact=False)).to_be_visible()
