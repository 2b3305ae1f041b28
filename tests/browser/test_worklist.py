"""A queue by keyboard, and notes with mentions, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from quotes.models import Assignment, Note
from tests.browser.test_review import expect_chosen, expect_message, expect_ready
from tests.quotes.admin.test_review import QUEUE, make_waiting, review_of
from tests.records import make_colleague

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_queue_is_searched_and_opened_by_keyboard(log_in):
    for _ in range(3):
        late = make_waiting("It was late,")[0]
    make_waiting("We had no choice,")
    page = log_in("Curators")
    page.goto(QUEUE)
    page.keyboard.press("/")
    expect(page.get_by_label("Search:")).to_be_focused()
    page.keyboard.type("it was lat")
    with page.expect_navigation():  # its words are there before its keys
        page.keyboard.press("Enter")
    expect(page.locator(".lead")).to_contain_text("3 quotes are waiting for review")
    rows = page.locator("table.queue th[scope=row] a")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    for key in "jjjk":
        page.keyboard.press(key)
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect_chosen(page, "It was late,")
    expect(page).to_have_url(re.compile(rf"{late.article_id}/\?.*q=it\+was\+lat"))


def test_a_note_mentions_a_colleague_and_a_quote_is_handed_over(log_in):
    quote, other = make_waiting()
    make_colleague("ada")
    make_colleague("adam")
    page = log_in("Curators")
    page.goto(f"{review_of(quote)}?quote={quote.pk}")
    expect_ready(page)
    page.keyboard.press("m")
    page.keyboard.type("Is this her, @Ad")
    expect(page.locator(".mentions li")).to_have_text(["ada", "adam"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Note:")).to_have_value("Is this her, @ada ")
    page.keyboard.type("or @nobody?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".teamwork .errorlist")).to_contain_text("is called @nobody")
    expect(page.get_by_label("Note:")).to_have_value("Is this her, @ada or @nobody?")
    page.get_by_label("Note:").fill("Is this her, @ada?")
    page.keyboard.press("Control+Enter")
    expect_message(page, "Noted, for @ada")
    expect(page.locator(".teamwork .notes")).to_contain_text("Is this her, @ada?")
    assert len(Note.objects.get().waiting_for) == 1

    expect_ready(page)
    page.keyboard.press("g")
    page.keyboard.type("adam")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".teamwork .facts")).to_contain_text("Assigned to adam")
    expect_ready(page)
    page.keyboard.press("l")
    page.keyboard.press("Control+Enter")
    expect_chosen(page, other.text)
    expect_message(page, "Set aside until")
    kept = Assignment.objects.select_related("assignee").get()
    assert kept.assignee.username == "adam"
    assert kept.snoozed_until is not None
