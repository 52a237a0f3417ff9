"""Graphs of pipelines in a real browser: what is gone into, with a mouse and without, and what a step tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .house import House

_NESTED = """
type: pipeline
display_name: With things inside
experiment_name: graphs
settings: {force_rerun: true}
jobs:
  group:
    type: pipeline
    jobs:
      deep:
        type: command
        command: echo from the deep
        environment: {image: python:3.11}
  search:
    type: sweep
    trial:
      command: echo ${{search_space.size}}
      environment: {image: python:3.11}
    search_space: {size: {type: choice, values: [1, 2]}}
    sampling_algorithm: grid
    objective: {goal: maximize, primary_metric: size}
    limits: {max_total_trials: 2, max_concurrent_trials: 2}
"""


@pytest.fixture(scope="module")
def nested(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pipeline with a pipeline and a sweep in it, that has ended."""
    file: Path = tmp_path_factory.mktemp("nested") / "pipeline.yml"
    file.write_text(_NESTED)
    name = house.smalt("job", "create", "-f", str(file), "--query", "name", "-o", "tsv")
    # Its sweep measures nothing and fails; that is no matter here.
    house.wait(name)
    return name


def test_a_nested_pipeline_opens_on_a_double_click(page: Page, house: House, nested: str):
    page.goto(f"{house.url}/studio/jobs/{nested}")

    page.locator(".step-card", has_text="group").dblclick()

    expect(page).to_have_url(re.compile("path=group"))
    expect(page.locator(".step-card", has_text="deep")).to_be_visible()
    expect(page.get_by_text("· 1 step", exact=True)).to_be_visible()


def test_a_sweep_opens_on_a_double_click_as_its_trials(page: Page, house: House, nested: str):
    page.goto(f"{house.url}/studio/jobs/{nested}")

    page.locator(".step-card", has_text="search").dblclick()

    expect(page.get_by_role("tab", name="Trials")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"{nested}_search_1"))).to_be_visible()
    page.get_by_role("link", name=nested, exact=True).click()
    expect(page.locator(".step-card", has_text="search")).to_be_visible()


def test_a_step_is_chosen_and_gone_into_without_a_mouse(page: Page, house: House, nested: str):
    page.goto(f"{house.url}/studio/jobs/{nested}")

    page.get_by_role("group", name="group, Completed").press("Enter")
    page.get_by_role("complementary", name="group").get_by_role("button", name="Look inside").press("Enter")
    page.get_by_role("group", name="deep, Completed").press("Enter")

    expect(page.get_by_role("complementary", name="deep")).to_contain_text("from the deep")


def test_a_step_shows_the_end_of_its_log_and_leads_to_its_outputs(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/jobs/{work['pipeline']}?step=first")
    panel = page.get_by_role("complementary", name="first")

    panel.get_by_role("link", name="Look inside").click()

    expect(page.get_by_label("Output", exact=True)).to_have_value("text")
    page.get_by_role("button", name=re.compile("^text.txt")).click()
    expect(page.get_by_role("textbox", name="text.txt")).to_contain_text("first")
