"""The Responsible AI dashboard in a browser: from an error tree to a cohort, to how fair the model is there."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .house import House


def test_a_node_of_the_error_tree_becomes_a_cohort_that_is_measured(page: Page, house: House, analysed):
    page.goto(f"{house.url}/studio/jobs/{analysed['analysed']}?tab=responsible")
    tree = page.get_by_role("group", name="Error tree")

    tree.get_by_role("button", name=re.compile("^s5 <= ")).first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Keep .* as a cohort$")).click()
    page.get_by_role("tab", name="Model overview").click()

    metrics = page.get_by_role("region", name="Metrics by cohort")
    expect(metrics.get_by_role("cell", name=re.compile("^s5 ≤ "))).to_be_visible()
    expect(metrics.get_by_role("columnheader", name="False positive rate")).to_be_visible()
    expect(page).to_have_url(re.compile("part=performance"))


def test_groups_of_people_are_compared_and_rows_are_told_what_would_change_them(page: Page, house: House, analysed):
    page.goto(f"{house.url}/studio/jobs/{analysed['analysed']}?tab=responsible&part=fairness")
    groups = page.get_by_role("region", name="Metrics by sex")
    expect(groups.get_by_role("row", name=re.compile("^Difference"))).to_be_visible()

    page.get_by_role("tab", name="Counterfactuals").click()
    page.get_by_role("button", name="Next row that is wrong").click()

    changes = page.get_by_role("region", name="What would have to change")
    expect(changes.get_by_role("row", name=re.compile("^bmi "))).to_be_visible()


def test_the_dashboard_is_found_with_the_model_it_is_about(page: Page, house: House, analysed, tmp_path: Path):
    (tmp_path / "model.txt").write_text("the weights")
    house.smalt("model", "create", "-n", "diabetes-progression", "-v", "1", "--path", str(tmp_path / "model.txt"))
    page.goto(f"{house.url}/studio/assets/models/diabetes-progression")

    page.get_by_role("tab", name="Responsible AI").click()

    expect(page.get_by_role("group", name="Error tree")).to_be_visible()
    expect(page).to_have_url(re.compile("tab=responsible"))
