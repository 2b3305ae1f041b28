"""The dashboard in a real browser: queues, charts, and the lists they link to."""

import re

import pytest
from django.utils import timezone

from tests.quotes.admin.test_dashboard import make_one_of_each
from tests.records import make_outlet, make_quote, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_each_queue_links_to_as_many_rows_as_it_counts(page, log_in):
    make_one_of_each()
    make_quote("Flagged once more", flags=["unresolved_speaker"])
    log_in("Curators")
    rows = page.locator(".queues tbody tr")
    queues = {
        row.locator("a").get_attribute("href"): int(row.locator(".figure").inner_text())
        for row in rows.all()
    }
    assert len(queues) == 16
    for place, number in queues.items():
        page.goto(place)
        if place == "/admin/quotes/review/":  # whose rows are articles
            rows = sum(map(int, page.locator(".queue td.waiting").all_inner_texts()))
        else:
            rows = page.locator("#result_list tbody tr, #duplicates tbody tr").count()
        assert rows == number, place


def test_a_bar_and_its_row_in_the_table_link_to_the_same_list(page, log_in):
    today = timezone.now().date().isoformat()
    make_quote("Lately", speaker=make_speaker(), outlet=make_outlet(), published=today)
    log_in("Curators")
    chart = page.get_by_role("group", name=re.compile("Most quoted in"))
    assert "1 bar, total 1" in chart.locator("desc").text_content()
    chart.locator("rect.bar-1").click()
    page.wait_for_selector("#result_list")
    by_bar = page.url
    page.go_back()
    figures = page.locator("figure", has_text="Most quoted in").locator("summary")
    figures.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result_list")
    assert page.url == by_bar
    assert page.locator("#result_list tbody tr").count() == 1


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (768, 1024)])
def test_the_dashboard_fits_a_screen_and_a_tablet(page, log_in, size):
    make_one_of_each()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    log_in("Curators")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.get_by_role("heading", name="Needs your attention").is_visible()
