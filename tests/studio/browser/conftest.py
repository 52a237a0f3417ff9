"""A running server with finished work in it, and Debian's chromium in front of it.

This folder runs in an environment of its own (`make test-studio`): the server is another process, of the other one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .house import SMALT, House, Made, free_port

CHROMIUM = os.environ.get("SMALT_CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house") / "home"
    port = free_port()
    subprocess.run(
        [SMALT, "up", "--detach", "--home", home, "--port", str(port), "--tls-port", str(free_port())], check=True
    )
    state = json.loads((home / "server.json").read_text())
    scope = f"/subscriptions/{state['subscription']}/resourceGroups/smalt/providers/Microsoft.MachineLearningServices"
    yield House(home, state["url"], (home / "token").read_text(), f"{scope}/workspaces/default")
    subprocess.run([SMALT, "down", "--home", home], check=True)


@pytest.fixture(scope="session")
def made(house: House, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(house, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def work(made: Made) -> dict[str, str]:
    return made["work"]


@pytest.fixture(scope="session")
def served(made: Made) -> dict[str, str]:
    return made["served"]


@pytest.fixture(scope="session")
def analysed(made: Made) -> dict[str, str]:
    return made["analysed"]


@pytest.fixture(scope="session")
def watched(made: Made) -> dict[str, str]:
    return made["watched"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("No chromium on PATH. Install it with: apt install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, house: House) -> Iterator[Callable[[], Page]]:
    """Opens pages of a signed-in browser; the test fails with whatever their consoles complain of."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1400, "height": 860}, locale="en-US")
    context.set_default_timeout(15_000)

    def listen(page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and complaints.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))

    context.on("page", listen)

    def make() -> Page:
        page = context.new_page()
        page.goto(house.link())
        page.get_by_role("navigation", name="Main").wait_for()
        return page

    yield make
    context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[[], Page]) -> Page:
    return open_page()
