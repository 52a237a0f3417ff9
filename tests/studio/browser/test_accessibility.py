"""Every page, in both themes and both languages, before axe: nothing serious may be wrong, and no console complains.

One page of one browser goes through all of them as a person does, by the router and the buttons of theme and language.
Each page is looked at whole, then turned into the other theme and the other language, where axe looks at colours and
names only: nothing else differs. The next page begins where this one has ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from .conftest import House

PAGES = {
    "home": "/",
    "jobs": "/jobs",
    "overview": "/jobs/{job}",
    "metrics": "/jobs/{job}?tab=metrics",
    "images": "/jobs/{job}?tab=images",
    "outputs": "/jobs/{job}?tab=outputs&file=table&path=table.csv",
    "logs": "/jobs/{job}?tab=logs",
    "code": "/jobs/{job}?tab=code&path=work.py",
    "lineage": "/jobs/{job}?tab=lineage",
    "failed": "/jobs/{failed}",
    "graph": "/jobs/{pipeline}?step=first",
    "clone": "/jobs/{job}/clone",
    "compare": "/compare?jobs={job},{failed}",
    "overlays": "/compare?jobs={job},{failed}&tab=charts",
    "parallel coordinates": "/compare?jobs={job},{failed}&tab=parallel",
    "scatter": "/compare?jobs={job},{failed}&tab=scatter",
    "data": "/assets/data",
    "asset": "/assets/data/sizes",
    "versions": "/assets/data/sizes?tab=versions",
    "definition": "/assets/data/sizes?tab=definition",
    "models": "/assets/models",
    "components": "/assets/components",
    "environments": "/assets/environments",
    "endpoints": "/endpoints",
    "batch endpoints": "/endpoints?kind=batch",
    "endpoint": "/endpoints/online/{endpoint}",
    "test": "/endpoints/online/{endpoint}?tab=test",
    "consume": "/endpoints/online/{endpoint}?tab=consume",
    "requests": "/endpoints/online/{endpoint}?tab=metrics",
    "endpoint logs": "/endpoints/online/{endpoint}?tab=logs",
    "batch endpoint": "/endpoints/batch/{batch}",
    "deploy": "/deploy",
    "batch deployment": "/deploy?kind=batch",
    "serverless endpoints": "/endpoints?kind=serverless",
    "catalog": "/catalog?compare=Qwen3-0.6B,phi-4",
    "catalog model": "/catalog/gemma-2-2b-it",
    "catalog deployment": "/catalog/gemma-2-2b-it?tab=deploy",
    "fine-tuning": "/catalog/gemma-2-2b-it?tab=finetune",
    "catalog code": "/catalog/gemma-2-2b-it?tab=code",
    "catalog evaluation": "/catalog/gemma-2-2b-it?tab=evaluate",
    "playground": "/playground?endpoint={endpoint}",
    "new data": "/new/data",
    "new model": "/new/models",
    "new environment": "/new/environments",
    "new compute": "/new/compute",
    "new connection": "/new/connections",
    "new schedule": "/new/schedules",
    "data lineage": "/assets/data/sizes?tab=lineage",
    "compute": "/compute",
    "schedules": "/schedules",
    "errors of a model": "/jobs/{analysed}?tab=responsible&part=errors",
    "performance of a model": "/jobs/{analysed}?tab=responsible&part=performance",
    "rows of a model": "/jobs/{analysed}?tab=responsible&part=data",
    "importances": "/jobs/{analysed}?tab=responsible&part=importance",
    "fairness": "/jobs/{analysed}?tab=responsible&part=fairness",
    "counterfactuals": "/jobs/{analysed}?tab=responsible&part=counterfactuals",
    "effects": "/jobs/{analysed}?tab=responsible&part=causal",
    "cohorts": "/jobs/{analysed}?tab=responsible&part=cohorts",
    "monitors": "/monitoring",
    "new monitor": "/monitoring/new",
    "monitor": "/monitoring/{monitor}?signal=drift&feature=size",
    "monitor runs": "/monitoring/{monitor}?tab=runs",
    "connections": "/connections",
    "access": "/access",
    "tokens": "/tokens",
    "notebooks": "/notebooks",
    "audit": "/audit",
    "designer": "/designer",
    "designed": "/designer?job={pipeline}",
    "traces": "/traces",
    "trace": "/traces/{trace}",
    "flows": "/flows",
    "gallery": "/flows?create=gallery",
    "experiments": "/flows?tab=experiments",
    "flow": "/flows/{sorter}",
    "flow file": "/flows/{sorter}?file=tidy.py",
    "variants": "/flows/{sorter}?tab=variants",
    "flow runs": "/flows/{sorter}?tab=runs&begin=yes",
    "flow history": "/flows/{sorter}?tab=history",
    "flow details": "/flows/{sorter}?tab=details",
    "flow deploy": "/flows/{sorter}?tab=deploy",
    "chat": "/flows/{talker}?tab=chat",
    "datastores": "/datastores",
    "datastore": "/datastores/workspaceblobstore",
    "profile": "/assets/data/sizes?tab=files&path=table.csv",
    "packages": "/assets/environments/plain?tab=packages",
    "registries": "/registries",
    "registry": "/registries/axe-shared",
    "new registry": "/new/registries",
    "pipelines": "/pipelines",
    "drafts": "/pipelines?tab=drafts",
    "automated ML": "/automl",
    "new automated ML": "/automl/new",
    "workspace": "/workspace",
    "jobs of a schedule": "/jobs?schedule=nightly",
    "nowhere": "/nowhere",
}

_GO = "async address => { await __TSR_ROUTER__.navigate({ href: address }); }"
_COLOURS = ["color-contrast", "link-in-text-block"]
_NAMES = ["button-name", "link-name", "label", "select-name", "aria-input-field-name", "aria-toggle-field-name"]
_RULES = {"all": {}, "colours and names": {"runOnly": [*_COLOURS, *_NAMES]}}
_THEMES = re.compile("^(Light theme|Dark theme|ライトテーマ|ダークテーマ)$")
_LANGUAGES = re.compile("^(English|日本語)$")
_OTHER = {"en": "ja", "ja": "en"}
# The words of a language come a moment after it was chosen.
_TURNED = "to => (to === 'ja') === /[ぁ-ヿ]/.test(document.querySelector('.navigation').textContent)"
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
    """A signed-in page that goes through the studio, and what its console complains of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        self.page.evaluate(_GO, address)
        self.settle()

    def settle(self) -> None:
        self.page.get_by_role("heading", level=1).wait_for()
        self.page.wait_for_function("() => !document.querySelector('.waiting, .whole')")

    def look(self, rules: str) -> list[str]:
        """What axe finds serious."""
        found = self.page.evaluate(_AXE, _RULES[rules])
        return [f"{self.theme}, {self.language}: {each}" for each in found]

    @property
    def theme(self) -> str:
        return self.page.evaluate("document.documentElement.style.colorScheme")

    @property
    def language(self) -> str:
        return self.page.evaluate("document.documentElement.lang")

    def turn(self) -> None:
        """Into the other theme and the other language."""
        to = _OTHER[self.language]
        self.page.get_by_role("button", name=_THEMES).click()
        self.page.get_by_role("button", name=_LANGUAGES).click()
        self.page.mouse.move(0, 0)
        self.page.wait_for_function(_TURNED, arg=to)


