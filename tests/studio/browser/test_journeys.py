"""What people do in the studio, in a real browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .house import House


def test_signing_out_leaves_nothing_to_see(open_page: Callable[[], Page], work, house: House):
    first, second = open_page(), open_page()

    first.get_by_role("button", name="Sign out").click()

    for page in (first, second):
        expect(page.get_by_role("heading", name="Sign in to smalt studio")).to_be_visible()
        expect(page.get_by_text("Write a table")).to_have_count(0)


def test_whoever_comes_first_is_asked_to_sign_in_and_nothing_is_complained_of(chromium: Browser, house: House):
    page = chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))

    page.goto(f"{house.url}/studio/jobs")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert complaints == []
    page.close()


def test_home_tells_what_failed_and_why(page: Page, work):
    failed = page.locator("section", has=page.get_by_role("heading", name="Failed lately"))

    expect(failed.get_by_role("link", name="Fails on purpose")).to_be_visible()
    expect(failed.get_by_text("exited with code 3")).to_be_visible()


def test_home_leads_on_from_what_there_is(page: Page, house: House, work):
    house.call("PUT", f"{house.scope}/smalt/flows/changed-flow", {"template": "chat"})
    page.goto(f"{house.url}/studio/")

    changed = page.locator(".section", has=page.get_by_role("heading", name="Changed lately"))
    expect(changed.get_by_role("link", name="changed-flow")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Compare the latest .* runs of ")).click()

    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Duration"))).to_be_visible()


def test_the_list_of_jobs_shows_metrics_as_columns_and_keeps_filters_in_the_address(page: Page, work):
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_label("Name, experiment, tag or person").fill("write a table")
    expect(page.get_by_role("row")).to_have_count(2)

    page.get_by_role("button", name="Metrics").click()
    page.get_by_role("checkbox", name="loss").check()
    page.keyboard.press("Escape")

    expect(page).to_have_url(re.compile(r"q=write.*metrics=loss|metrics=loss.*q=write"))
    expect(page.get_by_role("cell", name="0.0050000")).to_be_visible()


def test_the_first_rows_are_asked_for_by_pointing_at_their_page_and_once(page: Page, work):
    asked: list[str] = []
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))

    page.get_by_role("link", name="Jobs", exact=True).hover()
    page.wait_for_function("() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/jobs?'))")
    first = [each for each in asked if each.startswith("jobs?")]
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("table", name="Jobs").get_by_role("link").first.wait_for()

    assert first == ["jobs?withoutSteps=true&%24top=50"]
    assert [each for each in asked if each.startswith("jobs?")] == first


def test_jobs_are_tagged_several_at_once(page: Page, house: House, work):
    newest = [job["name"] for job in house.call("GET", f"{house.scope}/jobs?withoutSteps=true&$top=2")["value"]]
    page.get_by_role("link", name="Jobs", exact=True).click()
    for name in newest:
        page.get_by_label(f"Select {name}").check()

    page.get_by_role("button", name="Tags of 2 jobs").click()
    page.get_by_label("New tag, as key=value").fill("batch=seven")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Remove the tag batch")).to_be_visible()
    for name in newest:
        assert house.call("GET", f"{house.scope}/jobs/{name}")["properties"]["tags"]["batch"] == "seven"
    page.get_by_role("button", name="Remove the tag batch").click()
    expect(page.get_by_text("batch: seven")).to_have_count(0)


def test_a_job_that_is_submitted_elsewhere_appears_by_itself(page: Page, house: House, work):
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("table", name="Jobs").get_by_role("link").first.wait_for()

    properties = house.call("GET", f"{house.scope}/jobs/{work['failed']}")["properties"]
    fresh = {key: properties[key] for key in ("jobType", "command", "environmentId", "experimentName")}
    house.call("PUT", f"{house.scope}/jobs/live_one", {"properties": {**fresh, "displayName": "Appears by itself"}})

    expect(page.get_by_role("link", name="Appears by itself")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("live_one"))
    expect(row.get_by_text("Failed")).to_be_visible()


def test_a_log_is_searched(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=logs")
    expect(page.get_by_text("line 1 of the log", exact=True)).to_be_visible()

    page.get_by_label("Search the log").fill("line 1500 of")

    expect(page.get_by_text("1 / 1")).to_be_visible()
    expect(page.locator("mark", has_text="line 1500 of")).to_be_visible()


def test_a_log_follows_by_one_stream_until_its_job_is_over(page: Page, house: House, work, tmp_path: Path):
    go = tmp_path / "go"
    command = f"echo before; until [ -e {go} ]; do sleep 0.05; done; echo after"
    properties = house.call("GET", f"{house.scope}/jobs/{work['failed']}")["properties"]
    fresh = {key: properties[key] for key in ("jobType", "environmentId", "experimentName")}
    house.call("PUT", f"{house.scope}/jobs/followed", {"properties": {**fresh, "command": command}})
    streams: list[str] = []
    page.on("request", lambda request: request.url.endswith("/jobs/followed/logs") and streams.append(request.url))
    page.goto(f"{house.url}/studio/jobs/followed?tab=logs")
    expect(page.get_by_text("before", exact=True)).to_be_visible(timeout=30_000)

    go.touch()

    expect(page.get_by_text("after", exact=True)).to_be_visible()
    expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Follow")).to_have_count(0)
    assert len(streams) == 1


def test_outputs_are_looked_into(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=outputs&file=table")

    page.get_by_role("button", name="table.csv").click()

    expect(page.get_by_role("columnheader", name="size")).to_be_visible()
    expect(page.get_by_role("cell", name="two")).to_be_visible()


def test_the_code_of_a_job_is_kept(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=code&path=work.py")

    expect(page.get_by_text("import pathlib, sys")).to_be_visible()


def test_tags_are_added_and_taken_away(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=overview")

    page.get_by_label("New tag, as key=value").fill("stage=review")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("stage: review")).to_be_visible()
    page.get_by_role("button", name="Remove the tag stage").click()

    expect(page.get_by_text("stage: review")).to_have_count(0)


def test_a_job_is_submitted_again_with_another_command(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['failed']}")
    page.get_by_role("button", name="Clone and edit").click()

    page.get_by_label("Display name").fill("Fails no more")
    page.get_by_label("Command").fill("echo well")
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("heading", name="Fails no more")).to_be_visible()
    expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible(timeout=30_000)


def test_a_failed_job_says_why(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['failed']}")

    expect(page.get_by_text("Why it failed")).to_be_visible()
    expect(page.get_by_text(re.compile("exited with code 3"))).to_be_visible()


def test_a_pipeline_is_a_graph_whose_steps_open(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['pipeline']}")

    page.locator(".step-card", has_text="second").click()

    panel = page.get_by_role("complementary", name="second")
    expect(panel.get_by_text("it has not run before")).to_be_visible()
    panel.get_by_role("link", name="Logs").click()
    expect(page.get_by_text("first", exact=True)).to_be_visible()


def test_runs_are_compared(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/compare?jobs={work['job']},{work['failed']}")
    expect(page.get_by_role("cell", name="loss")).to_be_visible()

    for tab in ("Charts", "Parallel coordinates", "Scatter"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator("canvas").first).to_be_visible()


def test_a_single_run_with_a_metric_has_no_empty_scale_beside_it(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/compare?jobs={work['job']},{work['failed']}&tab=parallel")
    tallest = """right => {
      const canvas = document.querySelector("[aria-label='Parallel coordinates'] canvas");
      if (!canvas) return 0;
      const strip = canvas.getContext("2d").getImageData(canvas.width - right, 0, right, canvas.height);
      const { data, width, height } = strip;
      const isPainted = (x, y) => data[4 * (y * width + x) + 3] > 0;
      const column = x => Array.from({ length: height }, (_, y) => isPainted(x, y)).filter(Boolean).length;
      return Math.max(...Array.from({ length: width }, (_, x) => column(x)));
    }"""
    page.wait_for_function(f"right => ({tallest})(right) > 300", arg=200)

    words_of_an_axis = 100
    assert page.evaluate(tallest, 50) < words_of_an_axis


def test_a_trace_is_read_span_by_span_with_the_keyboard(page: Page, work):
    page.get_by_role("link", name="Traces", exact=True).click()
    page.get_by_role("searchbox", name="Name, inputs or output").fill("answ")
    page.get_by_role("link", name="answer").click()

    for head in ("Name", "Duration", "Tokens"):
        expect(page.locator(".span-heads").get_by_text(head, exact=True)).to_be_visible()
    page.get_by_role("treeitem", name=re.compile("^answer, Flow")).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("region", name="look up")).to_contain_text("given to look up")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")

    expect(page.get_by_role("treeitem")).to_have_count(1)
    expect(page).to_have_url(re.compile(work["trace"]))


def test_an_asset_is_found_with_the_keyboard_alone(page: Page, work):
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("sizes")
    expect(page.get_by_role("option", name=re.compile("sizes")).first).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="sizes")).to_be_visible()
    expect(page.get_by_role("link", name=work["job"])).to_be_visible()


def test_a_role_is_given_and_taken(page: Page, house: House):
    house.call("POST", "/smalt/actors", {"name": "ada"})
    page.get_by_role("link", name="Access", exact=True).click()
    page.get_by_label("Who", exact=True).select_option(label="ada")
    page.get_by_label("Role", exact=True).select_option(label="Reader")
    page.get_by_role("button", name="Give").click()

    page.get_by_role("button", name="Take the role Reader from ada").click()
    page.get_by_role("button", name="Take it away").click()

    expect(page.get_by_role("button", name="Take the role Reader from ada")).to_have_count(0)


def test_a_person_is_added_with_a_role_and_a_token_that_is_shown_once(page: Page, house: House):
    page.get_by_role("link", name="Access", exact=True).click()
    page.get_by_role("button", name="Add a person").press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("grace")
    page.get_by_label("Role in this workspace").select_option(label="Reader")
    page.get_by_role("button", name="Add", exact=True).press("Enter")

    told = page.get_by_role("alertdialog", name="grace is added")
    token = told.locator("code").inner_text()
    expect(told.get_by_role("button", name="Copy")).to_be_visible()
    hers = House(house.home, house.url, token, house.scope)
    assert hers.call("GET", "/smalt/me")["name"] == "grace"
    told.get_by_role("button", name="Close").click()
    expect(page.get_by_role("row", name=re.compile("^grace A person Reader This workspace"))).to_be_visible()
    expect(page.get_by_text(token)).to_have_count(0)


def test_whoever_may_add_nobody_is_not_offered_to(chromium: Browser, house: House):
    made = house.call("POST", "/smalt/actors", {"name": "linus"})
    place = f"{house.scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    roles = house.call("GET", f"{house.scope}/providers/Microsoft.Authorization/roleDefinitions")["value"]
    reader = next(each["id"] for each in roles if each["properties"]["roleName"] == "Reader")
    house.call("PUT", place, {"properties": {"roleDefinitionId": reader, "principalId": made["id"]}})
    token = house.call("POST", f"/smalt/actors/{made['id']}/tokens", {"name": "first"})["token"]
    page = chromium.new_context(locale="en-US").new_page()
    page.goto(House(house.home, house.url, token, house.scope).link())

    with page.expect_response("**/smalt/me"):
        page.get_by_role("link", name="Access", exact=True).click()

    expect(page.get_by_role("region", name="Who holds which role").get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("button", name="Add a person")).to_have_count(0)
    page.context.close()


def test_roles_say_what_they_may_do_and_how_many_hold_them(page: Page, house: House):
    page.get_by_role("link", name="Access", exact=True).click()

    roles = page.get_by_role("region", name="What the roles may do")
    expect(roles.get_by_role("row", name=re.compile(r"Reader Built in Looks, changes nothing\. \d"))).to_be_visible()
    expect(roles.get_by_role("row", name="Owner Built in Everything, and giving roles to others. 1")).to_be_visible()


def test_the_studio_speaks_japanese_and_turns_dark(page: Page):
    page.get_by_role("button", name="日本語").click()
    expect(page.get_by_role("link", name="ジョブ")).to_be_visible()

    page.get_by_role("button", name="ダークテーマ").click()

    expect(page.get_by_role("button", name="ライトテーマ")).to_be_visible()


def test_the_link_that_mlflow_prints_for_a_run_leads_to_its_page(page: Page, house: House, work):
    page.goto(f"{house.url}/mlflow/v2.0{house.scope}/#/experiments/1/runs/{work['job']}")

    expect(page).to_have_url(re.compile(f"/studio/jobs/{work['job']}"))
    expect(page.get_by_role("heading", name="Write a table")).to_be_visible()
