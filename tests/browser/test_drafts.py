"""A draft is checked in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.records import make_quote, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WORDS = "We will not close the quay before the harvest ends in October,"


def test_a_pasted_draft_shows_each_quotation_with_its_verdict(log_in):
    make_quote(WORDS, speaker=make_speaker("Mara Quill"), status="published")
    page = log_in("Curators")
    page.goto("/admin/quotes/quote/")
    page.get_by_role("link", name="Check a draft").click()
    draft = f"“{WORDS}” said Mara Quill.\n\n“{WORDS.replace('not ', '')}” said Mara Quill."
    page.get_by_label("Draft").fill(draft)
    page.get_by_role("button", name="Check").click()
    marks = page.locator(".draft mark")
    expect(marks).to_have_count(2)
    expect(marks.nth(0)).to_have_class("verbatim")
    expect(marks.nth(1)).to_have_class("altered")
    expect(page.locator(".difference")).to_contain_text("not")
    page.locator(".results a").first.click()
    expect(page.locator("#content")).to_contain_text("Mara Quill")