@pytest.fixture(scope="module")
def walk(chromium: Browser, house: House) -> Iterator[Walk]:
    context = chromium.new_context(viewport={"width": 1400, "height": 860}, locale="en-US", reduced_motion="reduce")
    page = context.new_page()
    walk = Walk(page)
    page.on("console", lambda said: said.type == "error" and walk.complaints.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: walk.complaints.append(f"{page.url}: {error}"))
    page.goto(house.link())
    page.get_by_role("navigation", name="Main").wait_for()
    page.evaluate(AXE_SCRIPT)
    yield walk
    context.close()


@pytest.fixture(scope="module")
def flows(house: House) -> dict[str, str]:
    """Two flows, each by its name."""
    for name, template in {"axe-sorter": "classification", "axe-chat": "chat"}.items():
        house.call("PUT", f"{house.scope}/smalt/flows/{name}", {"template": template})
    return {"sorter": "axe-sorter", "talker": "axe-chat"}


@pytest.fixture(scope="module")
def registry(house: House) -> None:
    place = house.scope.partition("/workspaces/")[0]
    house.call("PUT", f"{place}/registries/axe-shared", {"location": "local", "properties": {}})


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(walk: Walk, house: House, work, served, flows, watched, analysed, name: str):
    walk.complaints.clear()
    walk.go("/studio" + PAGES[name].format(**work, **served, **flows, **watched, **analysed))

    found = walk.look("all")
    walk.turn()
    found += walk.look("colours and names")

    assert found + walk.complaints == []
