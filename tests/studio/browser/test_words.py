"""Words in a real browser: nothing of another language is left on a page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .house import House


def test_a_graph_speaks_japanese_throughout(page: Page, house: House, work):
    page.get_by_role("button", name="日本語").click()
    page.goto(f"{house.url}/studio/jobs/{work['pipeline']}?step=first")

    panel = page.get_by_role("complementary", name="first")
    expect(panel.get_by_text("以前に実行されていません。")).to_be_visible()
    expect(panel.get_by_text("コマンド", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="拡大")).to_be_visible()
    expect(page.get_by_role("group", name="first, 完了")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[\d.]+ (ミリ)?秒$")).first).to_be_visible()


def test_what_is_found_is_told_in_japanese(page: Page, work):
    page.get_by_role("button", name="日本語").click()
    page.keyboard.press("Control+k")

    page.get_by_role("combobox", name="検索").fill("fails on purpose")

    expect(page.get_by_role("option", name=re.compile("· 失敗"))).not_to_have_count(0)
