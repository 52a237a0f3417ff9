"""One page of a browser that goes through the studio as a person does, by the router, and what it complains of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from .house import House

_GO = "async address => { await __TSR_ROUTER__.navigate({ href: address }); }"
# Fluent's tab stops of one pixel hand focus on at once and never keep it; axe takes them for hidden controls.
_AXE = """
async options => {
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  await frame();
  await frame();
  // Colours that fade over would be looked at half-way.
  const fading = document.getAnimations().filter(each => each instanceof CSSTransition);
  await Promise.allSettled(fading.map(each => each.finished));
  const found = await axe.run({ exclude: [["[data-tabster-dummy]"]] }, { resultTypes: ["violations"], ...options });
  const serious = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
"""


@dataclass
class Walk:
    """A signed-in page, and what its console complains of, which is where breaks of the security policy are said."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        self.complaints.clear()
        self.page.evaluate(_GO, "/studio" + address)
        self.page.get_by_role("heading", level=1).wait_for()
        self.page.wait_for_function("() => !document.querySelector('.waiting, .whole')")

    def judged(self, rules: list[str] | None = None) -> list[str]:
        """What axe finds serious, by some of its rules or all, and what the console has said since then."""
        options = {} if rules is None else {"runOnly": rules}
        return [*self.page.evaluate(_AXE, options), *self.complaints]


@contextmanager
def walk(browser: Browser, house: House, *, theme: str, language: str, width: int = 1400) -> Iterator[Walk]:
    """Signed in, in one theme and one language."""
    context = browser.new_context(
        viewport={"width": width, "height": 860},
        locale={"en": "en-US", "ja": "ja-JP"}[language],
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    walk = Walk(page)
    page.on("console", lambda said: said.type == "error" and walk.complaints.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: walk.complaints.append(f"{page.url}: {error}"))
    page.goto(house.link())
    page.locator("nav.navigation").wait_for()
    page.evaluate(AXE_SCRIPT)
    yield walk
    context.close()
