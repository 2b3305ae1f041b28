"""The explorer and the guides in a real browser, under the strict CSP and with no other host."""

import pytest

from config.guides.views import GUIDES
from tests.browser.test_accessibility import COLOURS, faults, paint
from tests.conftest import API

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_the_explorer_shows_every_filter_of_a_list(page):
    page.goto(f"{API}docs/")
    page.locator("#operations-quotes-listQuotes .opblock-summary-control").click()
    page.get_by_text("speaker_name").first.wait_for()
    assert page.get_by_text("published_before").count()
    assert faults(page, outside=".swagger-ui") == []
    # Swagger UI says this of formats that it knows no widget for.
    page.went_wrong[:] = [said for said in page.went_wrong if "JsonSchema_string" not in said]


def test_guides_can_be_read_on_a_phone_and_in_the_dark(page):
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("", *(f"{guide}/" for guide in GUIDES)):
        page.goto(f"/guides/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        paint(page, "light")
        assert faults(page) == []
        paint(page, "dark")
        assert faults(page, COLOURS) == []
    page.get_by_role("link", name="Curation").click()
    page.get_by_role("link", name="Flags").click()
    assert page.url.endswith("/guides/curation/#flags")
