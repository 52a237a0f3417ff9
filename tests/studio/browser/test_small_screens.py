"""On a screen of 1024 pixels nothing is cut off: no page goes on beside the window, and every button can be seen."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from .house import House, Made
from .pages import PAGES
from .walk import Walk, walk

# What is as wide as its data, such as metrics in columns, scrolls inside its own box.
_CUT = """
() => {
  const content = document.querySelector(".content");
  const found = content.scrollWidth > content.clientWidth ? ["the page"] : [];
  for (const each of content.querySelectorAll("button, input, select, [role=tab], [role=switch], .waterfall")) {
    const { left, right, width } = each.getBoundingClientRect();
    const frame = each.closest(".table-box, .panel, .waterfall") ?? content;
    const edge = Math.min(frame.getBoundingClientRect().right, innerWidth);
    const isCut = width > 1 && left < edge && right > edge + 1;
    if (isCut || each.scrollWidth > each.clientWidth + 1 && each.className === "waterfall") {
      found.push(each.ariaLabel || each.textContent || each.outerHTML.slice(0, 80));
    }
  }
  return found;
}
"""
_PLACES = [
    "data", "endpoint", "compute", "schedules", "monitors", "errors of a model", "flow", "variants", "flow history",
    "flows", "pipelines", "designed", "access",
]  # fmt: skip

_SEARCH = """
type: automl
task: classification
primary_metric: average_precision_score_weighted
target_column_name: diagnosis
training_data: {type: mltable, path: azureml://datastores/workspaceblobstore/paths/tables/nowhere/}
"""


@pytest.fixture(scope="module")
def small(chromium: Browser, house: House) -> Iterator[Walk]:
    with walk(chromium, house, theme="light", language="en", width=1024) as found:
        yield found


@pytest.fixture(scope="module")
def search_for_a_model(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A job of Automated ML, which need not find anything: by its name."""
    file = tmp_path_factory.mktemp("search") / "job.yml"
    file.write_text(_SEARCH)
    name = house.smalt("job", "create", "-f", str(file), "--query", "name", "-o", "tsv")
    with contextlib.suppress(subprocess.CalledProcessError):  # It may have ended already.
        house.smalt("job", "cancel", "-n", name)
    return name


@pytest.mark.parametrize("name", _PLACES)
def test_nothing_is_cut_off(small: Walk, made: Made, name: str):
    small.go(PAGES[name].format(**made.everything()))

    assert small.page.evaluate(_CUT) == []


@pytest.mark.usefixtures("search_for_a_model")
@pytest.mark.parametrize("name", ["jobs", "traces", "automated ML", "audit", "data", "flows", "pipelines"])
def test_lists_show_all_their_columns(small: Walk, made: Made, name: str):
    small.go(PAGES[name].format(**made.everything()))

    box = small.page.locator(".long-table")
    assert box.evaluate("each => each.scrollWidth - each.clientWidth") <= 0


def test_columns_that_have_no_room_stand_below_others(small: Walk, work: dict[str, str]):
    small.go("/jobs")

    expect(small.page.get_by_role("columnheader", name="Status Type")).to_be_visible()
    expect(small.page.get_by_role("cell", name="Completed Command").first).to_be_visible()


def test_with_room_each_column_stands_alone(chromium: Browser, house: House, work: dict[str, str]):
    with walk(chromium, house, theme="light", language="en") as wide:
        wide.go("/jobs")

        expect(wide.page.get_by_role("columnheader", name="Type", exact=True)).to_be_visible()


def test_the_trace_of_a_line_shows_its_tokens(chromium: Browser, house: House, made: Made):
    with walk(chromium, house, theme="light", language="en") as wide:
        wide.go("/flows/{sorter}/runs/{run}?line=0".format(**made.everything()))

        waterfall = wide.page.locator(".waterfall")
        assert waterfall.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
