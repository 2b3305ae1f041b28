"""The history of a record in a real browser: read, reverted, and a revert that came too late."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from quotes.models import Quote
from sources.ledger.actor import audit_context
from tests.records import make_article, make_quote, make_speaker
from tests.sources.admin.test_admin import page_of
from tests.sources.history.test_reverting import way_back_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

PRINTED = "the harbour master of the old town said on Monday"


@pytest.fixture
def revised() -> Quote:
    """A proposed quote whose attribution and speaker somebody else has changed."""
    words = "We had no choice"
    printed = [PRINTED.replace("old", town) for town in ("old", "new", "upper")]
    quote = make_quote(
        words,
        article=make_article(f"“{words}”, {', '.join(printed)}."),
        status="proposed",
        speaker=make_speaker("Mara Quill"),
        attribution_text=PRINTED,
    )
    with audit_context(channel="api", actor="ada", reason="Another town."), transaction.atomic():
        changed = PRINTED.replace("old", "new")
        quote.revise(attribution_text=changed, speaker=make_speaker("Ada Lund"))
    return quote


def test_a_curator_reads_the_history_and_reverts_a_quote_by_keyboard(log_in, revised):
    page = log_in("Curators", "bo")
    page.goto(page_of(revised))
    page.click("text=History")
    entry = page.get_by_role("article", name="Version 2: reassigned")
    expect(entry).to_contain_text("by ada via the API")
    expect(entry.locator("blockquote")).to_have_text("Another town.")
    row = entry.get_by_role("row", name="Attribution text")
    expect(row.locator("del")).to_contain_text("old")
    expect(row.locator("ins")).to_contain_text("new")
    expect(row).to_contain_text("removed")  # for screen readers
    expect(entry.get_by_role("link", name="Ada Lund")).to_be_visible()

    back = page.get_by_role("link", name="Revert to version 1")
    back.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Changes")).to_be_visible()
    page.get_by_label("Revert Speaker").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Revert Speaker")).not_to_be_checked()
    page.get_by_label("Reason for reverting").fill("It was the old town.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("Reverted to version 1.")
    newest = page.get_by_role("article").first
    expect(newest).to_contain_text("Back to version 1: It was the old town.")
    quote = Quote.objects.get(pk=revised.pk)
    assert (quote.attribution_text, quote.speaker.name) == (PRINTED, "Ada Lund")


def test_a_revert_after_another_change_is_refused_and_shows_both(log_in, revised):
    page = log_in("Curators", "bo")
    page.goto(way_back_of(revised, 1))
    with audit_context(channel="admin", actor="ada", reason="Looked again."), transaction.atomic():
        revised.revise(attribution_text=PRINTED.replace("old", "upper"))
    page.get_by_label("Reason for reverting").fill("It was the old town.")
    page.get_by_role("button", name="Revert to version 1").click()
    expect(page.get_by_role("alert")).to_contain_text("somebody else made changes")
    expect(page.get_by_role("alert")).to_contain_text("by ada")
    expect(page.get_by_role("alert")).to_contain_text("Looked again.")
    row = page.get_by_role("table", name="Changes").get_by_role("row", name="Attribution text")
    expect(row.locator("del")).to_contain_text("upper")
    expect(page.get_by_label("Reason for reverting")).to_have_value("It was the old town.")
    assert Quote.objects.get(pk=revised.pk).version == 3
    page.get_by_role("button", name="Revert to version 1").click()
    page.wait_for_selector(".messagelist .success")
    assert Quote.objects.get(pk=revised.pk).attribution_text == PRINTED
