"""An article is pasted in the admin, its quotes are found, published by keyboard and checked."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from sources.models import Article
from tests.browser.test_accessibility import faults, paint
from tests.browser.test_review import expect_message, expect_ready
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WOLF = STORIES[9]
SAID = {"It swam. Think about that: it swam,", "My sheep can’t swim,"}


def test_a_pasted_page_is_previewed_its_quotes_published_and_a_draft_checked(log_in, settings):
    settings.ONRECORD_SELF_APPROVAL = True
    page = log_in()
    page.goto("/admin/sources/article/")
    page.get_by_role("link", name="Add article").click()
    page.get_by_label("Page, document or text").fill(pages.arc_like(WOLF))
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.locator(".draft")).to_contain_text(WOLF.paragraphs[0])
    expect(page.locator(".draft")).not_to_contain_text("newsletter")
    expect(page.locator(".draft mark").first).to_have_text("It swam. Think about that: it swam,")
    expect(page.locator(".results")).to_contain_text("Finn Abara")
    expect(page.get_by_label("Headline")).to_have_value(WOLF.headline)
    assert not Article.objects.exists()
    for colours in ("light", "dark"):
        paint(page, colours)
        assert faults(page) == []
    page.get_by_role("button", name="Add article").press("Enter")

    page.wait_for_url("**/admin/quotes/review/*/")
    for number in (1, 2):
        expect(page.locator("#chosen")).to_be_focused()
        expect_ready(page)
        page.keyboard.press("p")
        if number == 1:
            expect_message(page, "Published")
    page.wait_for_url("**/admin/quotes/review/")
    public = Quote.objects.filter(status="published")
    assert {quote.text for quote in public} == SAID
    assert {quote.speaker.name for quote in public} == {"Finn Abara", "Greta Holm"}

    page.goto("/admin/quotes/quote/check/")
    draft = "“My sheep can’t swim,” said Greta Holm. “It flew,” said Finn Abara."
    page.get_by_label("Draft").fill(draft)
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.locator("mark.verbatim")).to_have_text("My sheep can’t swim,")
    expect(page.locator("mark.not_on_record, mark.altered")).to_have_text("It flew,")
