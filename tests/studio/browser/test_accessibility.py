"""Every page, in both themes, before axe: nothing serious may be wrong, and no console complains."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
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
    "scatter": "/compare?jobs={job},{failed}&tab=scatter",
    "data": "/assets/data",
    "asset": "/assets/data/sizes",
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
    "new data": "/new/data",
    "new model": "/new/models",
    "new environment": "/new/environments",
    "new compute": "/new/compute",
    "new connection": "/new/connections",
    "new schedule": "/new/schedules",
    "data lineage": "/assets/data/sizes?tab=lineage",
    "compute": "/compute",
    "schedules": "/schedules",
    "connections": "/connections",
    "access": "/access",
    "audit": "/audit",
    "designer": "/designer",
    "designed": "/designer?job={pipeline}",
    "traces": "/traces",
    "trace": "/traces/{trace}",
    "flows": "/flows",
    "gallery": "/flows?create=gallery",
    "flow": "/flows/{sorter}",
    "flow file": "/flows/{sorter}?file=tidy.py",
    "variants": "/flows/{sorter}?tab=variants",
    "flow runs": "/flows/{sorter}?tab=runs&begin=yes",
    "flow history": "/flows/{sorter}?tab=history",
    "flow details": "/flows/{sorter}?tab=details",
    "flow deploy": "/flows/{sorter}?tab=deploy",
    "chat": "/flows/{talker}?tab=chat",
    "nowhere": "/nowhere",
}


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request: pytest.FixtureRequest, chromium: Browser, house: House) -> Iterator[tuple[Page, list[str]]]:
    """One signed-in page in a theme, and what its console complains of."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1400, "height": 860}, locale="en-US")
    page = context.new_page()
    page.on("console", lambda said: said.type == "error" and complaints.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.goto(house.link())
    page.get_by_role("navigation", name="Main").wait_for()
    page.evaluate("theme => localStorage.setItem('smalt.theme', theme)", request.param)
    yield page, complaints
    context.close()


@pytest.fixture(scope="module")
def flows(house: House) -> dict[str, str]:
    """Two flows, each by its name."""
    for name, template in {"axe-sorter": "classification", "axe-chat": "chat"}.items():
        house.call("PUT", f"{house.scope}/smalt/flows/{name}", {"template": template})
    return {"sorter": "axe-sorter", "talker": "axe-chat"}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(themed: tuple[Page, list[str]], house: House, work, served, flows, name: str):
    page, complaints = themed
    complaints.clear()
    page.goto(f"{house.url}/studio{PAGES[name].format(**work, **served, **flows)}")
    page.get_by_role("heading", level=1).wait_for()
    page.locator(".waiting, .whole").first.wait_for(state="hidden")

    # Fluent's tab stops of one pixel hand focus on at once and never keep it; axe takes them for hidden controls.
    found = Axe().run(page, context={"exclude": [["[data-tabster-dummy]"]]}).response["violations"]

    serious = [
        f"{each['id']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
    assert serious + complaints == []
