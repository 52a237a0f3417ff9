"""Charts are read and looked into without a mouse: arrows say what stands at each point, + and - zoom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .house import House

LAST = 199


@pytest.fixture
def chart(page: Page, house: House, work: dict[str, str]) -> Locator:
    """The chart of a metric that one job has logged in 200 steps; it has the focus."""
    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=metrics")
    return focused(page, "loss")


@pytest.fixture
def two_lines(page: Page, house: House) -> Locator:
    """The chart of a metric of two runs, of which one has logged every other step; it has the focus."""
    runs = [logged(house, "often", {0: 0, 1: 1, 2: 2, 3: 3, 4: 4}), logged(house, "seldom", {0: 0, 2: 2, 4: 4})]
    page.goto(f"{house.url}/studio/compare?jobs={','.join(runs)}&tab=charts")
    return focused(page, "size")


def test_arrows_say_what_stands_at_each_point(page: Page, chart: Locator):
    assert said_after(page, "ArrowRight") == "Step 0: Write a table 1"
    assert said_after(page, "ArrowRight") == "Step 1: Write a table 0.50000"
    assert said_after(page, "End") == "Step 199: Write a table 0.0050000"
    assert said_after(page, "ArrowLeft") == "Step 198: Write a table 0.0050251"
    assert said_after(page, "PageUp") == "Step 178: Write a table 0.0055866"
    assert said_after(page, "Home") == "Step 0: Write a table 1"


def test_the_legend_shows_the_same_as_is_said(page: Page, chart: Locator):
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    expect(chart.get_by_role("row", name="Write a table : 0.50000")).to_be_visible()


def test_a_line_is_chosen_and_read_alone(page: Page, two_lines: Locator):
    assert said_after(page, "Home") == "Step 0: often 0, seldom 0"
    assert said_after(page, "ArrowRight") == "Step 1: often 1"
    assert said_after(page, "ArrowDown") == "Step 1: often 1"
    assert said_after(page, "ArrowDown") == "Step 2: seldom 2"
    assert said_after(page, "ArrowRight") == "Step 4: seldom 4"
    assert said_after(page, "ArrowDown") == "Step 4: often 4, seldom 4"


def test_of_many_lines_is_said_how_far_they_reach(page: Page, house: House):
    runs = [logged(house, f"run {number}", {0: number, 1: 2 * number}) for number in range(13)]
    page.goto(f"{house.url}/studio/compare?jobs={','.join(runs)}&tab=charts")
    focused(page, "size")

    assert said_after(page, "End") == "Step 1: 13 lines from 0 to 24"
    assert said_after(page, "ArrowUp") == "Step 1: run 12 24"


def test_space_hides_the_line_that_is_chosen(page: Page, two_lines: Locator):
    page.keyboard.press("ArrowDown")

    assert said_after(page, " ") == "often is hidden"

    page.keyboard.press("ArrowUp")
    assert said_after(page, "ArrowRight") == "Step 2: seldom 2"
    page.keyboard.press("ArrowDown")
    assert said_after(page, " ") == "often is shown"


def test_plus_zooms_around_the_point_and_escape_shows_the_whole(page: Page, chart: Locator):
    page.keyboard.press("End")

    with page.expect_response(part_of_steps(99, LAST)):
        page.keyboard.press("+")
    expect(said(page)).to_have_text("From 99.500 to 199")
    expect(page.get_by_role("button", name="Whole")).to_be_visible()
    page.keyboard.press("Escape")

    expect(said(page)).to_have_text("Whole")
    expect(page.get_by_role("button", name="Whole")).to_have_count(0)
    assert said_after(page, "Home") == "Step 0: Write a table 1"


def test_minus_goes_back_as_far_as_plus_went_in(page: Page, chart: Locator):
    page.keyboard.press("Home")
    with page.expect_request(part_of_steps(0, 50)):
        page.keyboard.press("+")
        page.keyboard.press("+")

    with page.expect_request(part_of_steps(0, 100)):
        page.keyboard.press("-")
    page.keyboard.press("-")

    expect(said(page)).to_have_text("Whole")


def test_a_part_is_marked_with_shift_and_zoomed_into_with_enter(page: Page, chart: Locator):
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(said(page)).to_have_text("From 0 to 3: Enter zooms")

    with page.expect_request(part_of_steps(0, 3)):
        page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Whole")).to_be_visible()
    assert said_after(page, "End") == "Step 3: Write a table 0.25000"


def test_escape_takes_a_mark_back_before_it_leaves_the_zoom(page: Page, chart: Locator):
    page.keyboard.press("Home")
    page.keyboard.press("+")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Whole")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Whole")).to_have_count(0)


def test_the_mouse_zooms_by_dragging_and_leaves_with_a_double_click(page: Page, chart: Locator):
    plot = chart.locator(".u-over")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Whole")).to_be_visible()

    plot.dblclick()

    expect(page.get_by_role("button", name="Whole")).to_have_count(0)


def test_a_chart_without_a_point_is_no_stop(page: Page, house: House):
    run = logged(house, "lost", {0: "NaN", 1: "NaN"})
    page.goto(f"{house.url}/studio/compare?jobs={run}&tab=charts")

    expect(page.get_by_role("img", name="size")).to_be_visible()
    expect(page.get_by_role("application")).to_have_count(0)


def test_the_chart_tells_its_keys_and_lets_tab_go(page: Page, chart: Locator):
    expect(chart).to_have_accessible_description(re.compile("Arrows go from point to point"))

    page.keyboard.press("Tab")

    expect(chart).not_to_be_focused()


def focused(page: Page, metric: str) -> Locator:
    found = page.get_by_role("application", name=metric)
    found.focus()
    expect(found).to_be_focused()
    return found


def said(page: Page) -> Locator:
    """What is told to who does not see the chart."""
    return page.locator("figure").get_by_role("status")


def said_after(page: Page, key: str) -> str:
    page.keyboard.press(key)
    # What a key leads to is written within the same turn of the browser, of which the frame is the next.
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return said(page).inner_text()


def part_of_steps(first: int, last: int) -> Callable[..., bool]:
    return lambda asked: f"start_step={first}&end_step={last}" in asked.url


def logged(house: House, name: str, sizes: dict[int, float | str]) -> str:
    """A run that has logged its sizes, each at its step."""
    base = f"/mlflow/v2.0{house.scope}/api/2.0/mlflow"
    run = house.call("POST", f"{base}/runs/create", {"experiment_id": "0", "run_name": name, "start_time": 0})
    run_id: str = run["run"]["info"]["run_id"]
    metrics = [{"key": "size", "value": value, "timestamp": 1000 * step, "step": step} for step, value in sizes.items()]
    house.call("POST", f"{base}/runs/log-batch", {"run_id": run_id, "metrics": metrics})
    return run_id
