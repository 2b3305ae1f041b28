"""The dashboard in a real browser: queues, charts, and the lists they link to."""

import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.quotes.admin.test_dashboard import make_one_of_each
from tests.records import make_outlet, make_quote, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_each_queue_links_to_as_many_rows_as_it_counts(page, log_in):
    log_in("Curators")  # of whom one of each asks something
    make_one_of_each()
    make_quote("Flagged once more", flags=["unresolved_speaker"])
    cache.clear()
    page.reload()
    rows = page.locator(".queues tbody tr")
    queues = {
        row.locator("a").get_attribute("href"): int(row.locator(".figure").inner_text())
        for row in rows.all()
    }
    assert len(queues) == 19
    for place, number in queues.items():
        page.goto(place)
        if place.startswith("/admin/quotes/review/"):  # whose rows are articles
            rows = sum(map(int, page.locator(".queue td.waiting").all_inner_texts()))
        else:
            rows = page.locator("#result_list tbody tr, #duplicates tbody tr").count()
        assert rows == number, place


def test_a_column_and_its_row_in_the_table_link_to_the_same_list(page, log_in):
    today = timezone.now().date().isoformat()
    make_quote("Lately", speaker=make_speaker(), outlet=make_outlet(), published=today)
    log_in("Curators")
    chart = page.get_by_role("group", name=re.compile("Quotes filed per week"))
    assert "26 columns, total 1" in chart.locator("desc").text_content()
    chart.locator("rect.status-published").click()
    page.wait_for_selector("#result_list")
    by_bar = page.url
    page.go_back()
    figure = page.locator("figure", has_text="Quotes filed per week")
    figure.locator("summary").press("Enter")
    figure.locator("tbody a").last.press("Enter")
    page.wait_for_selector("#result_list")
    assert page.url == by_bar
    assert page.locator("#result_list tbody tr").count() == 1


def test_the_dashboard_fits_a_screen_a_tablet_and_a_phone(page, log_in):
    make_one_of_each()
    log_in("Curators")
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("heading", name="Needs your attention").is_visible()
        sizes = page.locator(".chart svg text").evaluate_all(
            "all => all.map(one => parseFloat(getComputedStyle(one).fontSize)"
            " * (one.getScreenCTM().a || 1))"
        )
        assert min(sizes) >= 12
