"""Lineage, previews and the first steps, in a real browser."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .house import ROOT, House

_PARQUET = """
import sys, pyarrow as pa, pyarrow.parquet as pq
table = pa.table({"word": [f"word {n}" for n in range(1000)], "count": list(range(1000))})
pq.write_table(table, sys.argv[1], compression=sys.argv[2])
"""


def register(house: House, name: str, path: Path) -> str:
    house.smalt("data", "create", "--name", name, "--path", str(path), "--type", "uri_file")
    return f"{house.url}/studio/assets/data/{name}?tab=files&path={path.name}"


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip"])
def test_rows_of_a_parquet_file_are_shown(page: Page, house: House, tmp_path: Path, codec: str):
    file = tmp_path / f"{codec}.parquet"
    subprocess.run([ROOT / ".venv" / "bin" / "python", "-c", _PARQUET, file, codec], check=True)

    page.goto(register(house, f"rows-{codec}", file))

    expect(page.get_by_text("200 of 1000 rows, 2 columns")).to_be_visible()
    expect(page.get_by_role("cell", name="word 199")).to_be_visible()


def test_a_notebook_is_shown_and_nothing_of_it_is_executed(page: Page, house: House, tmp_path: Path):
    harm = "<img src=x onerror='document.title=1'><script>document.title = 'taken'</script>"
    cells = [
        {"cell_type": "markdown", "source": ["# A heading\n", harm]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "execution_count": 1,
            "outputs": [
                {"output_type": "stream", "text": ["one\n"]},
                {"output_type": "display_data", "data": {"text/html": harm, "text/plain": "a table"}},
                {"output_type": "error", "traceback": ["\u001b[31mValueError\u001b[0m: no"]},
                {"output_type": "display_data", "data": {"image/png": base64.b64encode(b"no picture").decode()}},
            ],
        },
    ]
    file = tmp_path / "work.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}}))

    page.goto(register(house, "notebook", file))

    expect(page.get_by_role("heading", name="A heading")).to_be_visible()
    expect(page.get_by_text("a table")).to_be_visible()
    expect(page.get_by_text("ValueError: no")).to_be_visible()
    assert page.locator(".notebook script, .notebook img[src=x]").count() == 0
    expect(page).to_have_title(re.compile("notebook"))


def test_markdown_is_shown_as_text_with_form(page: Page, house: House, tmp_path: Path):
    file = tmp_path / "notes.md"
    file.write_text("## Notes\n\n- one\n- [bad](javascript:alert(1))\n\n<b onclick='x()'>bold</b>\n")

    page.goto(register(house, "notes", file))

    expect(page.get_by_role("heading", name="Notes")).to_be_visible()
    assert page.locator(".markdown a[href^=javascript], .markdown b[onclick]").count() == 0


def test_the_way_from_a_job_to_its_data_is_a_graph(page: Page, house: House, work):
    page.goto(f"{house.url}/studio/assets/data/sizes?tab=lineage")

    page.locator(".step-card").get_by_role("link", name="Write a table").click()

    expect(page.get_by_role("heading", name="Write a table")).to_be_visible()
    expect(page.locator(".step-card").get_by_role("link", name="sizes:1")).to_be_visible()


def test_charts_that_a_run_logs_as_azure_does_are_drawn(page: Page, house: House, work):
    matrix = {"class_labels": ["yes", "no"], "matrix": [[8, 2], [1, 9]]}
    table = [[2, 2, 0, 0], [0, 0, 2, 2]]
    cuts = {"class_labels": ["yes"], "probability_thresholds": [0, 1], "probability_tables": [table]}
    workspace = house.call("GET", house.scope)["properties"]["workspaceId"]
    for name, numbers in {"confusion_matrix": matrix, "accuracy_table": cuts}.items():
        path = f"/blob/{workspace}/azureml/ExperimentRun/dcid.{work['job']}/{name}"
        chart = {"schema_type": name, "schema_version": "v1", "data": numbers}
        house.call("PUT", path, chart, {"x-ms-blob-type": "BlockBlob"})

    page.goto(f"{house.url}/studio/jobs/{work['job']}?tab=images")

    expect(page.get_by_role("img", name="ROC curve").locator("canvas")).to_be_visible(timeout=15_000)
    page.get_by_text("Values").first.press("Enter")
    expect(page.get_by_role("row", name="False positive rate True positive rate")).to_be_visible()
    expect(page.get_by_role("row", name="0 0", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="1 1", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="no 1 9")).to_be_visible()
    page.get_by_role("switch", name="As shares of a row").click()
    expect(page.get_by_role("row", name="no 10 % 90 %")).to_be_visible()


def test_the_lowest_of_some_bars_is_drawn(page: Page, house: House, tmp_path: Path):
    file = tmp_path / "job.yml"
    file.write_text("command: 'true'\nenvironment: {image: python:3.11}\n")
    job = house.smalt("job", "create", "-f", str(file), "--query", "name", "-o", "tsv")
    workspace = house.call("GET", house.scope)["properties"]["workspaceId"]
    counts = {"bin_edges": [0, 1, 2, 3], "bin_counts": [3, 4, 5]}
    chart = {"schema_type": "residuals", "schema_version": "v1", "data": counts}
    path = f"/blob/{workspace}/azureml/ExperimentRun/dcid.{job}/residuals"
    house.call("PUT", path, chart, {"x-ms-blob-type": "BlockBlob"})

    page.goto(f"{house.url}/studio/jobs/{job}?tab=images")

    drawn = page.get_by_role("img", name="Residuals").locator("canvas")
    expect(drawn).to_be_visible(timeout=15_000)
    # A little above the axis, in the middle of the first of three bars.
    opacity = """
    canvas => {
      const { width, height } = canvas.getBoundingClientRect();
      const [left, right, bottom] = [64, 24, 52];
      const at = [left + (width - left - right) / 6, height - bottom - 4];
      return canvas.getContext("2d").getImageData(...at.map(each => each * devicePixelRatio), 1, 1).data[3];
    }
    """
    assert drawn.evaluate(opacity) > 0


def test_a_tag_and_a_metric_are_searched_for(page: Page, work):
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("made-by=tests")
    expect(page.get_by_role("option", name=re.compile("Write a table")).first).to_be_visible()

    page.get_by_role("combobox", name="Search").fill("loss < 0.01")

    expect(page.get_by_role("option", name=re.compile("loss 0.005"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Write a table")).to_be_visible()


def test_the_first_steps_stand_in_an_empty_workspace_and_can_be_closed(page: Page, house: House):
    group = house.scope.rpartition("/workspaces/")[0]
    house.call("PUT", f"{group}/workspaces/fresh", {"location": "local", "properties": {}})
    page.goto(f"{house.url}/studio/?wsid={group}/workspaces/fresh")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    expect(page.get_by_role("button", name="Deploy")).to_be_disabled()

    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".guide").get_by_role("link", name="Train a diagnosis model")).to_be_visible()
    page.get_by_role("button", name="Close the first steps").click()

    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
    (job,) = house.call("GET", f"{group}/workspaces/fresh/jobs?tag=first-steps")["value"]
    house.call("POST", f"{group}/workspaces/fresh/jobs/{job['name']}/cancel", {})
