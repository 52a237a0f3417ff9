"""Every page by the keyboard alone: Tab reaches all of its controls, each shows its focus, and none keeps it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from .house import House, Made
from .pages import PAGES
from .walk import Walk, walk

MOST_STOPS = 400

# Of what is gone through with arrows (tabs, radio buttons, rows of a tree) one is a stop for all.
BEGIN = """
() => {
  const groups = "[role=tablist], [role=radiogroup], [role=toolbar], [role=menu], [role=tree], [role=treegrid], " +
    "[role=listbox]";
  const looks = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor", "borderColor", "scale",
    "transform", "opacity", "borderBottomColor", "borderBottomWidth", "stroke"];
  const parts = each => ["", "::before", "::after"].map(part => getComputedStyle(each, part || null));
  const around = ({ firstElementChild, nextElementSibling, parentElement }) => [firstElementChild, nextElementSibling,
    parentElement, parentElement?.parentElement].filter(Boolean);
  const look = element => JSON.stringify([element, ...around(element)].flatMap(each =>
    parts(each).map(style => looks.map(name => style[name]))));
  const named = element => `${element.tagName.toLowerCase()} ${element.getAttribute("aria-label") ||
    element.textContent.trim().slice(0, 40) || element.className}`;
  const content = document.querySelector("#content");
  const seen = new Set();
  let last = null;
  window.stop_ = () => {
    const now = document.activeElement;
    const told = last && last.element.isConnected && last.element !== now && look(last.element) === last.look
      ? named(last.element) : null;
    if (!now || now === content || !content.contains(now)) return { left: true, told };
    if (!now.hasAttribute("data-tabster-dummy")) {
      seen.add(now);
      last = { element: now, look: look(now) };
    }
    return { left: false, told };
  };
  window.missed_ = () => {
    const reached = new Set([...seen].map(each => each.closest(groups)).filter(Boolean));
    const radios = new Set([...seen].filter(each => each.type === "radio").map(({ name }) => name));
    const all = content.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
    return [...all].filter(each => each.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) &&
      each.tabIndex >= 0 && !each.disabled && !each.closest("[inert], [aria-hidden=true]") &&
      !each.hasAttribute("data-tabster-dummy") && ![...seen].some(one => each.contains(one)) &&
      !reached.has(each.closest(groups)) && !(each.type === "radio" && radios.has(each.name))).map(named);
  };
  content.focus();
}
"""


@pytest.fixture(scope="module")
def walked(chromium: Browser, house: House) -> Iterator[Walk]:
    with walk(chromium, house, theme="light", language="en") as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_every_control_and_shows_where_it_is(walked: Walk, made: Made, name: str):
    walked.go(PAGES[name].format(**made.everything()))
    page = walked.page
    page.evaluate(BEGIN)

    without_focus = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate("window.stop_()")
        without_focus += [stop["told"]] if stop["told"] else []
        if stop["left"]:
            break

    assert stop["left"], "Tab does not leave the page."
    assert page.evaluate("window.missed_()") == []
    assert without_focus == []
