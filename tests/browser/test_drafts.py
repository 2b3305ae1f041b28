"""In a real browser: a page is pasted, its quotes are found and published, a draft is checked."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from tests.browser.test_accessibility import faults, paint
from tests.browser.test_review import expect_ready
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


def test_verdicts_and_previews_have_no_serious_fault(log_in):
    make_quote(WORDS, speaker=make_speaker("Mara Quill"), status="published")
    retracted = "The tide has never been higher than it was on that night,"
    make_quote(retracted, speaker=make_speaker("Ben Oaks"), status="published").retract("No.")
    page = log_in("Curators")
    page.goto("/admin/quotes/quote/check/")
    said = [WORDS, WORDS.replace("not ", ""), retracted, "Nobody was asked about any of it,"]
    draft = "\n\n".join(f"“{words}” said Mara Quill." for words in said)
    page.get_by_label("Draft").fill(draft)
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".draft mark")).to_have_count(4)
    found = faults_for_everybody(page)
    page.goto("/admin/sources/article/add-document/")
    page.get_by_label("Page, document or text").fill(PAGE)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".draft mark")).to_have_count(2)
    found += faults_for_everybody(page)
    assert not found, "\n".join(found)


def faults_for_everybody(page) -> list[str]:
    """Serious faults of a page, light and dark, wide and on a phone, where nothing is cut off."""
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for colours in ("light", "dark"):
            paint(page, colours)
            found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{page.url} is wider than {width} pixels")
    return found


PAGE = """<html lang="en"><head><meta property="og:site_name" content="The Harbour Post">
<link rel="canonical" href="https://post.example/quay"></head><body><nav>Home · News</nav>
<article><h1>Quay to close</h1><p>The quay will close in the spring, the port said on Monday.</p>
<p>“We had no choice at all,” said Mara Quill, harbour master of Torrigan.</p>
<p>“Nobody asked the fishermen about it,” Ben Oaks, a fisherman, said.</p></article></body>"""


def test_a_pasted_page_becomes_quotes_published_by_keyboard(log_in, settings):
    settings.ONRECORD_SELF_APPROVAL = True
    page = log_in("Curators")
    page.goto("/admin/sources/article/add-document/")
    page.get_by_label("Page, document or text").fill(PAGE)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".draft mark")).to_have_count(2)
    expect(page.locator(".results")).to_contain_text("Mara Quill")
    expect(page.get_by_label("Headline")).to_have_value("Quay to close")
    assert not Quote.objects.exists()
    page.get_by_role("button", name="Add article").click()

    expect(page.locator(".chosen-quote")).to_contain_text("Found in the text")
    expect(page.locator("#text u.because").first).to_be_visible()
    for words in ("We had no choice at all,", "Nobody asked the fishermen about it,"):
        expect(page.locator(".chosen-quote blockquote").first).to_have_text(words)
        expect_ready(page)
        page.keyboard.press("p")
    page.wait_for_url("**/admin/quotes/review/")
    published = Quote.objects.filter(status="published", origin="proposed")
    assert set(published.values_list("speaker__name", flat=True)) == {"Mara Quill", "Ben Oaks"}
