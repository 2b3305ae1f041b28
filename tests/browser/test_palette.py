"""The palette in a real browser: opened, searched and left by keyboard; no fault for axe."""

import re

import pytest
from playwright.sync_api import expect

from sources.admin.html import address
from tests.browser.test_accessibility import faults, paint
from tests.records import make_outlet, make_quote, make_speaker
from tests.sources.admin.test_admin import HOSTILE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_the_palette_finds_and_opens_a_record_by_keyboard(page, log_in):
    speaker = make_speaker("Ingrid Pellow")
    make_quote(f"Pellow {HOSTILE}", speaker=speaker, outlet=make_outlet("Pellow Post"))
    log_in("Curators")
    page.on("dialog", lambda dialog: page.went_wrong.append(dialog.message))
    page.set_viewport_size({"width": 390, "height": 844})
    palette = page.locator("#palette")
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.type("pellow")
    options = palette.get_by_role("option")
    expect(options).to_have_count(3)
    box = palette.get_by_role("combobox")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(2).get_attribute("id"))
    for colours in ("light", "dark"):
        paint(page, colours)
        assert not faults(page), faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(address(speaker, "profile")))


def test_without_a_result_enter_leads_to_the_page_of_results(page, log_in):
    log_in("Curators")
    page.keyboard.press("Meta+k")
    page.keyboard.type("zzqzzq")
    expect(page.locator("#palette-status")).to_have_text("Nothing found.")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/search/\?q=zzqzzq"))
    expect(page.get_by_text("Nothing found. Fewer or other words may help.")).to_be_visible()
    assert not faults(page), faults(page)
