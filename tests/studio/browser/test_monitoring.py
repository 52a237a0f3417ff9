"""Monitors in a browser: from the list to a feature that has drifted, and from a deployment to a new monitor."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .house import House


def test_a_drift_is_found_from_the_list_to_the_feature(page: Page, house: House, watched):
    page.goto(f"{house.url}/studio/monitoring")
    page.get_by_role("link", name=re.compile("drift.*Beyond a threshold")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("size-monitor")
    values = page.get_by_role("region", name="Last values")

    values.get_by_role("link", name="size").click()

    expect(page.get_by_role("img", name="Distribution of size")).to_be_visible()
    expect(page).to_have_url(re.compile("feature=size"))
    page.get_by_text("As a table").click()
    expect(page.get_by_role("columnheader", name="Reference")).to_be_visible()


def test_a_run_says_who_was_told_and_why_not(page: Page, house: House, watched):
    page.goto(f"{house.url}/studio/monitoring/size-monitor?tab=runs")

    page.get_by_role("link", name="Look").click()

    expect(page.get_by_role("region", name="Who was told")).to_contain_text("There is no mail server")


def test_a_deployment_leads_to_the_form_which_asks_for_what_a_signal_needs(page: Page, house: House, watched):
    page.goto(f"{house.url}/studio/monitoring/new?deployment=words:blue")
    create = page.get_by_role("button", name="Create")
    expect(page.get_by_label("Name")).to_have_value("words-blue-monitor")
    expect(create).to_be_enabled()

    page.get_by_label("Feature attribution drift").check()

    expect(page.get_by_role("note")).to_contain_text("needs training data and its target column")
    expect(create).to_be_disabled()
