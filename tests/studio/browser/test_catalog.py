"""The model catalog in a real browser: models are found, compared, and brought in once their licence is accepted."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .house import House


def test_models_are_found_by_their_task_and_compared(page: Page):
    page.get_by_role("link", name="Model catalog").click()
    page.get_by_label("Task", exact=True).select_option("embeddings")
    expect(page.get_by_role("link", name="phi-4")).to_have_count(0)

    page.get_by_label("Compare all-MiniLM-L6-v2").check()
    page.get_by_label("Compare e5-small-v2").check()

    table = page.get_by_role("region", name="Compared")
    expect(table.get_by_role("row", name=re.compile("Licence"))).to_contain_text("apache-2.0")
    assert "compare=all-MiniLM-L6-v2,e5-small-v2" in page.url
    page.get_by_role("link", name="e5-small-v2").click()
    expect(page.get_by_role("heading", name="e5-small-v2")).to_be_visible()


def test_a_licence_is_accepted_before_a_model_is_brought_in(page: Page, house: House):
    page.goto(f"{house.url}/studio/catalog/gemma-2-2b-it")
    expect(page.get_by_role("button", name="Bring it in")).to_be_disabled()

    page.get_by_role("button", name="Accept the licence").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Accept the licence").click()

    expect(page.get_by_role("button", name="Bring it in")).to_be_enabled()
    expect(page.get_by_text("Licence accepted")).to_be_visible()


def test_the_answers_of_a_model_that_is_here_are_measured_by_a_pipeline(page: Page, house: House, work, tmp_path: Path):
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    model = ["model", "create", "-n", "SmolLM2-135M-Instruct", "--type", "mlflow_model", "--path", str(tmp_path)]
    house.smalt(*model)
    house.smalt("compute", "create", "-n", "for-evaluations", "--type", "amlcompute", "--size", "Standard_DS3_v2")
    page.goto(f"{house.url}/studio/catalog/SmolLM2-135M-Instruct")
    page.get_by_role("tab", name="Evaluate").click()

    page.get_by_label("Lines to answer").select_option("sizes")
    page.get_by_label("Compute", exact=True).select_option("for-evaluations")
    page.get_by_role("button", name="Evaluate").click()

    expect(page.get_by_role("heading", name="Evaluation of SmolLM2-135M-Instruct")).to_be_visible()
    expect(page.locator(".step-card", has_text="compare")).to_be_visible()
    job = page.url.partition("/jobs/")[2].partition("?")[0]
    house.call("POST", f"{house.scope}/jobs/{job}/cancel", {})
    settings = house.call("GET", f"{house.scope}/jobs/{job}")["properties"]["settings"]
    assert settings["default_compute"] == "azureml:for-evaluations"
