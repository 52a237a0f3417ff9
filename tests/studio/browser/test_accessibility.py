"""Every page before axe: nothing serious may be wrong, and no console complains, also not of the security policy.

Each page is looked at whole in the light theme. In the dark one and in Japanese only colours and names are looked at:
nothing else differs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from .house import House, Made
from .pages import PAGES
from .walk import Walk, walk

COLOURS = ["color-contrast", "link-in-text-block"]
NAMES = ["button-name", "link-name", "label", "select-name", "aria-input-field-name", "aria-toggle-field-name"]


@pytest.fixture(scope="module")
def light(chromium: Browser, house: House) -> Iterator[Walk]:
    with walk(chromium, house, theme="light", language="en") as found:
        yield found


@pytest.fixture(scope="module")
def dark(chromium: Browser, house: House) -> Iterator[Walk]:
    with walk(chromium, house, theme="dark", language="ja") as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(light: Walk, made: Made, name: str):
    light.go(PAGES[name].format(**made.everything()))

    assert light.judged() == []


@pytest.mark.parametrize("name", PAGES)
def test_the_dark_theme_and_japanese_have_their_colours_and_names(dark: Walk, made: Made, name: str):
    dark.go(PAGES[name].format(**made.everything()))

    assert dark.judged([*COLOURS, *NAMES]) == []
