"""Notebooks in a browser: run with the keys of Jupyter, in two tabs, kept by the kernel while none is open."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .house import House

ENVIRONMENT = {"properties": {"image": "python:3.11"}}
RICH = """from IPython.display import HTML, display
display(HTML('<table><tr><th>kind</th></tr><tr><td onclick="alert(1)">row</td></tr></table><script>alert(1)</script>'))
print('\\x1b[31mred\\x1b[0m')"""


@pytest.fixture
def folder(house: House) -> str:
    """A folder with a notebook of three cells."""
    house.call("PUT", f"{house.scope}/environments/plain/versions/1", ENVIRONMENT)
    cells = [
        {"id": "text", "cell_type": "markdown", "metadata": {}, "source": "# A title"},
        *(
            {"id": name, "cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
            for name, code in (("one", "number = 41"), ("two", "number + 1"))
        ),
    ]
    smalt = {"environment": "azureml:plain@latest", "compute": ""}
    document = {"cells": cells, "metadata": {"smalt": smalt}, "nbformat": 4, "nbformat_minor": 5}
    _save(house, "Users/me/work.ipynb", document)
    yield "Users/me"
    for each in house.call("GET", f"{house.scope}/smalt/notebooks/sessions?active=true")["value"]:
        house.call("POST", f"{house.scope}/jobs/{each['name']}/cancel")
    house.call("DELETE", f"{house.scope}/smalt/notebooks/files/Users")


def _save(house: House, path: str, document: object) -> None:
    house.call("PUT", f"{house.scope}/smalt/notebooks/files/{path}?overwrite=true", document)


def _opened(house: House, page: Page, path: str = "Users/me/work.ipynb") -> Page:
    page.goto(f"{house.url}/studio/notebooks?path={path}")
    page.get_by_label("Cell 1, Markdown").wait_for()
    return page


def _saved(house: House) -> list[dict[str, object]]:
    return json.loads(house.text(f"{house.scope}/smalt/notebooks/files/Users/me/work.ipynb"))["cells"]


def test_cells_are_run_added_and_turned_with_the_keys_of_jupyter(house: House, page: Page, folder: str) -> None:
    _opened(house, page)
    page.get_by_label("Cell 2, code").click(position={"x": 10, "y": 10})

    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_label("Cell 3, code").get_by_text("42")).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    for key in ("b", "m", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("## Below")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+s")

    expect(page.get_by_role("heading", name="Below")).to_be_visible()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert [cell["source"] for cell in _saved(house)][-1] == "## Below"
    assert _saved(house)[2]["outputs"][0]["data"]["text/plain"] == "42"


def test_two_tabs_see_the_same_and_a_closed_one_misses_nothing(
    house: House, open_page: Callable[[], Page], folder: str
) -> None:
    first, second = _opened(house, open_page()), _opened(house, open_page())
    first.get_by_role("button", name="Run all", exact=True).click()
    expect(first.get_by_label("Cell 3, code").get_by_text("42")).to_be_visible(timeout=60_000)

    second.bring_to_front()
    expect(second.get_by_label("Cell 3, code").get_by_text("42")).to_be_visible()
    second.close()
    first.goto(f"{house.url}/studio/jobs")
    (session,) = house.call("GET", f"{house.scope}/smalt/notebooks/sessions?active=true")["value"]
    cells = {"cells": [{"id": "two", "code": "'meanwhile'"}]}
    house.call("POST", f"{house.scope}/smalt/notebooks/sessions/{session['name']}/execute", cells)

    _opened(house, first)
    expect(first.get_by_label("Cell 3, code").get_by_text("'meanwhile'")).to_be_visible()


def test_html_and_colours_of_outputs_are_shown_and_nothing_of_them_runs(house: House, page: Page, folder: str) -> None:
    _opened(house, page)
    page.get_by_label("Source of cell 2").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(RICH)

    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("cell", name="row")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("red", exact=True)).to_have_class("ansi-red")
    assert page.locator("script", has_text="alert").count() == 0


def test_what_somebody_else_saves_meanwhile_is_offered_and_not_written_over(
    house: House, page: Page, folder: str
) -> None:
    _opened(house, page)
    page.get_by_label("Source of cell 2").click()
    page.keyboard.insert_text("mine = ")

    theirs = [{"id": "text", "cell_type": "markdown", "metadata": {}, "source": "# Their title"}]
    _save(house, "Users/me/work.ipynb", {"cells": theirs, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    expect(page.get_by_text("Nothing was overwritten.")).to_be_visible()
    page.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_role("heading", name="Their title")).to_be_visible()
    assert [cell["source"] for cell in _saved(house)] == ["# Their title"]


def test_a_script_becomes_a_job_and_files_are_made_and_renamed(house: House, page: Page, folder: str) -> None:
    page.goto(f"{house.url}/studio/notebooks")
    page.get_by_role("button", name="me", exact=True).click()
    page.get_by_role("button", name="New file").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Users/me/hello.py")
    page.get_by_role("button", name="Do it").click()
    page.get_by_label("Users/me/hello.py", exact=True).click()
    page.keyboard.insert_text("print('hello from a script')")

    page.get_by_role("button", name="Run as a job").click()
    page.get_by_role("dialog").get_by_label("Environment").select_option("azureml:plain@latest")
    page.get_by_role("dialog").get_by_label("Priority").select_option(label="High")
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("heading", name="hello.py")).to_be_visible(timeout=20_000)
    expect(page.locator("dt", has_text="Priority").locator("+ dd")).to_have_text("High")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(house: House, page: Page, folder: str, theme: str) -> None:
    page.evaluate(f"localStorage.setItem('smalt.theme', '{theme}')")
    _opened(house, page)
    page.get_by_label("Source of cell 2").wait_for()

    found = Axe().run(page, context={"exclude": [["[data-tabster-dummy]"]]}).response["violations"]

    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
