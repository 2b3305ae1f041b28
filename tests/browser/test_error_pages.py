"""Pages of errors and of a forgotten password in a real browser: axe finds nothing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import faults, paint, too_wide

EXPECTED = re.compile(r"^(400|404) |status of (400|404) ")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_error_pages_have_no_fault_and_lead_on_by_keyboard(log_in):
    page = log_in("Curators")
    found = []
    for path in (
        "/nowhere",
        "/admin/nowhere/",
        "/admin/quotes/quote/?month=2026-13",
        "/admin/password_reset/",
    ):
        page.goto(path)
        for colours in ("light", "dark"):
            paint(page, colours)
            found += faults(page)
        found += too_wide(page)
    assert not found, "\n".join(found)
    page.goto("/nowhere")
    for _ in range(5):  # the link to the content, On Record, Guides, API explorer, Admin
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.went_wrong[:] = [said for said in page.went_wrong if not EXPECTED.search(said)]
